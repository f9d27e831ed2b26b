using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Espalier.Kernels.Grouped;

/// <summary>
/// AVX2. <c>vpmaddubsw</c> adds two products in 16 bits, where 2 · 15 · 127 fit and 2 · 255 · 127 do not: so a code of eight bits is
/// taken as two of four. One vector of 16 outputs at a time, as two halves. Beside codes of eight bits the two bytes of a number count
/// as two rows, the low and then the high one.
/// </summary>
sealed unsafe class Avx2GroupedGemm : TiledGroupedGemm
{
    const int Half = 8;

    public static bool IsSupported => Avx2.IsSupported && Fma.IsSupported;

    protected override int TileRows(GroupedPanels panels) => 4 / panels.Digits;

    protected override void Multiply(ref GroupedTile tile, GroupedPanels weights)
    {
        bool four = weights.Bits == 4,
            offsets = weights.Zero is null;
        for (; tile.Tiles > 0; tile.MoveOn())
        {
            for (int half = 0; half < 2 * tile.Vectors; half++)
            {
                switch (tile.Rows * weights.Digits)
                {
                    case 1:
                        Multiply<One>(ref tile, half, four, offsets);
                        break;
                    case 2:
                        Multiply<Two>(ref tile, half, four, offsets);
                        break;
                    case 3:
                        Multiply<Three>(ref tile, half, four, offsets);
                        break;
                    default:
                        Multiply<Four>(ref tile, half, four, offsets);
                        break;
                }
            }
        }
    }

    static void Multiply<TRows>(ref GroupedTile tile, int half, bool four, bool offsets)
        where TRows : struct, ICount
    {
        if (four)
        {
            Groups<TRows, FourBits>(ref tile, half, offsets);
        }
        else
        {
            Groups<TRows, EightBits>(ref tile, half, offsets);
        }
    }

