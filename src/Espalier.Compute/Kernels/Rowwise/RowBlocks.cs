using System.Runtime.CompilerServices;
using Espalier.Kernels.Vectors;

namespace Espalier.Kernels.Rowwise;

/// <summary>
/// Rows in blocks of <see cref="RowKernels.BlockRows"/>, and as many blocks to a thread's job as are worth it.
/// </summary>
readonly unsafe struct RowBlocks(int rows, int columns)
{
    readonly int _blocksPerJob = Math.Max(
        1,
        Chunks.Size / (RowKernels.BlockRows * Math.Max(1, columns))
    );

    public int Columns => columns;

    public int Blocks => (rows + RowKernels.BlockRows - 1) / RowKernels.BlockRows;

    public int Jobs => (Blocks + _blocksPerJob - 1) / _blocksPerJob;

    public (int First, int Past) BlocksOf(int job) =>
        (job * _blocksPerJob, Math.Min(Blocks, (job + 1) * _blocksPerJob));

    public (int First, int Past) RowsOf(int block) =>
        (block * RowKernels.BlockRows, Math.Min(rows, (block + 1) * RowKernels.BlockRows));

    /// <summary>The rows of a whole job, where blocks make no difference.</summary>
    public (int First, int Past) RowsOfJob(int job)
    {
        var (first, past) = BlocksOf(job);
        return (first * RowKernels.BlockRows, Math.Min(rows, past * RowKernels.BlockRows));
    }

    /// <summary>Adds up what the blocks have left, in their order, in the first one's line; then adds that to <paramref name="to"/>.</summary>
    public void AddParts<T>(float* parts, int stride, int offset, float* to, int count)
        where T : struct, ILanes<T>
    {
        if (rows == 0)
        {
            return;
        }

        for (int block = 1; block < Blocks; block++)
        {
            AddTo<T>(parts + (nint)block * stride + offset, parts + offset, count);
        }

        AddTo<T>(parts + offset, to, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void AddTo<T>(float* from, float* to, int count)
        where T : struct, ILanes<T>
    {
        int i = 0;
        for (; i <= count - T.Count; i += T.Count)
        {
            (T.Load(to + i) + T.Load(from + i)).Store(to + i);
        }

        for (; i < count; i++)
        {
            to[i] += from[i];
        }
    }
}

readonly unsafe struct ColumnSumBlocks<T>(RowBlocks rows, float* x, float* parts) : IBlocks
    where T : struct, ILanes<T>
{
    public void Run(int job)
    {
        var (first, past) = rows.BlocksOf(job);
        for (int block = first; block < past; block++)
        {
            Sum(block);
        }
    }

    /// <summary>A strip of two registers runs down the rows of the block, then the next strip.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void Sum(int block)
    {
        var (first, past) = rows.RowsOf(block);
        int columns = rows.Columns,
            i = 0;
        float* to = parts + (nint)block * columns;
        for (; i <= columns - 2 * T.Count; i += 2 * T.Count)
        {
            T a = T.All(0),
                b = T.All(0);
            float* at = x + (nint)first * columns + i;
            for (int r = first; r < past; r++, at += columns)
            {
                a += T.Load(at);
                b += T.Load(at + T.Count);
            }

            a.Store(to + i);
            b.Store(to + i + T.Count);
        }

        for (; i < columns; i++)
        {
            float sum = 0;
            for (int r = first; r < past; r++)
            {
                sum += x[(nint)r * columns + i];
            }

            to[i] = sum;
        }
    }
}

readonly unsafe struct DropoutBlocks<T>(
    RowBlocks rows,
    ulong key,
    int threshold,
    float scale,
    float* x,
    float* y
) : IBlocks
    where T : struct, ILanes<T>
{
    public void Run(int job)
    {
        var (first, past) = rows.RowsOfJob(job);
        for (int r = first; r < past; r++)
        {
            nint at = (nint)r * rows.Columns;
            Row(r, x + at, y + at);
        }
    }

    /// <summary>Four registers of elements for each draw of Philox.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void Row(int row, float* from, float* to)
    {
        ushort* pieces = stackalloc ushort[4 * T.Count];
        T least = T.All(threshold),
            factor = T.All(scale);
        ulong counter = (ulong)row << 16;
        int columns = rows.Columns,
            step = 4 * T.Count,
            i = 0;
        for (; i <= columns - step; i += step)
        {
            T.Pieces(key, counter + (ulong)(i >> 3), pieces);
            for (int j = 0; j < step; j += T.Count)
            {
                T kept = T.Load(from + i + j) * factor;
                T.WhereAtLeast(T.FromPieces(pieces + j), least, kept).Store(to + i + j);
            }
        }

        if (i < columns)
        {
            T.Pieces(key, counter + (ulong)(i >> 3), pieces);
            for (int j = 0; i + j < columns; j++)
            {
                to[i + j] = pieces[j] >= threshold ? from[i + j] * scale : 0;
            }
        }
    }
}
