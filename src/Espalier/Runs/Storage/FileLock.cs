namespace Espalier.Runs.Storage;

/// <summary>
/// Locks between processes, by flock on an empty file: the system takes them back when their owner ends, however it
/// ends. They only keep two processes from doing the same work; the store is right without them.
/// </summary>
public static class FileLock
{
    static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>Null where another holds it. A shared lock may be held by many at once, an exclusive one by one.</summary>
    public static IDisposable? Try(string path, bool shared = false)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        try
        {
            return new FileStream(
                path,
                FileMode.OpenOrCreate,
                FileAccess.ReadWrite,
                shared ? FileShare.ReadWrite : FileShare.None,
                bufferSize: 0
            );
        }
        catch (IOException) when (File.Exists(path))
        {
            return null;
        }
    }

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
