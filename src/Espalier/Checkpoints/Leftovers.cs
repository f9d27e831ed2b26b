using Microsoft.Win32.SafeHandles;

namespace Espalier.Checkpoints;

/// <summary>
/// What a process that was killed left half-written beside its place. Whoever writes holds a lock on it that the system
/// takes back when its owner ends, so a free lock tells that nobody needs it.
/// </summary>
static class Leftovers
{
    const string Start = ".espalier-";

    // Between being made and being locked a file or folder is empty, and no longer than this.
    static readonly TimeSpan Young = TimeSpan.FromMinutes(1);

    public static bool IsOne(string path) =>
        Path.GetFileName(path).StartsWith(Start, StringComparison.Ordinal);

    /// <summary>Removes those in a folder that nobody holds; what cannot be removed stays.</summary>
    /// <param name="mine">Just made there; its time says what is old.</param>
    public static void Sweep(string folder, string mine)
    {
        if (OperatingSystem.IsWindows())
        {
            return; // there an open file cannot be renamed, so none is held to its end
        }

        DateTime now = File.GetLastWriteTimeUtc(mine);
        try
        {
            foreach (
                FileSystemInfo item in new DirectoryInfo(folder).EnumerateFileSystemInfos(
                    Start + "*"
                )
            )
            {
                if (item.FullName != mine && item.LinkTarget is null)
                {
                    bool old = now - item.LastWriteTimeUtc > Young;
                    if (item is FileInfo file && file.Extension is ".tmp" or ".probe")
                    {
                        Remove((FileInfo)item, old);
                    }
                    else if (item is DirectoryInfo half && half.Extension == ".dir")
                    {
                        Remove(half, old);
                    }
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A folder that may not be listed is still written to.
        }
    }

    /// <summary>Removes all in a folder, of which the caller knows that nobody else writes there.</summary>
    public static void Clear(string folder, string except = "")
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        foreach (string item in Directory.EnumerateFileSystemEntries(folder, Start + "*").ToArray())
        {
            if (Path.GetFileName(item) == except)
            {
                continue;
            }

            if (Directory.Exists(item) && new DirectoryInfo(item).LinkTarget is null)
            {
                Directory.Delete(item, recursive: true);
            }
            else
            {
                File.Delete(item);
            }
        }
    }

    /// <summary>Held by whoever fills a folder; null where the system has no such locks.</summary>
    public static IDisposable? Hold(string folder) =>
        OperatingSystem.IsWindows() ? null : Locked(folder, exclusive: false);

    static void Remove(FileInfo file, bool old)
    {
        try
        {
            using FileStream held = new(
                file.FullName,
                FileMode.Open,
                FileAccess.ReadWrite,
                FileShare.None
            );

            // A disk that knows no locks lets everybody open what somebody writes, and says so when it is asked in person.
            if (LibC.Lock(held.SafeFileHandle, exclusive: true) && (held.Length > 0 || old))
            {
                file.Delete();
            }
        }
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            // Somebody writes it, or it is not ours.
        }
    }

    static void Remove(DirectoryInfo folder, bool old)
    {
        using IDisposable? held = Locked(folder.FullName, exclusive: true);
        if (held is null)
        {
            return;
        }

        try
        {
            if (old || folder.EnumerateFileSystemInfos().Any())
            {
                folder.Delete(recursive: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Somebody else removes it at the same time.
        }
    }

    static SafeFileHandle? Locked(string folder, bool exclusive)
    {
        SafeFileHandle handle = LibC.Open(folder);
        if (!handle.IsInvalid && LibC.Lock(handle, exclusive))
        {
            return handle;
        }

        handle.Dispose();
        return null;
    }
}
