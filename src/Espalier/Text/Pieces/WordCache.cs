using System.Numerics;

namespace Espalier.Text.Pieces;

/// <summary>
/// Remembers the ids of words seen before. A slot holds one immutable entry and the newest wins,
/// so the memory is bounded and threads need no lock; what is forgotten is computed again.
/// </summary>
sealed class WordCache
{
    const int Slots = 1 << 15;
    public const int LongestWord = 48;
    readonly Entry?[] _entries = new Entry?[Slots];

    public bool TryGet(ReadOnlySpan<char> word, out ReadOnlySpan<int> ids)
    {
        Entry? entry = Volatile.Read(ref _entries[Slot(word)]);
        if (entry is not null && word.SequenceEqual(entry.Word))
        {
            ids = entry.Ids;
            return true;
        }

        ids = default;
        return false;
    }

    public void Put(ReadOnlySpan<char> word, ReadOnlySpan<int> ids)
    {
        if (word.Length <= LongestWord)
        {
            Volatile.Write(ref _entries[Slot(word)], new Entry(word.ToString(), ids.ToArray()));
        }
    }

    static int Slot(ReadOnlySpan<char> word)
    {
        uint hash = 2166136261;
        foreach (char unit in word)
        {
            hash = (BitOperations.RotateLeft(hash, 5) ^ unit) * 0x9E3779B1;
        }

        return (int)(hash >> 17);
    }

    sealed record Entry(string Word, int[] Ids);
}
