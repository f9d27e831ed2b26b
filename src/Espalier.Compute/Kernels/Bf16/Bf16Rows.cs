using Espalier.Kernels.Fp32;
using Espalier.Tensors;

namespace Espalier.Kernels.Bf16;

/// <summary>
/// Memory in which a left-hand side a [M, K] lies as rows of pairs, whether it came as [M, K] or as [K, M]. Kept by each
/// thread that multiplies, so that a product allocates nothing; it grows to the largest seen. What fills a row's last cache
/// line is zeros: tiles of AMX read whole lines.
/// </summary>
static unsafe class Bf16Rows
{
    // Pairs that a row is rounded up to: whole cache lines, so that a row's end is not the next one's beginning.
    const int LinePairs = 16;

    // Numbers in one block of rounding rows. In one of turning columns into rows: runs of a kilobyte are read, and pairs
    // that fill a cache line of each row written.
    const int BlockNumbers = 1 << 14;
    public const int TurnedRows = 256;
    public const int TurnedPairs = LinePairs;

    [ThreadStatic]
    static Tensor? _rows;

    [ThreadStatic]
    static Tensor? _columns;

    /// <summary>Pairs from a row to the next.</summary>
    public static int Stride(int k) => ((k + 1) / 2 + LinePairs - 1) / LinePairs * LinePairs;

    /// <summary>Lays out a; good until this thread's next call.</summary>
    public static uint* Lay(Workers workers, Tensor a, bool transposed)
    {
        var (m, k) = transposed ? (a.Columns, a.Rows) : (a.Rows, a.Columns);
        int stride = Stride(k);
        Tensor into = transposed ? ForColumns(m, k) : ForRows(m, k);
        if (transposed)
        {
            int across = (m + TurnedRows - 1) / TurnedRows,
                along = ((k + 1) / 2 + TurnedPairs - 1) / TurnedPairs;
            workers.Run(across * along, new Turning(a, into, stride, across));
        }
        else
        {
            int rows = Math.Max(1, BlockNumbers / Math.Max(k, 1));
            workers.Run((m + rows - 1) / rows, new Rounding(a, into, stride, rows));
        }

        return (uint*)into.Address();
    }

    /// <summary>This thread's memory for m rows that come as rows.</summary>
    public static Tensor ForRows(int m, int k) => Room(ref _rows, m, k);

    /// <summary>For m rows that come as columns; not the same memory.</summary>
    public static Tensor ForColumns(int m, int k) => Room(ref _columns, m, k);

    static Tensor Room(ref Tensor? kept, int m, int k)
    {
        int needed = checked(m * Stride(k));
        if (kept is null || kept.Count < needed)
        {
            kept = new Tensor(needed);
        }

        return kept;
    }

    readonly struct Rounding(Tensor a, Tensor into, int stride, int rows) : IBlocks
    {
        public void Run(int block)
        {
            int end = Math.Min(a.Rows, (block + 1) * rows);
            for (int row = block * rows; row < end; row++)
            {
                uint* to = (uint*)into.Address() + (nint)row * stride;
                int pairs = (a.Columns + 1) / 2;
                Bf16Numbers.Row(a.Address() + (nint)row * a.Columns, a.Columns, to);
                new Span<uint>(to + pairs, stride - pairs).Clear();
            }
        }
    }

    /// <summary>Two rows of [K, M] make a row of pairs; a square of those is then turned.</summary>
    readonly struct Turning(Tensor a, Tensor into, int stride, int across) : IBlocks
    {
        public void Run(int block)
        {
            int first = block % across * TurnedRows,
                rows = Math.Min(TurnedRows, a.Columns - first),
                pair = block / across * TurnedPairs,
                pairs = Math.Min(TurnedPairs, (a.Rows + 1) / 2 - pair);
            uint* square = (uint*)Scratch.ForBlock(TurnedRows * TurnedPairs);
            for (int i = 0; i < pairs; i++)
            {
                int step = 2 * (pair + i);
                float* from = a.Address() + (nint)step * a.Columns + first;
                Bf16Numbers.Rows(
                    from,
                    step + 1 < a.Rows ? from + a.Columns : null,
                    rows,
                    square + i * TurnedRows
                );
            }

            uint* to = (uint*)into.Address() + (nint)first * stride + pair;
            int padded = 2 * (pair + pairs) >= a.Rows ? stride - pair : pairs;
            Panels.Transpose((float*)square, TurnedRows, pairs, rows, (float*)to, stride, padded);
        }
    }
}
