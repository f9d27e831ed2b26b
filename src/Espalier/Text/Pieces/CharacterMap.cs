using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Espalier.Text.Pieces;

/// <summary>
/// SentencePiece's table of what stands for which characters: a trie of UTF-8 in a double array,
/// and behind it the replacements, each ended by a zero byte.
/// </summary>
sealed record CharacterMap : Normalizer
{
    const int LongestCluster = 5; // in bytes: longer ones are read character by character
    readonly uint[] _trie;
    readonly byte[] _replacements;
    readonly bool[] _ascii = new bool[0x80];

    /// <exception cref="FormatException">The table is cut short, or no text.</exception>
    public CharacterMap(byte[] table)
    {
        int size =
            table.Length >= 4 ? (int)BinaryPrimitives.ReadUInt32LittleEndian(table) : int.MaxValue;
        if (size < 4 || size % 4 != 0 || size > table.Length - 4)
        {
            throw new FormatException(
                $"the table has {table.Length} bytes, and its trie is said to end beyond them."
            );
        }

        _trie = new uint[size / 4];
        for (int i = 0; i < _trie.Length; i++)
        {
            _trie[i] = BinaryPrimitives.ReadUInt32LittleEndian(table.AsSpan(4 + (4 * i)));
        }

        _replacements = table[(4 + size)..];
        if (!System.Text.Unicode.Utf8.IsValid(_replacements))
        {
            throw new FormatException("what stands behind the trie is not valid UTF-8.");
        }

        for (char code = '\0'; code < _ascii.Length; code++)
        {
            _ascii[code] = TryFind([code], out _);
        }
    }

    public override AlignedText Apply(AlignedText text)
    {
        List<(int Code, int Change)> changes = new(text.Length);
        ReadOnlySpan<char> units = text.Units;
        Span<char> one = stackalloc char[2];
        bool modified = false;
        for (int at = 0, length; at < units.Length; at += length)
        {
            length = 1;
            bool alone =
                units[at] < 0x80
                && units[at] != '\r'
                && (at + 1 == units.Length || units[at + 1] < 0x80);
            if (alone && !_ascii[units[at]])
            {
                changes.Add((units[at], 0));
                continue;
            }

            length = alone ? 1 : StringInfo.GetNextTextElementLength(units[at..]);
            ReadOnlySpan<char> cluster = units.Slice(at, length);
            if (
                System.Text.Encoding.UTF8.GetByteCount(cluster) <= LongestCluster
                && TryFind(cluster, out ReadOnlySpan<byte> found)
            )
            {
                modified = true;
                Replace(cluster, found, changes);
                continue;
            }

            foreach (Rune rune in cluster.EnumerateRunes())
            {
                ReadOnlySpan<char> character = one[..rune.EncodeToUtf16(one)];
                if (TryFind(character, out found))
                {
                    modified = true;
                    Replace(character, found, changes);
                }
                else
                {
                    changes.Add((rune.Value, 0));
                }
            }
        }

        if (!modified)
        {
            return text;
        }

        AlignedText.Rewriting rewriting = new(text);
        foreach ((int code, int change) in changes)
        {
            rewriting.Put(code, change);
        }

        return rewriting.Result;
    }

    // The first of the new characters take the places of the old; what is left over on either side
    // goes to the last that was put down, whichever that is.
    static void Replace(
        ReadOnlySpan<char> old,
        ReadOnlySpan<byte> found,
        List<(int Code, int Change)> changes
    )
    {
        int more = -CodePoints(old);
        foreach (Rune rune in System.Text.Encoding.UTF8.GetString(found).EnumerateRunes())
        {
            changes.Add((rune.Value, 0));
            more++;
        }

        for (int i = 1; i <= more; i++)
        {
            changes[^i] = changes[^i] with { Change = 1 };
        }

        if (more < 0 && changes.Count > 0)
        {
            changes[^1] = changes[^1] with { Change = changes[^1].Change + more };
        }
    }

    static int CodePoints(ReadOnlySpan<char> units)
    {
        int count = 0;
        foreach (Rune _ in units.EnumerateRunes())
        {
            count++;
        }

        return count;
    }

    // As the reference has it: the shortest beginning of the cluster that is in the table decides for all of it.
    bool TryFind(scoped ReadOnlySpan<char> cluster, out ReadOnlySpan<byte> found)
    {
        found = default;
        Span<byte> utf8 = stackalloc byte[LongestCluster];
        utf8 = utf8[..System.Text.Encoding.UTF8.GetBytes(cluster, utf8)];
        uint at = Offset(_trie[0]);
        foreach (byte unit in utf8)
        {
            at ^= unit;
            if (unit == 0 || at >= _trie.Length || (_trie[at] & 0x8000_00FF) != unit)
            {
                return false;
            }

            uint node = _trie[at];
            at ^= Offset(node);
            if ((node & 0x100) == 0)
            {
                continue;
            }

            int start = at < _trie.Length ? (int)(_trie[at] & 0x7FFF_FFFF) : int.MaxValue;
            if (start > _replacements.Length)
            {
                throw new InvalidDataException(
                    "The table of the normalizer Precompiled points outside of itself; fetch tokenizer.json again."
                );
            }

            found = _replacements.AsSpan(start);
            int end = found.IndexOf((byte)0);
            found = end < 0 ? found : found[..end];
            return true;
        }

        return false;
    }

    static uint Offset(uint node) => (node >> 10) << (int)((node & 0x200) >> 6);
}
