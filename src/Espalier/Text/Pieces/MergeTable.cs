using System.Buffers;

namespace Espalier.Text.Pieces;

/// <summary>The merges of byte-level BPE, and how they turn symbols into tokens.</summary>
sealed class MergeTable
{
    readonly Dictionary<long, (int Rank, int Id)> _merges;

    public MergeTable(IReadOnlyList<Merge> merges)
    {
        Merges = merges;
        _merges = new Dictionary<long, (int, int)>(merges.Count);
        for (int rank = 0; rank < merges.Count; rank++)
        {
            _merges[Key(merges[rank].Left, merges[rank].Right)] = (rank, merges[rank].Id);
        }
    }

    public IReadOnlyList<Merge> Merges { get; }

    /// <summary>
    /// Applies the merges, lowest rank first and leftmost among equals, in O(n log n), and returns
    /// how many symbols are left at the front of <paramref name="symbols"/>.
    /// </summary>
    public int Apply(Span<Symbol> symbols)
    {
        if (symbols.Length < 2)
        {
            return symbols.Length;
        }

        PriorityQueue<(int Left, int Id), long> queue = new();
        for (int i = 0; i < symbols.Length; i++)
        {
            symbols[i].Previous = i - 1;
            symbols[i].Next = i + 1 < symbols.Length ? i + 1 : -1;
        }

        for (int i = 0; i + 1 < symbols.Length; i++)
        {
            Offer(queue, symbols, i);
        }

        while (queue.TryDequeue(out (int Left, int Id) top, out _))
        {
            Step(queue, symbols, top.Left, top.Id);
        }

        int count = 0;
        for (int i = 0; i >= 0; i = symbols[i].Next)
        {
            symbols[count++] = symbols[i];
        }

        return count;
    }

    void Step(PriorityQueue<(int, int), long> queue, Span<Symbol> symbols, int left, int id)
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

    void Offer(PriorityQueue<(int, int), long> queue, Span<Symbol> symbols, int left)
    {
        long key = Key(symbols[left].Id, symbols[symbols[left].Next].Id);
        if (_merges.TryGetValue(key, out var merge))
        {
            queue.Enqueue((left, merge.Id), Key(merge.Rank, left));
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
