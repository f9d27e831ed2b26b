using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Espalier.Kernels.Int8;

/// <summary>
/// AVX-512 without VNNI. Bytes widen to 16 bits before they meet (<c>vpmaddwd</c>), because the shorter
/// <c>vpmaddubsw</c> saturates: 255 · 127 · 2 does not fit 16 bits. A lane's four bytes are taken as two
/// even and two odd ones, so that widening is a shift or a mask and the layout stays that of VNNI.
/// </summary>
sealed unsafe class Avx512Int8Gemm : TiledInt8Gemm
{
    const int Step = Int8Panels.VectorBytes;

    public static bool IsSupported => Avx512F.IsSupported && Avx512BW.IsSupported;

    // 4 rows x 4 vectors: 16 sums, 8 registers of x (even and odd bytes), 2 of weights, 1 mask: 27 of 32.
    protected override int TileRows => 4;

    protected override void MultiplyOne(ref Int8Tile tile)
    {
        switch (tile.Rows)
        {
            case 1:
                Multiply<One>(ref tile);
                break;
            case 2:
                Multiply<Two>(ref tile);
                break;
            case 3:
                Multiply<Three>(ref tile);
                break;
            default:
                Multiply<Four>(ref tile);
                break;
        }
    }

    static void Multiply<TRows>(ref Int8Tile tile)
        where TRows : struct, ICount
    {
        switch (tile.Vectors)
        {
            case 1:
                Multiply<TRows, One>(ref tile);
                break;
            case 2:
                Multiply<TRows, Two>(ref tile);
                break;
            case 3:
                Multiply<TRows, Three>(ref tile);
                break;
            default:
                Multiply<TRows, Four>(ref tile);
                break;
        }
    }

    // The counts are constants to the compiler: what lies behind their tests is there or not at all.
    // c_rv is row r, vector v. As 16 bits a pair of bytes is its even one below its odd one. Of x, which has no sign, a mask
    // and a shift take them apart; of the weights an arithmetic shift right brings the sign along, and the even one
    // is first moved up to where its sign is the number's.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Multiply<TRows, TVectors>(ref Int8Tile tile)
        where TRows : struct, ICount
        where TVectors : struct, ICount
    {
        byte* x0 = tile.X,
            x1 = x0 + (TRows.Value > 1 ? tile.XStride : 0),
            x2 = x0 + (TRows.Value > 2 ? 2 * tile.XStride : 0),
            x3 = x0 + (TRows.Value > 3 ? 3 * tile.XStride : 0);
        sbyte* weights = tile.Weights;
        Vector512<int> c00 = default,
            c01 = default,
            c02 = default,
            c03 = default,
            c10 = default,
            c11 = default,
            c12 = default,
            c13 = default,
            c20 = default,
            c21 = default,
            c22 = default,
            c23 = default,
            c30 = default,
            c31 = default,
            c32 = default,
            c33 = default;
        Vector512<int> low = Vector512.Create(0x00FF00FF);
        for (long g = 0, groups = tile.Groups; g < groups; g++)
        {
            Bytes r0 = Bytes.Unsigned((int*)x0 + g, low),
                r1 = Bytes.Unsigned((int*)x1 + g, low),
                r2 = Bytes.Unsigned((int*)x2 + g, low),
                r3 = Bytes.Unsigned((int*)x3 + g, low);
            Add<TRows>(weights, r0, r1, r2, r3, ref c00, ref c10, ref c20, ref c30);
            if (TVectors.Value > 1)
            {
                Add<TRows>(weights + Step, r0, r1, r2, r3, ref c01, ref c11, ref c21, ref c31);
            }

            if (TVectors.Value > 2)
            {
                Add<TRows>(weights + 2 * Step, r0, r1, r2, r3, ref c02, ref c12, ref c22, ref c32);
            }

            if (TVectors.Value > 3)
            {
                Add<TRows>(weights + 3 * Step, r0, r1, r2, r3, ref c03, ref c13, ref c23, ref c33);
            }

            weights += Step * TVectors.Value;
        }

        Finish<TVectors>(ref tile, 0, c00, c01, c02, c03);
        if (TRows.Value > 1)
        {
            Finish<TVectors>(ref tile, 1, c10, c11, c12, c13);
        }

        if (TRows.Value > 2)
        {
            Finish<TVectors>(ref tile, 2, c20, c21, c22, c23);
        }

        if (TRows.Value > 3)
        {
            Finish<TVectors>(ref tile, 3, c30, c31, c32, c33);
        }
    }

