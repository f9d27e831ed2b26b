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
                    // What is gone meanwhile has a time long ago.
                    bool old = item.Exists && now - item.LastWriteTimeUtc > Young;
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
    public static IDisposable? Hold(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return null;
        }

        HeldLock? held;
        while (!TryLock(folder, exclusive: false, out held))
        {
            Thread.Sleep(1); // a sweep looks at it
        }

        return held;
    }

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
        TryLock(folder.FullName, exclusive: true, out HeldLock? held);
        if (held is null)
        {
            return;
        }

        using HeldLock ours = held;

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

    /// <summary>False where another holds it; null where it cannot be locked at all.</summary>
    static bool TryLock(string folder, bool exclusive, out HeldLock? held)
    {
        SafeFileHandle handle = LibC.Open(folder);
        if (!handle.IsInvalid && LibC.Lock(handle, exclusive))
        {
            held = new HeldLock(handle);
            return true;
        }

        bool waits = !handle.IsInvalid && LibC.Error is LibC.Again or LibC.AgainOnMac;
        held = null;
        handle.Dispose();
        return !waits;
    }
}
