using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Espalier.Kernels.Reference;

namespace Espalier.Kernels.Grouped;

/// <summary>A row's groups as integers, eight numbers at a time; the bits of <see cref="ReferenceGroupedGemm"/>.</summary>
static unsafe class GroupQuantizer
{
    const int Width = 8;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Row(ReadOnlySpan<float> x, GroupedRows into, int row)
    {
        fixed (float* first = x)
        {
            byte* to = (byte*)Unsafe.AsPointer(ref into.Values[0]) + (long)row * into.Stride;
            int most = into.Most;
            for (int at = 0; at < x.Length; at += into.Group)
            {
                int columns = Math.Min(into.Group, x.Length - at),
                    bytes = into.Digits * GroupedRows.Padded(columns);
                Span<sbyte> digits = new(to + GroupedRows.HeadBytes, bytes);
                var (scale, sum) =
                    columns % Width == 0
                        ? Group(first + at, columns, digits, most)
                        : ReferenceGroupedGemm.QuantizeGroup(x.Slice(at, columns), digits, most);
                *(int*)to = sum;
                float* tail = (float*)(to + GroupedRows.HeadBytes + bytes);
                (tail[0], tail[1]) = (scale, scale * sum);
                to = (byte*)(tail + 2);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static (float Scale, int Sum) Group(float* x, int columns, Span<sbyte> digits, int most)
    {
        // As bits, infinity and NaN are above all else.
        Vector256<int> bits = default,
            withoutSign = Vector256.Create(int.MaxValue);
        for (int i = 0; i < columns; i += Width)
        {
            bits = Avx2.Max(bits, Vector256.Load((int*)x + i) & withoutSign);
        }

        Vector128<int> four = Sse41.Max(bits.GetLower(), bits.GetUpper());
        four = Sse41.Max(four, Sse2.Shuffle(four, 0b01_00_11_10));
        four = Sse41.Max(four, Sse2.Shuffle(four, 0b10_11_00_01));
        float largest = BitConverter.Int32BitsToSingle(four.ToScalar());
        if (!float.IsFinite(largest) || largest < ReferenceGroupedGemm.LeastLargest)
        {
            digits.Clear();
            return (float.IsFinite(largest) ? 0 : float.NaN, 0);
        }

        ref long low = ref Unsafe.As<sbyte, long>(ref MemoryMarshal.GetReference(digits)),
            high = ref Unsafe.Add(ref low, columns / Width);
        bool two = digits.Length > columns;
        Vector256<float> reciprocal = Vector256.Create(most / largest);
        Vector256<int> sums = default;
        for (int i = 0; i < columns; i += Width)
        {
            Vector256<int> q = Avx.ConvertToVector256Int32(Vector256.Load(x + i) * reciprocal);
            sums += q;
            if (two)
            {
                // What is left of q above its lowest byte as a signed one.
                Vector256<int> rest = (q + Vector256.Create(128)) >> 8;
                Unsafe.Add(ref high, i / Width) = Bytes(rest);
                q -= rest << 8;
            }

            Unsafe.Add(ref low, i / Width) = Bytes(q);
        }

        return (largest / most, Vector256.Sum(sums));
    }

    static long Bytes(Vector256<int> q)
    {
        Vector128<short> words = Sse2.PackSignedSaturate(q.GetLower(), q.GetUpper());
        return Sse2.PackSignedSaturate(words, words).AsInt64().ToScalar();
    }
}
