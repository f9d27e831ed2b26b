using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Espalier.Tensors;

namespace Espalier.Kernels.Fp32;

/// <summary>
/// B [K, N] cut into panels of <paramref name="width"/> columns that lie one after another; in a panel the
/// rows follow each other, so a tile reads it from front to back. The last panel is as narrow as
/// its columns need, rounded up to whole vectors; what is too much is zero.
/// </summary>
sealed unsafe class Panels(int k, int n, int width, int lanes, Tensor values)
    : PanelledMatrix(k, n, Extent(k, n, lanes), values)
{
    /// <summary>Columns that one block of work takes: some panels of every family.</summary>
    public const int BlockColumns = 64;

    // Steps of k in one block of packing: with 64 columns, 64 KiB.
    const int PackedSteps = 256;
    const int Square = 8;

    /// <summary>Memory that the panels of such a matrix take.</summary>
    public static Shape Extent(int k, int n, int lanes) => new(k, (n + lanes - 1) / lanes * lanes);

    public int Width { get; } = width;

    /// <summary>Where the panel that begins at <paramref name="column"/> begins.</summary>
    public float* Start(int column) => Values.Address() + (nint)column * K;

    /// <summary>Columns of that panel with the zeros behind it.</summary>
    public int PaddedWidth(int column) => Math.Min(Width, Values.Columns - column);

    public override void Fill(Workers workers, Tensor b, bool transposed)
    {
        int columns = (N + BlockColumns - 1) / BlockColumns,
            steps = (K + PackedSteps - 1) / PackedSteps;
        workers.Run(columns * steps, new Packing(this, b, transposed, steps));
    }

    readonly struct Packing(Panels panels, Tensor b, bool transposed, int steps) : IBlocks
    {
        public void Run(int block)
        {
            int first = block / steps * BlockColumns,
                end = Math.Min(first + BlockColumns, panels.N),
                k = block % steps * PackedSteps,
                kEnd = Math.Min(k + PackedSteps, panels.K);
            for (int column = first; column < end; column += panels.Width)
            {
                int padded = panels.PaddedWidth(column),
                    columns = Math.Min(panels.Width, end - column);
                float* to = panels.Start(column) + (nint)k * padded;
                if (transposed)
                {
                    float* from = b.Address() + (nint)column * panels.K + k;
                    Transpose(from, panels.K, columns, kEnd - k, to, padded, padded);
                }
                else
                {
                    float* from = b.Address() + (nint)k * panels.N + column;
                    Copy(from, panels.N, columns, kEnd - k, to, padded);
                }
            }
        }
    }

    /// <summary>Rows of B as they are, <paramref name="columns"/> numbers of each and zeros behind them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Copy(float* from, nint stride, int columns, int steps, float* to, nint padded)
    {
        int whole = columns / Square * Square;
        for (int k = 0; k < steps; k++, from += stride, to += padded)
        {
            for (int j = 0; j < whole; j += Square)
            {
                Vector256.Load(from + j).Store(to + j);
            }

            for (int j = whole; j < padded; j++)
            {
                to[j] = j < columns ? from[j] : 0;
            }
        }
    }

    /// <summary>
    /// Columns of B that lie as rows, in squares of eight columns by eight steps. Two by two of them are whole cache
    /// lines of both sides, and each line is done with before another row may push it out of the cache:
    /// rows that lie a power of two apart compete for the same few places.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transpose(
        float* from,
        nint stride,
        int columns,
        int steps,
        float* to,
        nint toStride,
        int padded
    )
    {
        int whole = columns / Square * Square,
            wholeSteps = steps / Square * Square;
        for (int pair = 0; pair < whole; pair += 2 * Square)
        {
            int end = Math.Min(pair + 2 * Square, whole);
            for (int k = 0; k < wholeSteps; k += 2 * Square)
            {
                int kEnd = Math.Min(k + 2 * Square, wholeSteps);
                for (int j = pair; j < end; j += Square)
                {
                    for (int i = k; i < kEnd; i += Square)
                    {
                        TransposeSquare(
                            from + j * stride + i,
                            stride,
                            to + i * toStride + j,
                            toStride
                        );
                    }
                }
            }
        }

        // The edges, one number at a time: the last columns, the padding, the last steps.
        for (int k = 0; k < steps; k++)
        {
            for (int j = k < wholeSteps ? whole : 0; j < padded; j++)
            {
                to[k * toStride + j] = j < columns ? from[j * stride + k] : 0;
            }
        }
    }

    /// <summary>
    /// Eight rows of eight to eight columns of eight. A register first takes half a row and, in its upper half, half
    /// of the row four below, so that what is left is two transpositions of 4 x 4 in parallel.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void TransposeSquare(float* from, nint stride, float* to, nint padded)
    {
        for (int half = 0; half < Square; half += 4, from += 4, to += 4 * padded)
        {
            Vector256<float> r0 = Pair(from, stride, 0),
                r1 = Pair(from, stride, 1),
                r2 = Pair(from, stride, 2),
                r3 = Pair(from, stride, 3);

            // a and b are two rows, 0..3 the steps of k: a0 b0 a1 b1 | a2 b2 a3 b3, then pairs of pairs.
            Vector256<float> low01 = Avx.UnpackLow(r0, r1),
                high01 = Avx.UnpackHigh(r0, r1),
                low23 = Avx.UnpackLow(r2, r3),
                high23 = Avx.UnpackHigh(r2, r3);
            Avx.Shuffle(low01, low23, 0b01_00_01_00).Store(to);
            Avx.Shuffle(low01, low23, 0b11_10_11_10).Store(to + padded);
            Avx.Shuffle(high01, high23, 0b01_00_01_00).Store(to + 2 * padded);
            Avx.Shuffle(high01, high23, 0b11_10_11_10).Store(to + 3 * padded);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> Pair(float* from, nint stride, nint row) =>
        Vector256.Create(
            Vector128.Load(from + row * stride),
            Vector128.Load(from + (row + 4) * stride)
        );
}
