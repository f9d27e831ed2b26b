using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Espalier.Tensors;

namespace Espalier.Kernels.Vectors;

/// <summary>Eight lanes: a 256-bit register of AVX2.</summary>
readonly unsafe struct Lanes8(Vector256<float> value) : ILanes<Lanes8>
{
    readonly Vector256<float> _value = value;

    public static bool IsSupported => Avx2.IsSupported && Fma.IsSupported;

    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 All(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Load(float* from) => new(Vector256.Load(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* to) => _value.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 LoadPart(float* from, int count) => new(Avx.MaskLoad(from, First(count)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StorePart(float* to, int count) => Avx.MaskStore(to, First(count), _value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> First(int count) =>
        Vector256.LessThan(Vector256<int>.Indices, Vector256.Create(count)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 operator +(Lanes8 a, Lanes8 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 operator -(Lanes8 a, Lanes8 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 operator *(Lanes8 a, Lanes8 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 operator /(Lanes8 a, Lanes8 b) => new(a._value / b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 MultiplyAdd(Lanes8 a, Lanes8 b, Lanes8 c) =>
        new(Fma.MultiplyAdd(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Larger(Lanes8 a, Lanes8 b) => new(Avx.Max(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Smaller(Lanes8 a, Lanes8 b) => new(Avx.Min(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Root(Lanes8 a) => new(Avx.Sqrt(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Round(Lanes8 a) => new(Avx.RoundToNearestInteger(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 PowerOfTwo(Lanes8 n)
    {
        Vector256<int> biased = Avx.ConvertToVector256Int32(n._value) + Vector256.Create(127);
        return new((biased << 23).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 WhereAtLeast(Lanes8 a, Lanes8 b, Lanes8 value) =>
        new(Vector256.GreaterThanOrEqual(a._value, b._value) & value._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Sum()
    {
        // Halves are added until one lane is left: 8, 4, 2, 1.
        Vector128<float> four = _value.GetLower() + _value.GetUpper();
        Vector128<float> two = four + Sse.MoveHighToLow(four, four);
        return two.ToScalar() + two.GetElement(1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Largest()
    {
        Vector128<float> four = Sse.Max(_value.GetLower(), _value.GetUpper());
        Vector128<float> two = Sse.Max(four, Sse.MoveHighToLow(four, four));
        return Sse.MaxScalar(two, Sse.Shuffle(two, two, 1)).ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 FromPieces(ushort* from) =>
        new(Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32(Vector128.Load(from))));

    /// <summary>Four blocks at once; <see cref="Lanes16.Pieces"/> explains the steps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Pieces(ulong key, ulong counter, ushort* to)
    {
        Vector256<ulong> at = Vector256.Create(counter) + Vector256.Create(0ul, 2, 1, 3);
        Vector256<ulong> c0 = at,
            c1 = at >>> 32,
            c2 = Vector256<ulong>.Zero,
            c3 = Vector256<ulong>.Zero;
        Vector256<uint> m0 = Vector256.Create((ulong)Rng.M0).AsUInt32(),
            m1 = Vector256.Create((ulong)Rng.M1).AsUInt32();
        uint k0 = (uint)key,
            k1 = (uint)(key >> 32);
        for (int round = 0; round < Rng.Rounds; round++)
        {
            Vector256<ulong> p0 = Avx2.Multiply(c0.AsUInt32(), m0),
                p1 = Avx2.Multiply(c2.AsUInt32(), m1);
            c0 = (p1 >>> 32) ^ c1 ^ Vector256.Create((ulong)k0);
            c1 = p1;
            c2 = (p0 >>> 32) ^ c3 ^ Vector256.Create((ulong)k1);
            c3 = p0;
            k0 += Rng.W0;
            k1 += Rng.W1;
        }

        Vector256<ulong> low = Vector256.Create(0xFFFFFFFFul);
        Vector256<ulong> first = (c0 & low) | (c1 << 32),
            second = (c2 & low) | (c3 << 32);
        Avx2.UnpackLow(first, second).AsUInt16().Store(to);
        Avx2.UnpackHigh(first, second).AsUInt16().Store(to + 16);
    }
}