    // c_r are the integers of a group, a_r the sum of groups, of row r.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Groups<TRows, TBits>(ref GroupedTile tile, int half, bool offsets)
        where TRows : struct, ICount
        where TBits : struct, IBits
    {
        byte* x = tile.X;
        bool two = TBits.Digits > 1;
        long s1 = TRows.Value > 1 ? tile.XStride : 0,
            s2 = TRows.Value > 2 ? 2 * tile.XStride : 0,
            s3 = TRows.Value > 3 ? 3 * tile.XStride : 0;
        int step = tile.Vectors * GroupedPanels.VectorBytes,
            halves = tile.Vectors * GroupedPanels.VectorColumns;
        byte* weights = tile.Weights + half * (GroupedPanels.VectorBytes / 2);
        Vector256<float> a0 = default,
            a1 = default,
            a2 = default,
            a3 = default;
        Vector256<int> zero = Vector256.Create((int)tile.NegatedZero);
        for (long g = tile.Groups; g > 0; g--)
        {
            Vector256<int> c0 = default,
                c1 = default,
                c2 = default,
                c3 = default;
            long blocks = g == 1 ? tile.LastBlocks : tile.Blocks,
                digit = blocks * TBits.Inputs;
            if (two)
            {
                (s1, s2, s3) = (digit, tile.XStride, tile.XStride + digit);
            }

            if (!offsets)
            {
                c0 = Vector256.Create(*(int*)x) * zero;
                c1 = two ? default : Vector256.Create(*(int*)(x + s1)) * zero;
                c2 = TRows.Value > 2 ? Vector256.Create(*(int*)(x + s2)) * zero : default;
                c3 = two ? default : Vector256.Create(*(int*)(x + s3)) * zero;
            }

            x += GroupedRows.HeadBytes;
            for (long b = blocks; b > 0; b--, weights += step)
            {
                Vector256<byte> w = Vector256.Load(weights),
                    nibble = Vector256.Create((byte)15),
                    low = w & nibble,
                    high = (w.AsUInt16() >> 4).AsByte() & nibble;
                c0 += TBits.Dot(low, high, x);
                if (TRows.Value > 1)
                {
                    c1 += TBits.Dot(low, high, x + s1);
                }

                if (TRows.Value > 2)
                {
                    c2 += TBits.Dot(low, high, x + s2);
                }

                if (TRows.Value > 3)
                {
                    c3 += TBits.Dot(low, high, x + s3);
                }

                x += TBits.Inputs;
            }

            if (two)
            {
                c0 += c1 << 8;
                (c1, s1) = (c2 + (c3 << 8), s2);
                x += digit;
            }

            ushort* scales =
                (ushort*)(weights - half * (GroupedPanels.VectorBytes / 2)) + half * Half;
            Vector256<float> scale = Halves(scales),
                offset = offsets ? Halves(scales + halves) : default;
            a0 = Add(a0, c0, x, scale, offset, offsets);
            if (TRows.Value > TBits.Digits)
            {
                a1 = Add(a1, c1, x + s1, scale, offset, offsets);
            }

            if (!two && TRows.Value > 2)
            {
                a2 = Add(a2, c2, x + s2, scale, offset, offsets);
            }

            if (!two && TRows.Value > 3)
            {
                a3 = Add(a3, c3, x + s3, scale, offset, offsets);
            }

            x += GroupedRows.TailBytes;
            weights += (offsets ? 2 : 1) * halves * sizeof(ushort);
        }

        Finish(ref tile, 0, half, a0);
        if (TRows.Value > TBits.Digits)
        {
            Finish(ref tile, 1, half, a1);
        }

        if (!two && TRows.Value > 2)
        {
            Finish(ref tile, 2, half, a2);
        }

        if (!two && TRows.Value > 3)
        {
            Finish(ref tile, 3, half, a3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> Add(
        Vector256<float> total,
        Vector256<int> sum,
        byte* tail,
        Vector256<float> scale,
        Vector256<float> offset,
        bool offsets
    )
    {
        float* x = (float*)tail;
        Vector256<float> scaled = Avx.ConvertToVector256Single(sum) * Vector256.Create(x[0]);
        total = Fma.MultiplyAdd(scaled, scale, total);
        return offsets ? Fma.MultiplyAdd(Vector256.Create(x[1]), offset, total) : total;
    }

    /// <summary>
    /// Eight numbers of half precision: exponent and fraction moved to their places in float32, the exponent's bias made up for by a
    /// multiplication, which is exact for the subnormal ones too.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> Halves(ushort* from)
    {
        Vector256<int> bits = Avx2.ConvertToVector256Int32(Vector128.Load(from)),
            magnitude = (bits & Vector256.Create(0x7FFF)) << 13,
            sign = (bits & Vector256.Create(0x8000)) << 16;
        const float bias = 5.192296858534828e33f; // 2^112
        return ((magnitude.AsSingle() * Vector256.Create(bias)).AsInt32() | sign).AsSingle();
    }

    static void Finish(ref GroupedTile tile, int row, int half, Vector256<float> total)
    {
        float* y = (float*)((byte*)tile.Y + row * tile.YStride) + half * Half,
            bias = tile.Bias + half * Half;
        total *= Vector256.Load(tile.Units + half * Half);
        long mask = half / 2 < tile.Vectors - 1 ? 0xFF : tile.LastMask >> half % 2 * Half & 0xFF;
        if (mask == 0xFF)
        {
            (total + Vector256.Load(bias)).Store(y);
            return;
        }

        for (int i = 0; (mask >> i & 1) != 0; i++)
        {
            y[i] = total[i] + bias[i];
        }
    }

    /// <summary>What the halves of the bytes of a block are.</summary>
    interface IBits
    {
        /// <summary>Inputs of a block.</summary>
        static abstract int Inputs { get; }

        /// <summary>Bytes of a number of x.</summary>
        static abstract int Digits { get; }

        /// <summary>Sums of their products with a row's bytes, for 8 outputs.</summary>
        static abstract Vector256<int> Dot(Vector256<byte> low, Vector256<byte> high, byte* x);
    }

    /// <summary>Codes of four inputs, and of the next four.</summary>
    readonly struct FourBits : IBits
    {
        public static int Inputs => 8;

        public static int Digits => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<int> Dot(Vector256<byte> low, Vector256<byte> high, byte* x) =>
            Avx2.MultiplyAddAdjacent(
                Avx2.MultiplyAddAdjacent(low, Vector256.Create(*(int*)x).AsSByte())
                    + Avx2.MultiplyAddAdjacent(high, Vector256.Create(*(int*)(x + 4)).AsSByte()),
                Vector256<short>.One
            );
    }

    /// <summary>Two digits of the same four codes.</summary>
    readonly struct EightBits : IBits
    {
        public static int Inputs => 4;

        public static int Digits => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<int> Dot(Vector256<byte> low, Vector256<byte> high, byte* x)
        {
            Vector256<sbyte> four = Vector256.Create(*(int*)x).AsSByte();
            return Avx2.MultiplyAddAdjacent(
                    Avx2.MultiplyAddAdjacent(low, four),
                    Vector256<short>.One
                )
                + Avx2.MultiplyAddAdjacent(
                    Avx2.MultiplyAddAdjacent(high, four),
                    Vector256.Create((short)16)
                );
        }
    }
}
