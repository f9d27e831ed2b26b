using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Espalier.Checkpoints;

/// <summary>
/// The SHA-256 that a safetensors file carries of itself, in its metadata: of all its bytes, with zeros where the hash
/// stands. So any bit that changes is found, in names, shapes, numbers or the hash.
/// </summary>
public static class TensorSeal
{
    internal const string Field = "sha256";
    internal static readonly string Open = new('0', 2 * SHA256.HashSizeInBytes);

    static byte[] Written(string hash) => Encoding.ASCII.GetBytes($"\"{Field}\":\"{hash}\"");

    /// <summary>Puts the hash into a header that has zeros for it.</summary>
    internal static void Close(byte[] header, Action<Stream> write)
    {
        using SHA256 sha = SHA256.Create();
        using (CryptoStream hashing = new(Stream.Null, sha, CryptoStreamMode.Write))
        {
            write(hashing);
        }

        int at = header.AsSpan().IndexOf(Written(Open));
        Written(Convert.ToHexStringLower(sha.Hash!)).CopyTo(header, at);
    }

    /// <summary>Whether the file is as it was written; null for a file that carries no hash.</summary>
    /// <exception cref="InvalidDataException">The file cannot be read.</exception>
    public static bool? Holds(string path)
    {
        string? said;
        using (SafetensorsFile tensors = SafetensorsFile.Open(path))
        {
            said = tensors.Metadata.GetValueOrDefault(Field);
        }

        if (said is null)
        {
            return null;
        }

        using SafeFileHandle file = RegularFile.Open(path, "a safetensors file");
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long length = RandomAccess.GetLength(file);
        byte[] buffer = new byte[(int)Math.Min(length, HeaderEnd(file, path))],
            written = Written(said);
        RegularFile.Fill(file, path, 0, buffer);
        int at = buffer.AsSpan().IndexOf(written);
        if (at < 0 || said.Length != Open.Length)
        {
            return false;
        }

        Written(Open).CopyTo(buffer, at);
        hash.AppendData(buffer);
        ContentHash.Append(hash, file, path, buffer.Length, length);
        return said == Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    static long HeaderEnd(SafeFileHandle file, string path)
    {
        Span<byte> prefix = stackalloc byte[SafetensorsHeader.Prefix];
        RegularFile.Fill(file, path, 0, prefix);
        return SafetensorsHeader.Prefix + BitConverter.ToInt64(prefix);
    }
}
