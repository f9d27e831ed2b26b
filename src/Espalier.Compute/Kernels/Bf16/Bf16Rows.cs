using Espalier.Tensors;

namespace Espalier.Kernels.Bf16;

/// <summary>
/// Memory in which a left-hand side a [M, K] lies as rows of pairs, whether it came as [M, K] or as [K, M]. Kept by each
/// thread that multiplies, so that a product allocates nothing; it grows to the largest seen.
/// </summary>
static unsafe class Bf16Rows
{
    // Pairs that a row is rounded up to: whole cache lines, so that a row's end is not the next one's beginning.
    const int LinePairs = 16;

    // Numbers in one block of rounding rows. In one of turning columns into rows: runs of a kilobyte are read, and pairs
    // that fill a cache line of each row written.
    const int BlockNumbers = 1 << 14;
    const int TurnedRows = 256;
    const int TurnedPairs = LinePairs;

    [ThreadStatic]
    static Tensor? _scratch;

    /// <summary>Pairs from a row to the next.</summary>
    public static int Stride(int k) => ((k + 1) / 2 + LinePairs - 1) / LinePairs * LinePairs;

    /// <summary>Lays out a; good until this thread's next call.</summary>
    public static uint* Lay(Workers workers, Tensor a, bool transposed)
    {
        var (m, k) = transposed ? (a.Columns, a.Rows) : (a.Rows, a.Columns);
        int stride = Stride(k),
            needed = checked(m * stride);
        if (_scratch is null || _scratch.Count < needed)
        {
            _scratch = new Tensor(needed);
        }

        if (transposed)
        {
            int across = (m + TurnedRows - 1) / TurnedRows,
                along = ((k + 1) / 2 + TurnedPairs - 1) / TurnedPairs;
            workers.Run(across * along, new Turning(a, _scratch, stride, across));
        }
        else
        {
            int rows = Math.Max(1, BlockNumbers / Math.Max(k, 1));
            workers.Run((m + rows - 1) / rows, new Rounding(a, _scratch, stride, rows));
        }

        return (uint*)_scratch.Address();
    }

    readonly struct Rounding(Tensor a, Tensor into, int stride, int rows) : IBlocks
    {
        public void Run(int block)
        {
            int end = Math.Min(a.Rows, (block + 1) * rows);
            for (int row = block * rows; row < end; row++)
            {
                Bf16Numbers.Row(
                    a.Address() + (nint)row * a.Columns,
                    a.Columns,
                    (uint*)into.Address() + (nint)row * stride
                );
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
            Panels.Transpose((float*)square, TurnedRows, pairs, rows, (float*)to, stride, pairs);
        }
    }
}
