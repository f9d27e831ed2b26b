using System.Globalization;
using System.Text;
using Espalier.Checkpoints;

namespace Espalier.Runs.Storage;

/// <summary>
/// Who makes a stage, for every machine that sees the store: flock, which one machine's processes and good network disks obey,
/// and a file that is made with O_EXCL, says whose it is and is written again while its owner lives. A lease only keeps two
/// from doing the same work; where a disk keeps none of its promises, both do it and come to the same bytes.
/// </summary>
public sealed class Lease : IDisposable
{
    const string Folder = "leases";
    const int LongestLease = 1 << 12;

    /// <summary>How often an owner shows that it lives.</summary>
    internal static readonly TimeSpan Beat = TimeSpan.FromSeconds(15);

    /// <summary>After so long without a sign it does not: longer than network disks remember what a file looked like (60 s).</summary>
    internal static readonly TimeSpan Stale = TimeSpan.FromMinutes(3);
    static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);

    readonly IDisposable _lock;
    readonly string _file;
    readonly byte[] _content;
    readonly ITimer? _beats;

    Lease(IDisposable held, string file, byte[] content, TimeProvider time)
    {
        (_lock, _file, _content) = (held, file, content);
        _beats = time.CreateTimer(_ => Touch(), null, Beat, Beat);
    }

    /// <summary>Null where another works on it.</summary>
    public static Lease? Try(Store store, StageKey key, TimeProvider time)
    {
        if (FileLock.Try(store.LockOf(key)) is not { } held)
        {
            return null;
        }

        try
        {
            string file = FileOf(store, key.Hex);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            byte[] mine = LeaseOwner.Here.ToJson();
            if (TryCreate(file, mine) || (TryPutAside(file, key.Hex) && TryCreate(file, mine)))
            {
                return new Lease(held, file, mine, time);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            held.Dispose();
            throw Durable.Explain(e, store.Folder);
        }

        held.Dispose();
        return null;
    }

    /// <summary>Waits until it can be had.</summary>
    public static Lease Take(
        Store store,
        StageKey key,
        TimeProvider time,
        Action? waits,
        CancellationToken stop
    )
    {
        for (bool told = false; ; told = true)
        {
            if (Try(store, key, time) is { } lease)
            {
                return lease;
            }

            if (!told)
            {
                waits?.Invoke();
            }

            stop.WaitHandle.WaitOne(Look);
            stop.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Who works on a stage as far as the store tells; null: nobody, or nobody who lives.</summary>
    /// <param name="key">Of the stage, or of what is measured on one machine.</param>
    public static LeaseOwner? OwnerOf(Store store, string key)
    {
        string file = FileOf(store, key);
        return Read(file) is { } found && !found.IsGone(Age(file)) ? found : null;
    }

    /// <summary>Every stage that someone works on.</summary>
    public static IReadOnlyDictionary<string, LeaseOwner> All(Store store) =>
        Keys(store)
            .Select(k => (Key: k, Owner: OwnerOf(store, k)))
            .Where(l => l.Owner is not null)
            .ToDictionary(l => l.Key, l => l.Owner!);

    /// <summary>Stages that someone worked on who is gone without a word.</summary>
    public static IReadOnlySet<string> Lost(Store store) =>
        Keys(store)
            .Where(k => Read(FileOf(store, k)) is { } owner && owner.IsGone(Age(FileOf(store, k))))
            .ToHashSet();

    static IEnumerable<string> Keys(Store store) =>
        Directory.Exists(FolderOf(store))
            ? Directory
                .EnumerateFiles(FolderOf(store), "*.json")
                .Select(f => Path.GetFileNameWithoutExtension(f))
                .Where(Blobs.IsHash)
            : [];

    internal static string FolderOf(Store store) => Path.Combine(store.Folder, Folder);

    public void Dispose()
    {
        _beats?.Dispose();
        lock (_content)
        {
            try
            {
                if (IsMine(Bytes(_file)))
                {
                    File.Delete(_file);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Whoever comes next sees that its owner is gone.
            }
        }

        _lock.Dispose();
    }

    static string FileOf(Store store, string key) => Path.Combine(FolderOf(store), key + ".json");

    static bool TryCreate(string file, byte[] content)
    {
        FileStream? made = null;
        try
        {
            made = new(
                file,
                FileMode.CreateNew,
                FileAccess.Write,
                FileShare.ReadWrite | FileShare.Delete,
                bufferSize: 0
            );
            made.Write(content);
            return true;
        }
        catch (IOException) when (made is null && File.Exists(file))
        {
            return false;
        }
        catch (IOException) when (made is not null)
        {
            File.Delete(file); // on a full disk: left there, it would be taken for another's
            throw;
        }
        finally
        {
            made?.Dispose();
        }
    }

    /// <summary>Takes away what someone left who is gone; of two who try, one does.</summary>
    static bool TryPutAside(string file, string key)
    {
        byte[] before = Bytes(file) ?? [];
        if (!IsGone(file, before))
        {
            return false;
        }

        string aside = Path.Combine(
            Path.GetDirectoryName(file)!,
            $"{key}.{Environment.MachineName}-{Environment.ProcessId}.gone"
        );
        try
        {
            File.Move(file, aside, overwrite: true);
            bool same = (Bytes(aside) ?? []).AsSpan().SequenceEqual(before);
            if (same)
            {
                File.Delete(aside);
            }
            else
            {
                File.Move(aside, file); // another was quicker, and this is the lease it has now
            }

            return same;
        }
        catch (FileNotFoundException)
        {
            return true; // its owner has ended well meanwhile
        }
    }

    static bool IsGone(string file, byte[] content) =>
        LeaseOwner.TryParse(content) is { } owner ? owner.IsGone(Age(file)) : Age(file) > Stale; // just being written, or torn

    /// <summary>Written again and not touched: so the time is the disk's, whatever this machine's clock says.</summary>
    void Touch()
    {
        lock (_content)
        {
            try
            {
                // Looked at and written through one handle: another's lease may stand there in between.
                using FileStream file = new(
                    _file,
                    FileMode.Open,
                    FileAccess.ReadWrite,
                    FileShare.ReadWrite | FileShare.Delete,
                    bufferSize: 0
                );
                if (IsMine(Bytes(file)))
                {
                    file.Position = 0;
                    file.Write(_content);
                    Durable.Flush(file.SafeFileHandle, _file);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A disk that is away for a while; where it stays away, what is made cannot be stored either.
            }
        }
    }

    bool IsMine(byte[]? found) => found.AsSpan().SequenceEqual(_content);

    static LeaseOwner? Read(string file) =>
        Bytes(file) is { } content ? LeaseOwner.TryParse(content) : null;

    static byte[]? Bytes(string file)
    {
        try
        {
            using FileStream stream = new(
                file,
                FileMode.Open,
                FileAccess.Read,
                FileShare.ReadWrite | FileShare.Delete
            );
            return Bytes(stream);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    static byte[] Bytes(FileStream stream)
    {
        byte[] bytes = new byte[Math.Min(stream.Length, LongestLease)];
        stream.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>Since it was last written, by the clock of the disk: machines' clocks differ.</summary>
    static TimeSpan Age(string file)
    {
        string probe = Path.Combine(
            Path.GetDirectoryName(file)!,
            string.Create(
                CultureInfo.InvariantCulture,
                $".espalier-{Environment.ProcessId}-{Environment.CurrentManagedThreadId}.probe"
            )
        );
        try
        {
            File.WriteAllBytes(probe, Encoding.ASCII.GetBytes(Environment.MachineName));
            TimeSpan age = File.GetLastWriteTimeUtc(probe) - File.GetLastWriteTimeUtc(file);
            File.Delete(probe);
            return age;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return TimeSpan.Zero; // who cannot look believes that others live
        }
    }
}
