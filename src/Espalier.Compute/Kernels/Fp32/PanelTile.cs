using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Espalier.Kernels.Vectors;

namespace Espalier.Kernels.Fp32;

/// <summary>
/// The innermost step of a product: a tile of c, six rows by one panel of columns, kept in registers while k runs. With 32
/// registers of sixteen columns a panel is four of them: 24 accumulators, four registers for B, one for a, and ten loads feed
/// 24 multiply-adds. With 16 registers of eight columns it is two: 12 accumulators, and eight loads feed 12 multiply-adds.
/// </summary>
/// <remarks>
/// One step of k reads a row of the panel of B (some vectors, one lane a column) and one number of each
/// row of a, spread over all lanes; every pair of them is one fused multiply-add into its own accumulator.
/// The accumulators must be many, because each can be added to only every four cycles, and few enough to
/// stay in registers. Each lane therefore is one element of c, and its sum is a plain chain of fused
/// multiply-adds in the order of k: rows never share a sum, so a row's result does not depend on how
/// many rows stand beside it.
/// </remarks>
static unsafe class PanelTile<T>
    where T : struct, ILanes<T>
{
    /// <summary>Rows of a full tile; the strips of a packed a are as high.</summary>
    public const int Rows = 6;

    /// <summary>Columns of a full tile, which are the columns of a panel; the last is padded with zeros to whole vectors.</summary>
    public static int Width => T.Count == 16 ? 4 * T.Count : 2 * T.Count;

    /// <summary>Steps of k after which the sums go to memory, so that what is read over and over stays in cache.</summary>
    public static int Depth => 96 * T.Count;

    /// <summary>c = a · b, or c += a · b, for 1 to <see cref="Rows"/> rows and 1 to Width / Count vectors of columns.</summary>
    public static void Multiply(int rows, int vectors, in TileProduct product)
    {
        switch (vectors)
        {
            case 1:
                Dispatch<One>(rows, product);
                break;
            case 2:
                Dispatch<Two>(rows, product);
                break;
            case 3:
                Dispatch<Three>(rows, product);
                break;
            default:
                Dispatch<Four>(rows, product);
                break;
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
            float* to = c + row * stride;
            Sse.Prefetch0(to);
            Sse.Prefetch0(to + (TVectors.Value > 1 ? T.Count : 0));
            Sse.Prefetch0(to + (TVectors.Value > 2 ? 2 * T.Count : 0));
            Sse.Prefetch0(to + (TVectors.Value > 3 ? 3 * T.Count : 0));
        }

        nint step = 0;
        for (int k = product.K; k > 0; k--)
        {
            T b0 = T.Load(b),
                b1 = TVectors.Value > 1 ? T.Load(b + T.Count) : default,
                b2 = TVectors.Value > 2 ? T.Load(b + 2 * T.Count) : default,
                b3 = TVectors.Value > 3 ? T.Load(b + 3 * T.Count) : default;
            c0.Add<TVectors>(a0[step], b0, b1, b2, b3);
            if (TRows.Value > 1)
            {
                c1.Add<TVectors>(a1[step], b0, b1, b2, b3);
            }

            if (TRows.Value > 2)
            {
                c2.Add<TVectors>(a2[step], b0, b1, b2, b3);
            }

            if (TRows.Value > 3)
            {
                c3.Add<TVectors>(a3[step], b0, b1, b2, b3);
            }

            if (TRows.Value > 4)
            {
                c4.Add<TVectors>(a4[step], b0, b1, b2, b3);
            }

            if (TRows.Value > 5)
            {
                c5.Add<TVectors>(a5[step], b0, b1, b2, b3);
            }

            step += stepStride;
            b += TVectors.Value * T.Count;
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

    /// <summary>One row of the tile; a struct of four vectors is kept in four registers.</summary>
    struct Row
    {
        T _v0;
        T _v1;
        T _v2;
        T _v3;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add<TVectors>(float a, T b0, T b1, T b2, T b3)
            where TVectors : struct, ICount
        {
            T all = T.All(a);
            _v0 = T.MultiplyAdd(all, b0, _v0);
            if (TVectors.Value > 1)
            {
                _v1 = T.MultiplyAdd(all, b1, _v1);
            }

            if (TVectors.Value > 2)
            {
                _v2 = T.MultiplyAdd(all, b2, _v2);
            }

            if (TVectors.Value > 3)
            {
                _v3 = T.MultiplyAdd(all, b3, _v3);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Store<TVectors>(float* c, bool add)
            where TVectors : struct, ICount
        {
            Store(c, _v0, add);
            if (TVectors.Value > 1)
            {
                Store(c + T.Count, _v1, add);
            }

            if (TVectors.Value > 2)
            {
                Store(c + 2 * T.Count, _v2, add);
            }

            if (TVectors.Value > 3)
            {
                Store(c + 3 * T.Count, _v3, add);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void Store(float* c, T sum, bool add) => (add ? T.Load(c) + sum : sum).Store(c);
    }
}

/// <param name="A">The first row; element (row, k) is at row · RowStride + k · StepStride.</param>
/// <param name="B">A panel: step k is the next (vectors · lanes) floats.</param>
/// <param name="CStride">Floats from a row of c to the next.</param>
readonly unsafe record struct TileProduct(
    nint A,
    nint RowStride,
    nint StepStride,
    nint B,
    int K,
    nint C,
    nint CStride,
    bool Add
);
