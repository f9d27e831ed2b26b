using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Espalier.Kernels.Vectors;

namespace Espalier.Kernels.Heads;

/// <summary>
/// The columns of one head within rows of all heads. Kernels copy them together first: rows a multiple of a
/// cache's set apart would drive each other out of it.
/// </summary>
readonly unsafe struct HeadColumns(float* first, int stride, int width)
{
    public HeadColumns(Columns columns, int row, int head, int width)
        : this(
            columns.Tensor.Address() + (nint)row * columns.Stride + columns.Offset + head * width,
            columns.Stride,
            width
        ) { }

    public int Stride => stride;

    public int Width => width;

    public float* Row(int row) => first + (nint)row * stride;

    public HeadColumns From(int row) => new(Row(row), stride, width);

    /// <summary>Rows side by side, each filled up with zeros to <paramref name="padded"/> numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void CopyTo<T>(float* to, int padded, int row, int rows)
        where T : struct, ILanes<T>
    {
        int whole = width / T.Count * T.Count;
        for (int r = row; r < row + rows; r++, to += padded)
        {
            float* from = Row(r);
            PrefetchNext(from);
            for (int i = 0; i < whole; i += T.Count)
            {
                T.Load(from + i).Store(to + i);
            }

            if (whole < padded)
            {
                T.LoadPart(from + whole, width - whole).Store(to + whole);
            }
        }
    }

    /// <summary>The way back of <see cref="CopyTo"/>, without the zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void CopyFrom<T>(float* from, int padded, int row, int rows)
        where T : struct, ILanes<T>
    {
        int whole = width / T.Count * T.Count;
        for (int r = row; r < row + rows; r++, from += padded)
        {
            float* to = Row(r);
            for (int i = 0; i < whole; i += T.Count)
            {
                T.Load(from + i).Store(to + i);
            }

            if (whole < padded)
            {
                T.Load(from + whole).StorePart(to + whole, width - whole);
            }
        }
    }

    public void Clear(int row, int rows)
    {
        for (int r = row; r < row + rows; r++)
        {
            new Span<float>(Row(r), width).Clear();
        }
    }

    /// <summary>
    /// The first rows, transposed: [width, padded] with zeros behind the last row. Squares of four by four go
    /// through four registers: unpacking pairs of rows, then pairs of pairs, turns rows to columns.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void TransposeTo<T>(float* to, int padded, int rows)
        where T : struct, ILanes<T>
    {
        for (int d = 0; d < width && rows < padded; d++)
        {
            T.All(0).Store(to + (nint)(d + 1) * padded - T.Count);
        }

        int r = 0;
        for (; r + 4 <= rows; r += 4)
        {
            float* at = Row(r);
            for (int i = 0; i < 4; i++)
            {
                PrefetchNext(Row(r + i));
            }

            int d = 0;
            for (; d + 4 <= width; d += 4)
            {
                Vector128<float> a = Vector128.Load(at + d),
                    b = Vector128.Load(at + stride + d),
                    c = Vector128.Load(at + 2 * (nint)stride + d),
                    e = Vector128.Load(at + 3 * (nint)stride + d);
                Vector128<float> abLow = Sse.UnpackLow(a, b),
                    abHigh = Sse.UnpackHigh(a, b),
                    ceLow = Sse.UnpackLow(c, e),
                    ceHigh = Sse.UnpackHigh(c, e);
                float* column = to + (nint)d * padded + r;
                Sse.MoveLowToHigh(abLow, ceLow).Store(column);
                Sse.MoveHighToLow(ceLow, abLow).Store(column + padded);
                Sse.MoveLowToHigh(abHigh, ceHigh).Store(column + 2 * (nint)padded);
                Sse.MoveHighToLow(ceHigh, abHigh).Store(column + 3 * (nint)padded);
            }

            for (; d < width; d++)
            {
                for (int i = 0; i < 4; i++)
                {
                    to[(nint)d * padded + r + i] = Row(r + i)[d];
                }
            }
        }

        for (; r < rows; r++)
        {
            float* at = Row(r);
            for (int d = 0; d < width; d++)
            {
                to[(nint)d * padded + r] = at[d];
            }
        }
    }

    /// <summary>
    /// Asks for this row's columns of the next head, which lie behind these and whose turn is next. They come from far and in
    /// short pieces, which the processor does not guess: 32 x 40 tokens forward take 1.5 ms so, 1.9 ms without (Zen 4).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PrefetchNext(float* row)
    {
        const int line = 16;
        for (int i = 0; i < width; i += line)
        {
            Sse.Prefetch0(row + width + i);
        }
    }
}
