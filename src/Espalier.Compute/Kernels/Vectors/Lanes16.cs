using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Espalier.Tensors;

namespace Espalier.Kernels.Vectors;

/// <summary>Sixteen lanes: a 512-bit register of AVX-512.</summary>
readonly unsafe struct Lanes16(Vector512<float> value) : ILanes<Lanes16>
{
    readonly Vector512<float> _value = value;

    public static bool IsSupported =>
        Avx512F.IsSupported && Avx512BW.IsSupported && Avx512DQ.IsSupported && Fma.IsSupported;

    public static int Count => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 All(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Load(float* from) => new(Vector512.Load(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* to) => _value.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 LoadPart(float* from, int count) =>
        new(Avx512F.MaskLoad(from, First(count), Vector512<float>.Zero));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StorePart(float* to, int count) => Avx512F.MaskStore(to, First(count), _value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<float> First(int count) =>
        Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(count)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 operator +(Lanes16 a, Lanes16 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 operator -(Lanes16 a, Lanes16 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 operator *(Lanes16 a, Lanes16 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 operator /(Lanes16 a, Lanes16 b) => new(a._value / b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 MultiplyAdd(Lanes16 a, Lanes16 b, Lanes16 c) =>
        new(Avx512F.FusedMultiplyAdd(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Larger(Lanes16 a, Lanes16 b) => new(Avx512F.Max(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Smaller(Lanes16 a, Lanes16 b) => new(Avx512F.Min(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Root(Lanes16 a) => new(Avx512F.Sqrt(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Round(Lanes16 a) => new(Avx512F.RoundScale(a._value, 0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 PowerOfTwo(Lanes16 n)
    {
        Vector512<int> biased = Avx512F.ConvertToVector512Int32(n._value) + Vector512.Create(127);
        return new((biased << 23).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 WhereAtLeast(Lanes16 a, Lanes16 b, Lanes16 value) =>
        new(
            Vector512.ConditionalSelect(
                Vector512.GreaterThanOrEqual(a._value, b._value),
                value._value,
                Vector512<float>.Zero
            )
        );

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Sum() => new Lanes8(_value.GetLower() + _value.GetUpper()).Sum();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Largest() => new Lanes8(Avx.Max(_value.GetLower(), _value.GetUpper())).Largest();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 FromPieces(ushort* from) =>
        new(
            Avx512F.ConvertToVector512Single(Avx512F.ConvertToVector512Int32(Vector256.Load(from)))
        );

    /// <summary>
    /// Eight blocks at once, each in one 64-bit lane. <c>vpmuludq</c> multiplies the low halves of two such lanes
    /// to 64 bits, which is Philox's step, and ignores what the high halves hold, so nothing is ever masked.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Pieces(ulong key, ulong counter, ushort* to)
    {
        // In this order the interleaving at the end puts the blocks in order.
        Vector512<ulong> at =
            Vector512.Create(counter) + Vector512.Create(0ul, 4, 1, 5, 2, 6, 3, 7);
        Vector512<ulong> c0 = at,
            c1 = at >>> 32,
            c2 = Vector512<ulong>.Zero,
            c3 = Vector512<ulong>.Zero;
        Vector512<uint> m0 = Vector512.Create((ulong)Rng.M0).AsUInt32(),
            m1 = Vector512.Create((ulong)Rng.M1).AsUInt32();
        uint k0 = (uint)key,
            k1 = (uint)(key >> 32);
        for (int round = 0; round < Rng.Rounds; round++)
        {
            Vector512<ulong> p0 = Avx512F.Multiply(c0.AsUInt32(), m0),
                p1 = Avx512F.Multiply(c2.AsUInt32(), m1);
            c0 = (p1 >>> 32) ^ c1 ^ Vector512.Create((ulong)k0);
            c1 = p1;
            c2 = (p0 >>> 32) ^ c3 ^ Vector512.Create((ulong)k1);
            c3 = p0;
            k0 += Rng.W0;
            k1 += Rng.W1;
        }

        // Each 64-bit lane takes words 0, 1 of its block in one vector and words 2, 3 in another ...
        Vector512<ulong> low = Vector512.Create(0xFFFFFFFFul);
        Vector512<ulong> first = (c0 & low) | (c1 << 32),
            second = (c2 & low) | (c3 << 32);
        // ... and every second one of them side by side makes the 128 bits of a block.
        Avx512F.UnpackLow(first, second).AsUInt16().Store(to);
        Avx512F.UnpackHigh(first, second).AsUInt16().Store(to + 32);
    }
}
