using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace Espalier.Checkpoints;

/// <summary>
/// Places where others could have put something: who owns a folder, and files opened without following a link or waiting
/// for what is no file. On Linux; elsewhere temporary folders are each user's own.
/// </summary>
[SupportedOSPlatform("linux")]
static class OwnPlace
{
    const int WorkingFolder = -100;
    const int NoFollow = 0x100;
    const uint TypeModeOwner = 0x1 | 0x2 | 0x8;
    const int KindMask = 0xF000;
    const int FolderKind = 0x4000;
    const int RegularKind = 0x8000;
    const int OthersMask = 0x3F;
    const int BytesOfStatx = 256;

    // O_RDWR or O_RDONLY with O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY and O_CLOEXEC.
    const int ReadWrite = 0x2;
    const int CreateFlags = 0x40 | 0x100 | 0x800 | 0x80000;
    const int AsUmaskSays = 0x1B6;

    /// <summary>O_NOFOLLOW differs between processors.</summary>
    static int NoLinks =>
        RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm
            ? 0x8000
            : 0x20000;

    /// <summary>Why a folder is not this user's alone, in a few words; null: it is, and it is no link.</summary>
    public static string? WhyNotOwn(string folder)
    {
        if (!TryStat(folder, out int mode, out uint owner))
        {
            return "cannot be looked at";
        }

        return (mode & KindMask) != FolderKind ? "is no folder"
            : owner != geteuid() ? "belongs to someone else"
            : (mode & OthersMask) != 0 ? "is open to others"
            : null;
    }

    /// <summary>A folder that only this user may look into, made where there is none; not one that others made.</summary>
    public static string? MakeOwn(string folder)
    {
        try
        {
            Directory.CreateDirectory(
                folder,
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            );
            string? why = WhyNotOwn(folder);
            if (why is not null && IsOwnFolder(folder))
            {
                // Ours from a time when it was made with the usual permissions.
                File.SetUnixFileMode(
                    folder,
                    UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
                );
                why = WhyNotOwn(folder);
            }

            return why;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"cannot be made ({e.Message.TrimEnd('.')})";
        }
    }

    /// <summary>
    /// An empty file held by flock until it is disposed of; null where another holds it. A link, a pipe or a device in its
    /// place is refused.
    /// </summary>
    /// <exception cref="IOException">The file cannot be opened, or is no file.</exception>
    public static IDisposable? TryHold(string path, bool shared)
    {
        int flags = CreateFlags | NoLinks | (shared ? 0 : ReadWrite);
        SafeFileHandle file = LibC.Open(path, flags, AsUmaskSays);
        if (file.IsInvalid)
        {
            throw Durable.FromError(LibC.Error);
        }

        if (TryStat(path, out int mode, out _) && (mode & KindMask) != RegularKind)
        {
            file.Dispose();
            throw new IOException($"{path} is a pipe, a device or a folder; a lock is a file.");
        }

        // Where a file system knows no locks, nobody is kept out, and results are right all the same.
        if (LibC.Lock(file, exclusive: !shared) || LibC.Error != LibC.Again)
        {
            return new HeldLock(file);
        }

        file.Dispose();
        return null;
    }

    static bool IsOwnFolder(string folder) =>
        TryStat(folder, out int mode, out uint owner)
        && (mode & KindMask) == FolderKind
        && owner == geteuid();

    /// <summary>statx has the same form on every processor, which stat has not.</summary>
    static bool TryStat(string path, out int mode, out uint owner)
    {
        byte[] found = new byte[BytesOfStatx];
        try
        {
            bool there = statx(WorkingFolder, path, NoFollow, TypeModeOwner, found) == 0;
            owner = BinaryPrimitives.ReadUInt32LittleEndian(found.AsSpan(20));
            mode = BinaryPrimitives.ReadUInt16LittleEndian(found.AsSpan(28));
            return there;
        }
        catch (EntryPointNotFoundException)
        {
            (mode, owner) = (0, 0);
            return false;
        }
    }

    [DllImport("libc", SetLastError = true)]
    static extern int statx(
        int folder,
        [MarshalAs(UnmanagedType.LPUTF8Str)] string path,
        int flags,
        uint mask,
        byte[] buffer
    );

    [DllImport("libc")]
    static extern uint geteuid();
}
