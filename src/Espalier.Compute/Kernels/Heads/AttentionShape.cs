using Espalier.Kernels.Vectors;
using Espalier.Tensors;

namespace Espalier.Kernels.Heads;

/// <summary>What all the heads of a call share, and how they are dealt out as jobs.</summary>
readonly unsafe struct AttentionShape
{
    // Multiply-adds that take a thread a few microseconds.
    const long WorthAJob = 1 << 18;

    readonly Sequences _sequences;

    // Rows squared of all sequences before each one: where its probabilities start, for one head.
    readonly long* _squares;
    readonly int _itemsPerJob;

    AttentionShape(Sequences sequences, int heads, int width, long* squares)
    {
        (_sequences, Heads, Width) = (sequences, heads, width);
        _squares = squares;
        Items = sequences.Count * heads;
        long work = 2 * Pairs * heads * width;
        long perItem = Math.Max(1, work / Math.Max(1, Items));
        _itemsPerJob = (int)Math.Clamp(WorthAJob / perItem, 1, Math.Max(1, Items));
    }

    public int Heads { get; }

    public int Width { get; }

    /// <summary>Heads of all sequences.</summary>
    public int Items { get; }

    public int Jobs => (Items + _itemsPerJob - 1) / _itemsPerJob;

    long Pairs => _squares[_sequences.Count];

    /// <summary>Holds the call's scratch as long as it is used.</summary>
    public static AttentionShape Of(Sequences sequences, int heads, int width)
    {
        if (heads < 1 || width < 1)
        {
            throw new ArgumentException(
                $"Attention: {heads} heads of width {width}; both must be 1 or more."
            );
        }

        int count = sequences.Count;
        if (count < 0 || sequences.Starts.Length <= count || sequences.Starts[0] != 0)
        {
            throw new ArgumentException(
                $"Attention: {count} sequences and {sequences.Starts.Length} starts; there must be one "
                    + "start more than sequences, and the first must be 0."
            );
        }

        long* squares = (long*)Scratch.ForCall(2 * (count + 1));
        squares[0] = 0;
        for (int s = 0; s < count; s++)
        {
            int rows = sequences.RowsOf(s),
                keys = sequences.KeysOf(s);
            if (rows < 0 || keys < 0 || keys > rows)
            {
                throw new ArgumentException(
                    $"Attention: sequence {s} has {rows} rows, {keys} of them real; starts must rise and a "
                        + "sequence cannot be longer than its rows."
                );
            }

            squares[s + 1] = squares[s] + (long)rows * rows;
        }

        return new AttentionShape(sequences, heads, width, squares);
    }

    public void Check(Columns columns, string name)
    {
        Tensor tensor = columns.Tensor;
        if (
            columns.Offset < 0
            || columns.Offset > tensor.Columns - Heads * Width
            || tensor.Rows < _sequences.Rows
        )
        {
            throw new ArgumentException(
                $"Attention: {name} is {tensor.Shape} from column {columns.Offset} on; it must have "
                    + $"{_sequences.Rows} rows and {Heads} · {Width} columns from there."
            );
        }
    }

    public void CheckProbabilities(Tensor probabilities)
    {
        if (probabilities.Count < Pairs * Heads)
        {
            throw new ArgumentException(
                $"Attention: probabilities is {probabilities.Shape}; these sequences have {Pairs * Heads}."
            );
        }
    }

    public (int First, int Past) ItemsOf(int job) =>
        (job * _itemsPerJob, Math.Min(Items, (job + 1) * _itemsPerJob));

    /// <summary>One head of one sequence; <c>Probabilities</c> is where its square of them starts.</summary>
    public (int Head, int Start, int Rows, int Keys, long Probabilities) Item(int item)
    {
        var (s, head) = Math.DivRem(item, Heads);
        int rows = _sequences.RowsOf(s);
        long probabilities = _squares[s] * Heads + (long)head * rows * rows;
        return (head, _sequences.Starts[s], rows, _sequences.KeysOf(s), probabilities);
    }

    /// <summary>Whole registers that hold <paramref name="count"/> numbers, in numbers.</summary>
    public static int Padded<T>(int count)
        where T : struct, ILanes<T> => (count + T.Count - 1) / T.Count * T.Count;
}
