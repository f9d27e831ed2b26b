using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Espalier.Checkpoints;

/// <summary>
/// The few system calls .NET hides: an fsync whose failure is seen, a rename that swaps two folders, an
/// open that does not wait for a writer of a FIFO. Not for Windows.
/// </summary>
static class LibC
{
    public const int Interrupted = 4;
    public const int Again = 11;
    public const int AgainOnMac = 35;
    public const int Exists = 17;
    public const int Invalid = 22;
    const uint Swap = 2;
    const int NotWaiting = 4;
    const int WorkingFolder = -100;

    /// <summary>O_RDONLY, O_NONBLOCK, O_NOCTTY and O_CLOEXEC of this system.</summary>
    static int ReadFlags => OperatingSystem.IsLinux() ? 0x80900 : 0x1020004;

    /// <summary>Opens for reading at once, also what is no regular file; the caller looks at errno.</summary>
    public static SafeFileHandle Open(string path) => Open(path, ReadFlags);

    /// <param name="mode">Of a file that is made.</param>
    public static SafeFileHandle Open(string path, int flags, int mode = 0)
    {
        int descriptor;
        do
        {
            descriptor = open(path, flags, mode);
        } while (descriptor < 0 && Error == Interrupted);

        return new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>False when the disk did not take the bytes. A failed fsync is never tried again: the kernel
    /// has dropped the dirty pages by then and the second call would lie.</summary>
    public static bool Flush(SafeFileHandle file)
    {
        int result;
        do
        {
            result = fsync(file);
        } while (result != 0 && Error == Interrupted);

        return result == 0;
    }

    /// <summary>Takes the room for a file from the disk now; false where the disk has none left. Asked of
    /// .NET, a full disk loses its error number.</summary>
    public static bool Reserve(SafeFileHandle file, long size) =>
        size == 0
        || !OperatingSystem.IsLinux()
        || !Environment.Is64BitProcess
        || fallocate(file, 0, 0, size) == 0
        || !Durable.IsFull(Error);

    /// <summary>Swaps two folders in one step; false where kernel, file system or libc cannot.</summary>
    public static bool TrySwap(string a, string b)
    {
        try
        {
            return OperatingSystem.IsLinux()
                ? renameat2(WorkingFolder, a, WorkingFolder, b, Swap) == 0
                : OperatingSystem.IsMacOS() && renamex_np(a, b, Swap) == 0;
        }
        catch (EntryPointNotFoundException)
        {
            return false;
        }
    }

    /// <summary>Locks an open file or folder at once, or not at all; the system unlocks it when its last copy is closed.</summary>
    public static bool Lock(SafeFileHandle file, bool exclusive) =>
        flock(file, (exclusive ? 2 : 1) | NotWaiting) == 0;

    public static void Unlock(SafeFileHandle file) => _ = flock(file, 8);

    /// <summary>Makes a folder that was not there; false with errno <see cref="Exists"/> when it was.</summary>
    public static bool MakeFolder(string path) => mkdir(path, 0x1FF) == 0;

    public static int Error => Marshal.GetLastPInvokeError();

    [DllImport("libc", SetLastError = true)]
    static extern int open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, int mode);

    [DllImport("libc", SetLastError = true)]
    static extern int fsync(SafeFileHandle file);

    [DllImport("libc", SetLastError = true)]
    static extern int flock(SafeFileHandle file, int operation);

    [DllImport("libc", SetLastError = true)]
    static extern int fallocate(SafeFileHandle file, int mode, long start, long length);

    [DllImport("libc", SetLastError = true)]
    static extern int renameat2(
        int fromFolder,
        [MarshalAs(UnmanagedType.LPUTF8Str)] string from,
        int toFolder,
        [MarshalAs(UnmanagedType.LPUTF8Str)] string to,
        uint flags
    );

    [DllImport("libc", SetLastError = true)]
    static extern int renamex_np(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string from,
        [MarshalAs(UnmanagedType.LPUTF8Str)] string to,
        uint flags
    );

    [DllImport("libc", SetLastError = true)]
    static extern int mkdir([MarshalAs(UnmanagedType.LPUTF8Str)] string path, uint mode);
}
