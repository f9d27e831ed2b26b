using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Espalier.Checkpoints;

/// <summary>SHA-256 of what files hold, in lower-case hex; names of folders above and times do not count.</summary>
public static class ContentHash
{
    const int DeepestFolder = 64;

    public static string OfFile(string path)
    {
        using SafeFileHandle file = RegularFile.Open(path, "a file");
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, file, path, 0, RandomAccess.GetLength(file));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Of a file, or of a folder.</summary>
    public static string Of(string path) => File.Exists(path) ? OfFile(path) : OfFolder(path);

    /// <summary>The bytes of a file from one place to another.</summary>
    internal static void Append(
        IncrementalHash hash,
        SafeFileHandle file,
        string path,
        long from,
        long to
    )
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(to - from + 1, 1 << 20));
        while (from < to)
        {
            Span<byte> part = buffer.AsSpan(0, (int)Math.Min(to - from, buffer.Length));
            RegularFile.Fill(file, path, from, part);
            hash.AppendData(part);
            from += part.Length;
        }

        ArrayPool<byte>.Shared.Return(buffer);
    }

    /// <summary>
    /// Hash over every file below, sorted by relative path (ordinal, with '/'): path and hash, each with its
    /// length in front. Links to files count as the files; links to folders are refused.
    /// </summary>
    /// <param name="except">Relative path of a file that does not count.</param>
    public static string OfFolder(string path, string? except = null)
    {
        List<string> files = [];
        Collect(path, "", files, 0);
        files.Sort(StringComparer.Ordinal);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string file in files.Where(f => f != except))
        {
            Append(hash, file);
            Append(hash, OfFile(Path.Combine(path, file)));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    static void Append(IncrementalHash hash, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        hash.AppendData(length);
        hash.AppendData(bytes);
    }

    static void Collect(string root, string below, List<string> files, int depth)
    {
        string folder = Path.Combine(root, below);
        if (!Directory.Exists(folder))
        {
            throw new InvalidDataException($"{folder} is no folder; a folder was expected.");
        }

        foreach (FileSystemInfo item in new DirectoryInfo(folder).EnumerateFileSystemInfos())
        {
            string name = below.Length == 0 ? item.Name : $"{below}/{item.Name}";
            if (item is not DirectoryInfo)
            {
                files.Add(name);
            }
            else if (item.LinkTarget is null && depth < DeepestFolder)
            {
                Collect(root, name, files, depth + 1);
            }
            else
            {
                throw new InvalidDataException(
                    $"{Path.Combine(root, name)} is a link to a folder or more than {DeepestFolder} "
                        + "folders deep; put the files themselves there."
                );
            }
        }
    }
}
