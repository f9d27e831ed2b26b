using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Espalier.Kernels.Reference;

namespace Espalier.Kernels.Grouped;

/// <summary>A row's groups as bytes, eight numbers at a time; the bits of <see cref="ReferenceGroupedGemm"/>.</summary>
static unsafe class GroupQuantizer
{
    const int Width = 8;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Row(ReadOnlySpan<float> x, GroupedRows into, int row)
    {
        fixed (float* first = x)
        {
            byte* to = (byte*)Unsafe.AsPointer(ref into.Values[0]) + (long)row * into.Stride;
            for (int at = 0; at < x.Length; at += into.Group)
            {
                int columns = Math.Min(into.Group, x.Length - at),
                    padded = GroupedRows.Padded(columns);
                sbyte* codes = (sbyte*)(to + GroupedRows.HeadBytes);
                var (scale, sum) =
                    columns % Width == 0
                        ? Group(first + at, codes, columns)
                        : ReferenceGroupedGemm.QuantizeGroup(
                            x.Slice(at, columns),
                            new Span<sbyte>(codes, padded)
                        );
                *(int*)to = sum;
                float* tail = (float*)(to + GroupedRows.HeadBytes + padded);
                (tail[0], tail[1]) = (scale, scale * sum);
                to = (byte*)(tail + 2);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static (float Scale, int Sum) Group(float* x, sbyte* codes, int columns)
    {
        // As bits, infinity and NaN are above all else.
        Vector256<int> most = default,
            withoutSign = Vector256.Create(int.MaxValue);
        for (int i = 0; i < columns; i += Width)
        {
            most = Avx2.Max(most, Vector256.Load((int*)x + i) & withoutSign);
        }

        Vector128<int> four = Sse41.Max(most.GetLower(), most.GetUpper());
        four = Sse41.Max(four, Sse2.Shuffle(four, 0b01_00_11_10));
        four = Sse41.Max(four, Sse2.Shuffle(four, 0b10_11_00_01));
        float largest = BitConverter.Int32BitsToSingle(four.ToScalar());
        if (!float.IsFinite(largest) || largest < ReferenceGroupedGemm.LeastLargest)
        {
            new Span<sbyte>(codes, columns).Clear();
            return (float.IsFinite(largest) ? 0 : float.NaN, 0);
        }

        Vector256<float> reciprocal = Vector256.Create(127 / largest);
        Vector256<int> sums = default;
        for (int i = 0; i < columns; i += Width)
        {
            Vector256<int> q = Avx.ConvertToVector256Int32(Vector256.Load(x + i) * reciprocal);
            sums += q;
            Vector128<short> words = Sse2.PackSignedSaturate(q.GetLower(), q.GetUpper());
            *(long*)(codes + i) = Sse2.PackSignedSaturate(words, words).AsInt64().ToScalar();
        }

        return (largest / 127, Vector256.Sum(sums));
    }
}
