using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Espalier.Kernels.Vectors;

namespace Espalier.Kernels.Int8;

/// <summary>
/// AVX2: <see cref="Avx512Int8Gemm"/>'s arithmetic on the same layout, one vector of 16 columns at a time
/// as two halves.
/// </summary>
sealed unsafe class Avx2Int8Gemm : TiledInt8Gemm
{
    public static bool IsSupported => Avx2.IsSupported;

    // 4 rows x 2 halves: 8 sums, 2 registers of x (even and odd bytes), 4 of weights, 1 mask: 15 of 16.
    protected override int TileRows => 4;

    protected override Int8Layer PackLayer(LayerWeights weights) =>
        new TiledInt8Layer<Lanes8>(this, weights);

    internal override (float Scale, int ZeroPoint) QuantizeRow(
        ReadOnlySpan<float> x,
        Span<byte> into
    ) => RowQuantizer.Avx2(x, into);

    protected override void MultiplyOne(ref Int8Tile tile)
    {
        for (int v = 0; v < tile.Vectors; v++)
        {
            switch (tile.Rows)
            {
                case 1:
                    Multiply<One>(ref tile, v);
                    break;
                case 2:
                    Multiply<Two>(ref tile, v);
                    break;
                case 3:
                    Multiply<Three>(ref tile, v);
                    break;
                default:
                    Multiply<Four>(ref tile, v);
                    break;
            }
        }
    }

    // c_rh is row r, half h. How bytes become 16 bits: see Avx512Int8Gemm.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Multiply<TRows>(ref Int8Tile tile, int vector)
        where TRows : struct, ICount
    {
        byte* x0 = tile.X,
            x1 = x0 + (TRows.Value > 1 ? tile.XStride : 0),
            x2 = x0 + (TRows.Value > 2 ? 2 * tile.XStride : 0),
            x3 = x0 + (TRows.Value > 3 ? 3 * tile.XStride : 0);
        sbyte* weights = tile.Weights + Int8Panels.VectorBytes * vector;
        long step = Int8Panels.VectorBytes * tile.Vectors;
        Vector256<int> c00 = default,
            c01 = default,
            c10 = default,
            c11 = default,
            c20 = default,
            c21 = default,
            c30 = default,
            c31 = default;
        Vector256<int> low = Vector256.Create(0x00FF00FF);
        for (long g = 0, groups = tile.Groups; g < groups; g++, weights += step)
        {
            Vector256<short> w0 = Vector256.Load(weights).AsInt16(),
                w1 = Vector256.Load(weights + Int8Panels.VectorBytes / 2).AsInt16();
            Vector256<short> even0 = Avx2.ShiftRightArithmetic(Avx2.ShiftLeftLogical(w0, 8), 8),
                even1 = Avx2.ShiftRightArithmetic(Avx2.ShiftLeftLogical(w1, 8), 8),
                odd0 = Avx2.ShiftRightArithmetic(w0, 8),
                odd1 = Avx2.ShiftRightArithmetic(w1, 8);
            Vector256<int> x = Vector256.Create(((int*)x0)[g]);
            Vector256<short> even = (x & low).AsInt16(),
                odd = Avx2.ShiftRightLogical(x.AsInt16(), 8);
            c00 = Dot(c00, even, odd, even0, odd0);
            c01 = Dot(c01, even, odd, even1, odd1);
            if (TRows.Value > 1)
            {
                x = Vector256.Create(((int*)x1)[g]);
                even = (x & low).AsInt16();
                odd = Avx2.ShiftRightLogical(x.AsInt16(), 8);
                c10 = Dot(c10, even, odd, even0, odd0);
                c11 = Dot(c11, even, odd, even1, odd1);
            }

            if (TRows.Value > 2)
            {
                x = Vector256.Create(((int*)x2)[g]);
                even = (x & low).AsInt16();
                odd = Avx2.ShiftRightLogical(x.AsInt16(), 8);
                c20 = Dot(c20, even, odd, even0, odd0);
                c21 = Dot(c21, even, odd, even1, odd1);
            }

            if (TRows.Value > 3)
            {
                x = Vector256.Create(((int*)x3)[g]);
                even = (x & low).AsInt16();
                odd = Avx2.ShiftRightLogical(x.AsInt16(), 8);
                c30 = Dot(c30, even, odd, even0, odd0);
                c31 = Dot(c31, even, odd, even1, odd1);
            }
        }

        Finish(ref tile, 0, vector, c00, c01);
        if (TRows.Value > 1)
        {
            Finish(ref tile, 1, vector, c10, c11);
        }

        if (TRows.Value > 2)
        {
            Finish(ref tile, 2, vector, c20, c21);
        }

        if (TRows.Value > 3)
        {
            Finish(ref tile, 3, vector, c30, c31);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Dot(
        Vector256<int> sum,
        Vector256<short> xEven,
        Vector256<short> xOdd,
        Vector256<short> even,
        Vector256<short> odd
    ) => sum + Avx2.MultiplyAddAdjacent(xEven, even) + Avx2.MultiplyAddAdjacent(xOdd, odd);

    /// <summary>Scales and bias for 16 sums of one row, as two halves.</summary>
    internal static void Finish(
        ref Int8Tile tile,
        int row,
        int vector,
        Vector256<int> c0,
        Vector256<int> c1
    )
    {
        long mask = vector == tile.Vectors - 1 ? tile.LastMask : 0xFFFF;
        float* y = (float*)((byte*)tile.Y + row * tile.YStride) + 16 * vector;
        Finish(ref tile, row, 16 * vector, mask & 0xFF, c0, y);
        Finish(ref tile, row, 16 * vector + 8, mask >> 8, c1, y + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Finish(
        ref Int8Tile tile,
        int row,
        int column,
        long mask,
        Vector256<int> sum,
        float* y
    )
    {
        sum += Vector256.Load(tile.NegatedSums + column) * Vector256.Create(tile.ZeroPoints[row]);
        Vector256<float> value =
            Avx.ConvertToVector256Single(sum)
            * (Vector256.Load(tile.WeightScales + column) * Vector256.Create(tile.XScales[row]));
        if (mask == 0xFF)
        {
            (value + Vector256.Load(tile.Bias + column)).Store(y);
            return;
        }

        for (int i = 0; (mask >> i & 1) != 0; i++)
        {
            y[i] = value[i] + tile.Bias[column + i];
        }
    }
}
