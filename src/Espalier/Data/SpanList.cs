using System.Runtime.InteropServices;

namespace Espalier.Data;

/// <summary>
/// Many short spans one behind the other in large blocks: 8 bytes for each beside its content, where an array of its own
/// takes 32. Added to, never changed.
/// </summary>
sealed class SpanList<T>
{
    const int BlockSize = 1 << 16;

    readonly List<T[]> _blocks = [];
    readonly List<int> _used = [];

    // The block in the upper half, the place within it in the lower one.
    readonly List<long> _starts = [];

    public int Count => _starts.Count;

    /// <summary>Elements of all spans.</summary>
    public long Total { get; private set; }

    public ReadOnlySpan<T> this[int index]
    {
        get
        {
            var (block, from) = Place(index);
            bool endsHere = index + 1 < Count && Place(index + 1).Block == block;
            int end = endsHere ? Place(index + 1).From : _used[block];
            return _blocks[block].AsSpan(from, end - from);
        }
    }

    public void Add(ReadOnlySpan<T> span) => span.CopyTo(Add(span.Length));

    /// <summary>Room for a span of that length, to be filled by the caller.</summary>
    public Span<T> Add(int length)
    {
        if (_blocks.Count == 0 || _blocks[^1].Length - _used[^1] < length)
        {
            // Arrays of a list's first spans would be waste, so blocks grow with it.
            int usual = (int)Math.Clamp(Total, 256, BlockSize);
            _blocks.Add(new T[Math.Max(usual, length)]);
            _used.Add(0);
        }

        int block = _blocks.Count - 1,
            from = _used[block];
        _starts.Add(((long)block << 32) | (uint)from);
        CollectionsMarshal.AsSpan(_used)[block] += length;
        Total += length;
        return _blocks[block].AsSpan(from, length);
    }

    (int Block, int From) Place(int index) =>
        ((int)(_starts[index] >> 32), (int)(_starts[index] & uint.MaxValue));
}
