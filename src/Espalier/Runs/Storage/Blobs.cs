using System.Security.Cryptography;
using Espalier.Checkpoints;

namespace Espalier.Runs.Storage;

/// <summary>
/// Files named by the SHA-256 of their bytes, so that equal files lie here once whoever wrote them. A blob appears in one
/// rename, flushed before, and never changes.
/// </summary>
public sealed class Blobs(string folder)
{
    const int HashLength = 64;
    readonly HashSet<string> _seenWhole = [];

    public static string Hash(ReadOnlySpan<byte> bytes) =>
        Convert.ToHexStringLower(SHA256.HashData(bytes));

    public static bool IsHash(string text) =>
        text.Length == HashLength && text.All(char.IsAsciiHexDigitLower);

    public string PathOf(string sha256) =>
        IsHash(sha256)
            ? Path.Combine(folder, sha256[..2], sha256[2..])
            : throw new InvalidDataException(
                $"'{sha256}' is no SHA-256; {HashLength} lower-case hex digits were expected."
            );

    /// <summary>Every blob that is there, by hash, in order.</summary>
    public IReadOnlyList<string> All() =>
        Directory.Exists(folder)
            ?
            [
                .. Directory
                    .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
                    .Select(f => Path.GetFileName(Path.GetDirectoryName(f)!) + Path.GetFileName(f))
                    .Where(IsHash)
                    .Order(StringComparer.Ordinal),
            ]
            : [];

    /// <summary>Takes a file over: afterwards it is a blob and no longer where it was.</summary>
    public StoredFile Take(string path)
    {
        string hash = ContentHash.OfFile(path),
            target = PathOf(hash);
        StoredFile stored = new(Path.GetFileName(path), hash, new FileInfo(path).Length);
        if (IsWhole(stored))
        {
            File.Delete(path);
            return stored;
        }

        Durable.Explaining(
            target,
            () =>
            {
                using (FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite))
                {
                    file.Flush(flushToDisk: OperatingSystem.IsWindows());
                    Durable.Flush(file.SafeFileHandle, path);
                }

                if (!OperatingSystem.IsWindows())
                {
                    File.SetUnixFileMode(
                        path,
                        UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead
                    );
                }

                Durable.MakeFolders(Path.GetDirectoryName(target)!);
                File.Move(path, target, overwrite: true);
                Durable.FlushFolder(Path.GetDirectoryName(target)!);
            }
        );
        return stored;
    }

    /// <summary>Present with its size.</summary>
    public bool Has(StoredFile file) =>
        new FileInfo(PathOf(file.Sha256)) is { Exists: true } found && found.Length == file.Bytes;

    /// <summary>Present with its bytes; looked at once in the life of this object.</summary>
    public bool IsWhole(StoredFile file)
    {
        lock (_seenWhole)
        {
            if (_seenWhole.Contains(file.Sha256) && Has(file))
            {
                return true;
            }
        }

        bool whole = Has(file) && ContentHash.OfFile(PathOf(file.Sha256)) == file.Sha256;
        if (whole)
        {
            lock (_seenWhole)
            {
                _seenWhole.Add(file.Sha256);
            }
        }

        return whole;
    }

    /// <summary>A damaged blob goes away, and with it everything that lists it counts as not done.</summary>
    public void Remove(string sha256) => File.Delete(PathOf(sha256));
}
