using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Espalier.Kernels.Reference;
using Espalier.Stored;

namespace Espalier.Kernels.Int8;

/// <summary>
/// <see cref="ReferenceInt8Gemm"/>'s quantization in vectors, bit for bit: a rounded quotient (the reciprocal alone
/// would move ties), and the processor's conversion to int, which rounds halves to even. A row with a
/// number that is not finite goes to the reference.
/// </summary>
static unsafe class RowQuantizer
{
    // The bits of infinity: NaN has more, every number less.
    const int NotFinite = 0x7F800000;

    // Scales from here to 1 / here leave every step of a quotient in the normal numbers.
    const float LeastScale = 1e-30f;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (float Scale, int ZeroPoint) Avx512(ReadOnlySpan<float> x, Span<byte> into)
    {
        const int width = 16;
        int whole = x.Length / width * width;
        fixed (float* from = x)
        fixed (byte* to = into)
        {
            Vector512<float> low = default,
                high = default;
            Vector512<int> magnitude = default,
                withoutSign = Vector512.Create(int.MaxValue);
            for (int i = 0; i < whole; i += width)
            {
                Vector512<float> v = Vector512.Load(from + i);
                low = Avx512F.Min(low, v);
                high = Avx512F.Max(high, v);

                // As bits, infinity and NaN are above all else; min and max of floats may lose a NaN.
                magnitude = Avx512F.Max(magnitude, v.AsInt32() & withoutSign);
            }

            float least = Least(low),
                most = -Least(-high),
                check = Vector512.GreaterThanOrEqualAny(magnitude, Vector512.Create(NotFinite))
                    ? float.NaN
                    : 0;
            if (!Finish(x[whole..], ref least, ref most, check))
            {
                return ReferenceInt8Gemm.QuantizeActivations(x, into);
            }

            var (scale, zero) = ReferenceInt8Gemm.ActivationScale(least, most);
            Vector512<float> divisor = Vector512.Create(scale),
                reciprocal = Vector512.Create(1 / scale);
            Vector512<int> add = Vector512.Create(zero);
            bool normal = scale is > LeastScale and < 1 / LeastScale;
            for (int i = 0; i < whole; i += width)
            {
                Vector512<float> v = Vector512.Load(from + i),
                    quotient = normal ? Divide(v, divisor, reciprocal) : v / divisor;
                Vector512<int> q = Avx512F.ConvertToVector512Int32(quotient) + add;
                q = Avx512F.Max(q, Vector512<int>.Zero);
                Avx512F.ConvertToVector128ByteWithSaturation(q.AsUInt32()).Store(to + i);
            }

            Rest(x, into, whole, scale, zero);
            return (scale, zero);
        }
    }

