using System.Runtime.Intrinsics.X86;
using Espalier.Kernels.Fp32;
using Espalier.Kernels.Rowwise;
using Espalier.Kernels.Vectors;
using Espalier.Tensors;

namespace Espalier.Kernels.Bf16;

/// <summary>
/// One pass over an output's gradient dy [T, O] for all who want it: as rows of pairs for dx, turned
/// into columns of pairs for the weight's gradient, summed over rows for the bias. A block is 32 rows by some columns: it
/// is read once, and nothing float32 is written but the sums.
/// </summary>
/// <param name="rows">Of pairs of columns, [T, <paramref name="rowStride"/>]; null: not wanted.</param>
/// <param name="turned">Of pairs of rows, [O, <paramref name="turnedStride"/>]; null: not wanted.</param>
/// <param name="sums">A line for each block of rows of <see cref="RowKernels.BlockRows"/>; null: not wanted.</param>
readonly unsafe struct Bf16GradientBlocks<T>(
    Tensor dy,
    uint* rows,
    int rowStride,
    uint* turned,
    int turnedStride,
    float* sums
) : IBlocks
    where T : struct, ILanes<T>
{
    const int BlockColumns = Bf16Rows.TurnedRows;
    const int BlockPairs = Bf16Rows.TurnedPairs;

    int Across => (dy.Columns + BlockColumns - 1) / BlockColumns;

    public int Blocks => Across * (((dy.Rows + 1) / 2 + BlockPairs - 1) / BlockPairs);

    public void Run(int block)
    {
        int column = block % Across * BlockColumns,
            columns = Math.Min(BlockColumns, dy.Columns - column),
            firstPair = block / Across * BlockPairs,
            pairs = Math.Min(BlockPairs, (dy.Rows + 1) / 2 - firstPair);
        float* square = Scratch.ForBlock(BlockColumns * BlockPairs);
        for (int i = 0; i < pairs; i++)
        {
            int row = 2 * (firstPair + i);
            PrefetchRow(row + 2, column, columns);
            PrefetchRow(row + 3, column, columns);
            float* first = Row(row, column),
                second = row + 1 < dy.Rows ? Row(row + 1, column) : null;
            if (sums is not null)
            {
                float* line = sums + (nint)(row / RowKernels.BlockRows) * dy.Columns + column;
                bool begins = row % RowKernels.BlockRows == 0;
                Add(line, begins, first, second, columns);
            }

            if (turned is not null)
            {
                Bf16Numbers.Rows(first, second, columns, (uint*)square + i * BlockColumns);
            }

            if (rows is not null)
            {
                Round(first, row, column, columns);
                if (second is not null)
                {
                    Round(second, row + 1, column, columns);
                }
            }
        }

        if (turned is not null)
        {
            uint* to = turned + (nint)column * turnedStride + firstPair;
            bool last = 2 * (firstPair + pairs) >= dy.Rows;
            int padded = last ? turnedStride - firstPair : pairs;
            Panels.Transpose(
                square,
                BlockColumns,
                pairs,
                columns,
                (float*)to,
                turnedStride,
                padded
            );
        }
    }

    /// <summary>Asks for a row's piece, whose turn comes soon: they are too short and too far apart for the processor to guess.</summary>
    void PrefetchRow(int row, int column, int columns)
    {
        const int line = 16;
        float* at = Row(Math.Min(row, dy.Rows - 1), column);
        for (int i = 0; i < columns; i += line)
        {
            Sse.Prefetch0(at + i);
        }
    }

    float* Row(int row, int column) => dy.Address() + (nint)row * dy.Columns + column;

    void Round(float* from, int row, int column, int columns)
    {
        uint* line = rows + (nint)row * rowStride;
        Bf16Numbers.Row(from, columns, line + column / 2);
        if (column + columns == dy.Columns)
        {
            int pairs = (dy.Columns + 1) / 2;
            new Span<uint>(line + pairs, rowStride - pairs).Clear();
        }
    }

    static void Add(float* line, bool begins, float* first, float* second, int columns)
    {
        if (begins)
        {
            Buffer.MemoryCopy(first, line, 4L * columns, 4L * columns);
        }
        else
        {
            RowBlocks.AddTo<T>(first, line, columns);
        }

        if (second is not null)
        {
            RowBlocks.AddTo<T>(second, line, columns);
        }
    }
}
