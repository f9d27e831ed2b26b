using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Espalier.Kernels.Fp32;

/// <summary>
/// Six rows by two vectors of eight columns: 12 accumulators, two registers for B, one or two for a, of the 16
/// that there are. Eight loads feed 12 multiply-adds.
/// </summary>
readonly unsafe struct Avx2Tile : ITile
{
    const int LaneCount = 8;

    public static bool IsSupported => Avx2.IsSupported && Fma.IsSupported;
    public static int Rows => 6;
    public static int Width => 2 * LaneCount;
    public static int Lanes => LaneCount;
    public static int Depth => 768;

    public static void Multiply(int rows, int vectors, in TileProduct product)
    {
        if (vectors == 1)
        {
            Dispatch<One>(rows, product);
        }
        else
        {
            Dispatch<Two>(rows, product);
        }
    }

    static void Dispatch<TVectors>(int rows, in TileProduct product)
        where TVectors : struct, ICount
    {
        switch (rows)
        {
            case 1:
                Run<One, TVectors>(product);
                break;
            case 2:
                Run<Two, TVectors>(product);
                break;
            case 3:
                Run<Three, TVectors>(product);
                break;
            case 4:
                Run<Four, TVectors>(product);
                break;
            case 5:
                Run<Five, TVectors>(product);
                break;
            default:
                Run<Six, TVectors>(product);
                break;
        }
    }

    // Counts are constants here: rows and vectors that a smaller tile lacks leave no code behind.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Run<TRows, TVectors>(in TileProduct product)
        where TRows : struct, ICount
        where TVectors : struct, ICount
    {
        nint rowStride = product.RowStride,
            stepStride = product.StepStride;
        float* a0 = (float*)product.A,
            a1 = a0 + rowStride,
            a2 = a1 + rowStride,
            a3 = a2 + rowStride,
            a4 = a3 + rowStride,
            a5 = a4 + rowStride;
        float* b = (float*)product.B;
        Row c0 = default,
            c1 = default,
            c2 = default,
            c3 = default,
            c4 = default,
            c5 = default;
        float* c = (float*)product.C;
        nint stride = product.CStride;
        for (int row = 0; row < TRows.Value; row++)
        {
            // Where the sums go in the end; it comes from afar while k runs.
            Sse.Prefetch0(c + row * stride);
        }

        nint step = 0;
        for (int k = product.K; k > 0; k--)
        {
            Vector256<float> b0 = Vector256.Load(b),
                b1 = TVectors.Value > 1 ? Vector256.Load(b + LaneCount) : default;
            c0.Add<TVectors>(a0[step], b0, b1);
            if (TRows.Value > 1)
            {
                c1.Add<TVectors>(a1[step], b0, b1);
            }

            if (TRows.Value > 2)
            {
                c2.Add<TVectors>(a2[step], b0, b1);
            }

            if (TRows.Value > 3)
            {
                c3.Add<TVectors>(a3[step], b0, b1);
            }

            if (TRows.Value > 4)
            {
                c4.Add<TVectors>(a4[step], b0, b1);
            }

            if (TRows.Value > 5)
            {
                c5.Add<TVectors>(a5[step], b0, b1);
            }

            step += stepStride;
            b += TVectors.Value * LaneCount;
        }

        bool add = product.Add;
        c0.Store<TVectors>(c, add);
        if (TRows.Value > 1)
        {
            c1.Store<TVectors>(c + stride, add);
        }

        if (TRows.Value > 2)
        {
            c2.Store<TVectors>(c + 2 * stride, add);
        }

        if (TRows.Value > 3)
        {
            c3.Store<TVectors>(c + 3 * stride, add);
        }

        if (TRows.Value > 4)
        {
            c4.Store<TVectors>(c + 4 * stride, add);
        }

        if (TRows.Value > 5)
        {
            c5.Store<TVectors>(c + 5 * stride, add);
        }
    }

    /// <summary>One row of the tile; a struct of two vectors is kept in two registers.</summary>
    struct Row
    {
        Vector256<float> _v0;
        Vector256<float> _v1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add<TVectors>(float a, Vector256<float> b0, Vector256<float> b1)
            where TVectors : struct, ICount
        {
            Vector256<float> all = Vector256.Create(a);
            _v0 = Fma.MultiplyAdd(all, b0, _v0);
            if (TVectors.Value > 1)
            {
                _v1 = Fma.MultiplyAdd(all, b1, _v1);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Store<TVectors>(float* c, bool add)
            where TVectors : struct, ICount
        {
            Store(c, _v0, add);
            if (TVectors.Value > 1)
            {
                Store(c + LaneCount, _v1, add);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void Store(float* c, Vector256<float> sum, bool add) =>
            (add ? Vector256.Load(c) + sum : sum).Store(c);
    }
}
