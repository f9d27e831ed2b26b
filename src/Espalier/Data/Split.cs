using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Espalier.Data;

/// <summary>A named list of examples, in the order of their file.</summary>
public sealed record Split(string Name, IReadOnlyList<Example> Examples)
{
    public int Count => Examples.Count;

    /// <summary>SHA-256 of texts and labels, each with its length before it; names and paths do not enter.</summary>
    public string ContentHash()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        AppendNumber(hash, Examples.Count);
        foreach (Example example in Examples)
        {
            AppendText(hash, example.Text);
            AppendText(hash, example.Pair);
            AppendNumber(hash, example.Label ?? -1);
            AppendNumber(
                hash,
                example.Score is { } score ? BitConverter.DoubleToInt64Bits(score) : -1
            );
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    internal static void AppendText(IncrementalHash hash, string? text)
    {
        if (text is null)
        {
            AppendNumber(hash, -1);
            return;
        }

        byte[] bytes = Encoding.UTF8.GetBytes(text);
        AppendNumber(hash, bytes.Length);
        hash.AppendData(bytes);
    }

    internal static void AppendNumber(IncrementalHash hash, long number)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        hash.AppendData(bytes);
    }
}
