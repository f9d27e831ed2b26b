using System.Buffers;

namespace Espalier.Text.Pieces;

/// <summary>The merges of BPE, and how they turn symbols into tokens.</summary>
sealed class MergeTable
{
    const int Short = 32;
    readonly Dictionary<long, (int Rank, int Id)> _merges;
    readonly bool _eachIdOnce;

    public MergeTable(IReadOnlyList<Merge> merges)
    {
        Merges = merges;
        _merges = new Dictionary<long, (int, int)>(merges.Count);
        for (int rank = 0; rank < merges.Count; rank++)
        {
            _merges[Key(merges[rank].Left, merges[rank].Right)] = (rank, merges[rank].Id);
        }

        _eachIdOnce = _merges.Values.DistinctBy(m => m.Id).Count() == _merges.Count;
    }

    public IReadOnlyList<Merge> Merges { get; }

    /// <summary>
    /// Applies the merges, lowest rank first and leftmost among equals, in O(n log n), and returns
    /// how many symbols are left at the front of <paramref name="symbols"/>.
    /// </summary>
    public int Apply(Span<Symbol> symbols)
    {
        // The queue keeps an entry whose pair is gone if the new pair makes the same token, out of
        // its turn. Where no two merges make the same token, the plain search is the same.
        return symbols.Length < 2 ? symbols.Length
            : symbols.Length <= Short && _eachIdOnce ? ApplyToShort(symbols)
            : ApplyToLong(symbols);
    }

    /// <summary>Adds to <paramref name="kept"/> both sides of every merge that makes a token of <paramref name="wanted"/>, and so on down.</summary>
    public void Close(HashSet<int> kept, IEnumerable<int> wanted)
    {
        ILookup<int, Merge> makes = Merges.ToLookup(m => m.Id);
        Stack<int> open = new(wanted);
        while (open.TryPop(out int id))
        {
            foreach (Merge merge in makes[id])
            {
                foreach (int side in (ReadOnlySpan<int>)[merge.Left, merge.Right])
                {
                    if (kept.Add(side))
                    {
                        open.Push(side);
                    }
                }
            }
        }
    }

    int ApplyToShort(Span<Symbol> symbols)
    {
        int count = symbols.Length;
        Span<(int Rank, int Id)> merges = stackalloc (int, int)[Short];
        for (int i = 0; i + 1 < count; i++)
        {
            merges[i] = Find(symbols[i].Id, symbols[i + 1].Id);
        }

        while (true)
        {
            int best = 0;
            for (int i = 1; i + 1 < count; i++)
            {
                best = merges[i].Rank < merges[best].Rank ? i : best;
            }

            if (count < 2 || merges[best].Rank == int.MaxValue)
            {
                return count;
            }

            symbols[best].Id = merges[best].Id;
            symbols[best].Width += symbols[best + 1].Width;
            symbols[(best + 2)..count].CopyTo(symbols[(best + 1)..]);
            merges[(best + 1)..count].CopyTo(merges[best..]);
            count--;
            if (best + 1 < count)
            {
                merges[best] = Find(symbols[best].Id, symbols[best + 1].Id);
            }

            if (best > 0)
            {
                merges[best - 1] = Find(symbols[best - 1].Id, symbols[best].Id);
            }
        }
    }

    (int Rank, int Id) Find(int left, int right) =>
        _merges.TryGetValue(Key(left, right), out var merge) ? merge : (int.MaxValue, -1);

    int ApplyToLong(Span<Symbol> symbols)
    {
        PriorityQueue<int, long> queue = new(symbols.Length);
        for (int i = 0; i < symbols.Length; i++)
        {
            symbols[i].Previous = i - 1;
            symbols[i].Next = i + 1 < symbols.Length ? i + 1 : -1;
        }

        for (int i = 0; i + 1 < symbols.Length; i++)
        {
            Offer(queue, symbols, i);
        }

        while (queue.TryDequeue(out int left, out long key))
        {
            Step(queue, symbols, left, Merges[(int)(key >> 32)].Id);
        }

        int count = 0;
        for (int i = 0; i >= 0; i = symbols[i].Next)
        {
            symbols[count++] = symbols[i];
        }

        return count;
    }

    void Step(PriorityQueue<int, long> queue, Span<Symbol> symbols, int left, int id)
    {
        ref Symbol symbol = ref symbols[left];
        // An entry is stale when a neighbour was merged away since it was queued.
        if (
            symbol.Width == 0
            || symbol.Next < 0
            || !_merges.TryGetValue(Key(symbol.Id, symbols[symbol.Next].Id), out var merge)
            || merge.Id != id
        )
        {
            return;
        }

        ref Symbol right = ref symbols[symbol.Next];
        symbol.Id = id;
        symbol.Width += right.Width;
        symbol.Next = right.Next;
        right.Width = 0;
        if (symbol.Next >= 0)
        {
            symbols[symbol.Next].Previous = left;
            Offer(queue, symbols, left);
        }

        if (symbol.Previous >= 0)
        {
            Offer(queue, symbols, symbol.Previous);
        }
    }

    void Offer(PriorityQueue<int, long> queue, Span<Symbol> symbols, int left)
    {
        long key = Key(symbols[left].Id, symbols[symbols[left].Next].Id);
        if (_merges.TryGetValue(key, out var merge))
        {
            queue.Enqueue(left, Key(merge.Rank, left));
        }
    }

    static long Key(int high, int low) => ((long)high << 32) | (uint)low;

    /// <summary>Memory for <paramref name="count"/> symbols; give it back to the pool.</summary>
    public static Symbol[] Rent(int count) => ArrayPool<Symbol>.Shared.Rent(count);

    public static void Return(Symbol[] symbols) => ArrayPool<Symbol>.Shared.Return(symbols);
}

readonly record struct Merge(int Left, int Right, int Id);

/// <summary>A token in the making; a width of 0 says that its left neighbour swallowed it.</summary>
struct Symbol
{
    public int Id;
    public int Width;
    public int Previous;
    public int Next;
}