    // One vector of weights with all rows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Add<TRows>(
        sbyte* weights,
        in Bytes r0,
        in Bytes r1,
        in Bytes r2,
        in Bytes r3,
        ref Vector512<int> c0,
        ref Vector512<int> c1,
        ref Vector512<int> c2,
        ref Vector512<int> c3
    )
        where TRows : struct, ICount
    {
        Bytes w = Bytes.Signed(Vector512.Load(weights).AsInt16());
        c0 = w.Dot(r0, c0);
        c1 = TRows.Value > 1 ? w.Dot(r1, c1) : c1;
        c2 = TRows.Value > 2 ? w.Dot(r2, c2) : c2;
        c3 = TRows.Value > 3 ? w.Dot(r3, c3) : c3;
    }

    // Inlined: a sum that is handed on to a call lives on the stack, in the products' loop too.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Finish<TVectors>(
        ref Int8Tile tile,
        int row,
        Vector512<int> c0,
        Vector512<int> c1,
        Vector512<int> c2,
        Vector512<int> c3
    )
        where TVectors : struct, ICount
    {
        float* y = (float*)((byte*)tile.Y + row * tile.YStride);
        Finish(ref tile, row, 0, TVectors.Value == 1, c0, y);
        if (TVectors.Value > 1)
        {
            Finish(ref tile, row, 16, TVectors.Value == 2, c1, y + 16);
        }

        if (TVectors.Value > 2)
        {
            Finish(ref tile, row, 32, TVectors.Value == 3, c2, y + 32);
        }

        if (TVectors.Value > 3)
        {
            Finish(ref tile, row, 48, true, c3, y + 48);
        }
    }

    /// <summary>Scales and bias for 16 sums of one row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Finish(
        ref Int8Tile tile,
        int row,
        int column,
        bool last,
        Vector512<int> sum,
        float* y
    )
    {
        sum += Vector512.Load(tile.NegatedSums + column) * Vector512.Create(tile.ZeroPoints[row]);
        Vector512<float> value =
            Avx512F.ConvertToVector512Single(sum)
            * (Vector512.Load(tile.WeightScales + column) * Vector512.Create(tile.XScales[row]));
        if (!last || tile.LastMask == 0xFFFF)
        {
            (value + Vector512.Load(tile.Bias + column)).Store(y);
            return;
        }

        for (int i = 0; (tile.LastMask >> i & 1) != 0; i++)
        {
            y[i] = value[i] + tile.Bias[column + i];
        }
    }

    // Two bytes of each four as 16 bits, and the other two.
    readonly struct Bytes(Vector512<short> even, Vector512<short> odd)
    {
        readonly Vector512<short> _even = even,
            _odd = odd;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Bytes Unsigned(int* four, Vector512<int> low)
        {
            Vector512<int> x = Vector512.Create(*four);
            return new((x & low).AsInt16(), Avx512BW.ShiftRightLogical(x.AsInt16(), 8));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Bytes Signed(Vector512<short> w) =>
            new(
                Avx512BW.ShiftRightArithmetic(Avx512BW.ShiftLeftLogical(w, 8), 8),
                Avx512BW.ShiftRightArithmetic(w, 8)
            );

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<int> Dot(in Bytes x, Vector512<int> sum) =>
            sum
            + Avx512BW.MultiplyAddAdjacent(x._even, _even)
            + Avx512BW.MultiplyAddAdjacent(x._odd, _odd);
    }
}
