using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Espalier.Checkpoints;

/// <summary>
/// What is said to be on disk is on disk: flushes whose failure is seen, and sentences for full and
/// read-only disks. FileStream.Flush(true) of .NET 10 returns normally when fsync fails.
/// </summary>
public static class Durable
{
    const int ReadOnlyFileSystem = 30;

    /// <summary>No file of a model has a longer name.</summary>
    const string LongestFile = "special_tokens_map.json";

    /// <summary>ENOSPC and EDQUOT on Linux, ENOSPC and EDQUOT on macOS, ERROR_(HANDLE_)DISK_FULL.</summary>
    static int[] Full =>
        OperatingSystem.IsWindows()
            ? [unchecked((int)0x80070070), unchecked((int)0x80070027)]
            : [28, OperatingSystem.IsLinux() ? 122 : 69];

    /// <summary>Whether a full disk or an exhausted quota is the cause, or the cause of the cause.</summary>
    public static bool IsOutOfSpace(Exception? failure)
    {
        for (; failure is not null; failure = failure.InnerException)
        {
            if (failure is IOException && IsFull(failure.HResult))
            {
                return true;
            }
        }

        return false;
    }

    internal static bool IsFull(int error) => Full.Contains(error);

    /// <summary>Makes a folder and all above it, each entered durably in its parent.</summary>
    internal static void MakeFolders(string path)
    {
        if (Directory.Exists(path))
        {
            return;
        }

        string? parent = Path.GetDirectoryName(path);
        if (parent is not null)
        {
            MakeFolders(parent);
        }

        Directory.CreateDirectory(path);
        if (parent is not null)
        {
            FlushFolder(parent);
        }
    }

    /// <summary>Makes the folder, and sees that folders of such names with files in them can be made there.</summary>
    /// <param name="folders">The longest that are to come; they are made and removed again under another name.</param>
    internal static void CheckRoom(string folder, params IEnumerable<string> folders) =>
        Explaining(
            folder,
            () =>
            {
                string full = Path.GetFullPath(folder);
                MakeFolders(full);
                string probe = AtomicFolder.MakeBeside(full);
                using IDisposable? held = Leftovers.Hold(probe);
                try
                {
                    foreach (string name in folders)
                    {
                        string inside = Path.Combine(probe, name);
                        Directory.CreateDirectory(inside);
                        File.WriteAllBytes(Path.Combine(inside, LongestFile), []);
                    }
                }
                finally
                {
                    Directory.Delete(probe, recursive: true);
                }
            }
        );

    internal static void Flush(SafeFileHandle file, string path)
    {
        if (!OperatingSystem.IsWindows() && !LibC.Flush(file))
        {
            throw NotFlushed(path, LibC.Error);
        }
    }

    internal static void FlushFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using SafeFileHandle folder = LibC.Open(path);
        // Network file systems that cannot flush a folder say EINVAL; one that may not be listed is
        // still written to.
        if (!folder.IsInvalid && !LibC.Flush(folder) && LibC.Error != LibC.Invalid)
        {
            throw NotFlushed(path, LibC.Error);
        }
    }

    /// <summary>Flushes every file and folder below, then the folder itself.</summary>
    internal static void FlushTree(string folder)
    {
        foreach (FileSystemInfo item in new DirectoryInfo(folder).EnumerateFileSystemInfos())
        {
            if (item.LinkTarget is not null)
            {
                continue;
            }

            if (item is DirectoryInfo)
            {
                FlushTree(item.FullName);
            }
            else
            {
                using FileStream file = new(
                    item.FullName,
                    FileMode.Open,
                    OperatingSystem.IsWindows() ? FileAccess.ReadWrite : FileAccess.Read
                );
                file.Flush(flushToDisk: OperatingSystem.IsWindows());
                Flush(file.SafeFileHandle, file.Name);
            }
        }

        FlushFolder(folder);
    }

    /// <summary>Runs a step of writing; a failure of the system becomes a sentence about the output.</summary>
    internal static T Explaining<T>(string output, Func<T> step)
    {
        try
        {
            return step();
        }
        catch (Exception e)
            when (e is UnauthorizedAccessException or (IOException and not OutputException))
        {
            throw Explain(e, output);
        }
    }

    internal static void Explaining(string output, Action step) =>
        _ = Explaining(
            output,
            () =>
            {
                step();
                return true;
            }
        );

    internal static Exception Explain(Exception failure, string output) =>
        failure switch
        {
            _ when IsOutOfSpace(failure) => new OutputException(
                $"{output} cannot be written: the disk is full or the quota is used up; "
                    + "free some space or choose another output.",
                failure
            ),
            UnauthorizedAccessException or IOException { HResult: ReadOnlyFileSystem } =>
                new UnauthorizedAccessException(
                    $"{output} cannot be written: the place is read-only or belongs to someone else; "
                        + "change its permissions or choose another output.",
                    failure
                ),
            _ => new OutputException(
                $"{output} cannot be written ({failure.Message.TrimEnd('.')}); "
                    + "check the path or choose another output.",
                failure
            ),
        };

    /// <summary>The failure errno stands for, as .NET itself would raise it.</summary>
    internal static Exception FromError(int error) =>
        error is 1 or 13
            ? new UnauthorizedAccessException(Marshal.GetPInvokeErrorMessage(error))
            : new IOException(Marshal.GetPInvokeErrorMessage(error), error);

    static OutputException NotFlushed(string path, int error) =>
        new(
            $"{path} could not be flushed to the disk ({Marshal.GetPInvokeErrorMessage(error)}), so it "
                + "would not survive a power cut; check the disk and its free space, then run again.",
            FromError(error)
        );
}
