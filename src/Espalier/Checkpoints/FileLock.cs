namespace Espalier.Checkpoints;

/// <summary>
/// Locks between processes, by flock on an empty file: the system takes them back when their owner ends, however it
/// ends. They only keep two processes from doing the same work; what is stored is right without them.
/// </summary>
static class FileLock
{
    const int WindowsSharingViolation = unchecked((int)0x80070020);

    /// <summary>How often whoever waits looks again.</summary>
    public static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>Null where another holds it. A shared lock may be held by many at once, an exclusive one by one.</summary>
    public static IDisposable? Try(string path, bool shared = false)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (OperatingSystem.IsLinux())
        {
            return OwnPlace.TryHold(path, shared);
        }

        try
        {
            return new FileStream(
                path,
                FileMode.OpenOrCreate,
                // On network file systems .NET takes no shared lock with a handle that may write.
                shared ? FileAccess.Read : FileAccess.ReadWrite,
                shared ? FileShare.ReadWrite : FileShare.None,
                bufferSize: 0
            );
        }
        catch (IOException e) when (e.HResult == Held)
        {
            return null;
        }
    }

    /// <summary>EWOULDBLOCK on macOS; anything else is no answer to who holds it.</summary>
    static int Held => OperatingSystem.IsWindows() ? WindowsSharingViolation : 35;

    /// <summary>Waits until the lock can be had.</summary>
    public static IDisposable Take(string path, bool shared, Action? waits, CancellationToken stop)
    {
        for (bool told = false; ; told = true)
        {
            if (Try(path, shared) is { } held)
            {
                return held;
            }

            if (!told)
            {
                waits?.Invoke();
            }

            stop.WaitHandle.WaitOne(Look);
            stop.ThrowIfCancellationRequested();
        }
    }
}