    /// <summary>
    /// x / divisor with the bits of a division, in half its time: a quotient within an ulp, corrected by what it leaves of x,
    /// is the rounded one if the reciprocal is rounded correctly (Markstein 1990). The first correction brings it there.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<float> Divide(
        Vector512<float> x,
        Vector512<float> divisor,
        Vector512<float> reciprocal
    )
    {
        Vector512<float> q = x * reciprocal,
            left = Avx512F.FusedMultiplyAddNegated(q, divisor, x);
        q = Avx512F.FusedMultiplyAdd(left, reciprocal, q);
        left = Avx512F.FusedMultiplyAddNegated(q, divisor, x);
        return Avx512F.FusedMultiplyAdd(left, reciprocal, q);
    }

    /// <summary>The least of finite numbers.</summary>
    static float Least(Vector512<float> v)
    {
        Vector256<float> eight = Avx.Min(v.GetLower(), v.GetUpper());
        Vector128<float> four = Sse.Min(eight.GetLower(), eight.GetUpper());
        four = Sse.Min(four, Sse.MoveHighToLow(four, four));
        return Math.Min(four[0], four[1]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (float Scale, int ZeroPoint) Avx2(ReadOnlySpan<float> x, Span<byte> into)
    {
        const int width = 8;
        int whole = x.Length / width * width;
        fixed (float* from = x)
        fixed (byte* to = into)
        {
            Vector256<float> low = default,
                high = default,
                zeros = default;
            for (int i = 0; i < whole; i += width)
            {
                // x · 0 is 0, but NaN where x is infinite or NaN; and a sum that met a NaN is one.
                Vector256<float> v = Vector256.Load(from + i);
                low = Avx.Min(low, v);
                high = Avx.Max(high, v);
                zeros += v * Vector256<float>.Zero;
            }

            float least = 0,
                most = 0,
                check = Vector256.Sum(zeros);
            for (int i = 0; i < width; i++)
            {
                least = Math.Min(least, low[i]);
                most = Math.Max(most, high[i]);
            }

            if (!Finish(x[whole..], ref least, ref most, check))
            {
                return ReferenceInt8Gemm.QuantizeActivations(x, into);
            }

            var (scale, zero) = ReferenceInt8Gemm.ActivationScale(least, most);
            Vector256<float> divisor = Vector256.Create(scale);
            Vector256<int> add = Vector256.Create(zero);
            for (int i = 0; i < whole; i += width)
            {
                Vector256<int> q =
                    Avx.ConvertToVector256Int32(Vector256.Load(from + i) / divisor) + add;
                Vector128<short> words = Sse2.PackSignedSaturate(q.GetLower(), q.GetUpper());
                *(long*)(to + i) = Sse2.PackUnsignedSaturate(words, words).AsInt64()[0];
            }

            Rest(x, into, whole, scale, zero);
            return (scale, zero);
        }
    }

    /// <summary>Largest magnitude and quantized weights; <see cref="Int8Rows.Quantize"/>.</summary>
    public static float Weights(ReadOnlySpan<float> row, Span<sbyte> into)
    {
        const int width = 8;
        int whole = row.Length / width * width;
        fixed (float* from = row)
        fixed (sbyte* to = into)
        {
            Vector256<float> most = default,
                zeros = default;
            for (int i = 0; i < whole; i += width)
            {
                Vector256<float> v = Vector256.Load(from + i);
                most = Avx.Max(most, Vector256.Abs(v));
                zeros += v * Vector256<float>.Zero;
            }

            float largest = 0,
                least = 0;
            for (int i = 0; i < width; i++)
            {
                largest = Math.Max(largest, most[i]);
            }

            bool finite = Finish(row[whole..], ref least, ref largest, Vector256.Sum(zeros));
            largest = Math.Max(largest, -least);
            float scale = Int8Rows.ScaleOf(largest);
            if (!finite || !float.IsNormal(scale))
            {
                return Int8Rows.Quantize(row, into);
            }

            Vector256<float> divisor = Vector256.Create(scale);
            for (int i = 0; i < whole; i += width)
            {
                Vector256<int> q = Avx.ConvertToVector256Int32(Vector256.Load(from + i) / divisor);
                Vector128<short> words = Sse2.PackSignedSaturate(q.GetLower(), q.GetUpper());
                *(long*)(to + i) = Sse2.PackSignedSaturate(words, words).AsInt64()[0];
            }

            for (int i = whole; i < row.Length; i++)
            {
                into[i] = Int8Rows.Round(row[i], scale);
            }

            return scale;
        }
    }

    // False: something is not finite, or the range itself is too wide for a float.
    static bool Finish(ReadOnlySpan<float> rest, ref float least, ref float most, float check)
    {
        foreach (float value in rest)
        {
            least = Math.Min(least, value);
            most = Math.Max(most, value);
            check += value * 0;
        }

        return check == 0 && float.IsFinite(most - least);
    }

    static void Rest(ReadOnlySpan<float> x, Span<byte> into, int from, float scale, int zero)
    {
        for (int i = from; i < x.Length; i++)
        {
            into[i] = ReferenceInt8Gemm.QuantizeActivation(x[i], scale, zero);
        }
    }
}
