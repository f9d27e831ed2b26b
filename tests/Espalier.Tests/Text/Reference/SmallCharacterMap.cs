using System.Buffers.Binary;

namespace Espalier.Tests.Text.Reference;

/// <summary>A table of SentencePiece's kind, made of pairs: a trie of UTF-8 in a double array, then the replacements.</summary>
static class SmallCharacterMap
{
    public static string Base64(IReadOnlyDictionary<string, string> pairs)
    {
        List<byte> replacements = [];
        SortedDictionary<byte[], int> values = new(Comparer<byte[]>.Create(Compare));
        foreach ((string from, string to) in pairs)
        {
            values[SmallTokenizer.Utf8(from)] = replacements.Count;
            replacements.AddRange([.. SmallTokenizer.Utf8(to), 0]);
        }

        List<uint> units = [0];
        HashSet<int> taken = [0];
        Place([.. values.Select(v => (v.Key, v.Value))], 0, 0, units, taken);
        byte[] table = new byte[4 + (4 * units.Count) + replacements.Count];
        BinaryPrimitives.WriteInt32LittleEndian(table, 4 * units.Count);
        for (int i = 0; i < units.Count; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(table.AsSpan(4 + (4 * i)), units[i]);
        }

        replacements.ToArray().CopyTo(table, 4 + (4 * units.Count));
        return Convert.ToBase64String(table);
    }

    // The node at a place: its own unit knows where its children's block starts, whether a value stands there, and its label.
    static void Place(
        List<(byte[] Key, int Value)> keys,
        int depth,
        int place,
        List<uint> units,
        HashSet<int> taken
    )
    {
        bool leaf = keys[0].Key.Length == depth;
        var children = keys.Skip(leaf ? 1 : 0).GroupBy(k => k.Key[depth]).ToList();
        int[] wanted = [.. leaf ? [0] : (int[])[], .. children.Select(c => (int)c.Key)];
        int block = 1;
        while (wanted.Any(w => taken.Contains(block ^ w)))
        {
            block++;
        }

        taken.UnionWith(wanted.Select(w => block ^ w));
        while (units.Count <= (block | 0xFF))
        {
            units.Add(0xFF); // no byte of UTF-8, so nobody's child
        }

        units[place] |= ((uint)(place ^ block) << 10) | (leaf ? 0x100u : 0);
        if (leaf)
        {
            units[block] = 0x8000_0000 | (uint)keys[0].Value;
        }

        foreach (var child in children)
        {
            units[block ^ child.Key] = child.Key;
            Place([.. child], depth + 1, block ^ child.Key, units, taken);
        }
    }

    static int Compare(byte[] left, byte[] right) => left.AsSpan().SequenceCompareTo(right);
}
