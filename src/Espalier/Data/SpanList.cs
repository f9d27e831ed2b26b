namespace Espalier.Data;

/// <summary>
/// Many short spans one behind the other in large blocks: 4 bytes for each beside its content, where an array of its own
/// takes 24. Added to, never changed.
/// </summary>
sealed class SpanList<T>
{
    // Elements of a slot. A block has one or, for a longer span, as many as it needs; no span runs on into another block.
    const int Slot = 1 << 16;
    const int StartsOfBlock = 1 << 14;

    // The block of each slot, and the slot that each block begins with.
    readonly List<int> _blockOf = [];
    readonly List<(T[] Elements, int FirstSlot, int Used)> _blocks = [];

    // Places counted over all slots. In pieces, as a list that doubles would leave its halves behind.
    readonly List<uint[]> _starts = [];

    public int Count { get; private set; }

    /// <summary>Elements of all spans.</summary>
    public long Total { get; private set; }

    public ReadOnlySpan<T> this[int index]
    {
        get
        {
            uint start = Start(index);
            var (elements, firstSlot, used) = BlockAt(start, out int number);
            long first = (long)firstSlot * Slot;
            int from = (int)(start - first);

            // The next span's start is the end of this one where it stands in the same block.
            int end = used;
            if (index + 1 < Count)
            {
                uint next = Start(index + 1);
                _ = BlockAt(next, out int other);
                end = other == number ? (int)(next - first) : used;
            }

            return elements.AsSpan(from, end - from);
        }
    }

    public void Add(ReadOnlySpan<T> span) => span.CopyTo(Add(span.Length));

    /// <summary>Room for a span of that length, to be filled by the caller.</summary>
    public Span<T> Add(int length)
    {
        // A span may be empty, and its place must lie within the block for all that.
        if (_blocks.Count == 0 || _blocks[^1].Elements.Length - _blocks[^1].Used <= length)
        {
            // Whole slots would be waste for the first few spans, so blocks grow with the list.
            int usual = (int)Math.Clamp(Total, 256, Slot),
                size = Math.Max(usual, length + 1),
                slots = (size + Slot - 1) / Slot;
            _blocks.Add((new T[size], _blockOf.Count, 0));
            _blockOf.AddRange(Enumerable.Repeat(_blocks.Count - 1, slots));
        }

        var (elements, firstSlot, used) = _blocks[^1];
        if (Count % StartsOfBlock == 0)
        {
            _starts.Add(new uint[StartsOfBlock]);
        }

        _starts[^1][Count++ % StartsOfBlock] = checked((uint)((long)firstSlot * Slot + used));
        _blocks[^1] = (elements, firstSlot, used + length);
        Total += length;
        return elements.AsSpan(used, length);
    }

    uint Start(int index) =>
        index < Count
            ? _starts[index / StartsOfBlock][index % StartsOfBlock]
            : throw new ArgumentOutOfRangeException(nameof(index));

    (T[] Elements, int FirstSlot, int Used) BlockAt(uint start, out int number)
    {
        number = _blockOf[(int)(start / Slot)];
        return _blocks[number];
    }
}
