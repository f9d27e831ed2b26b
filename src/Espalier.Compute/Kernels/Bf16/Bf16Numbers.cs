using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Espalier.Kernels.Bf16;

/// <summary>
/// bfloat16: the upper half of a float32, rounded to nearest, halves to even; 8 bits of precision over the whole
/// range of float32. What is not a number stays one.
/// </summary>
static unsafe class Bf16Numbers
{
    const uint QuietNan = 0x7FC0;

    /// <summary>The bits of the nearest bfloat16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort Round(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)(float.IsNaN(value) ? QuietNan : (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary>The same number as float32.</summary>
    public static float Rounded(float value) =>
        BitConverter.UInt32BitsToSingle((uint)Round(value) << 16);

    /// <summary>Two steps of k as a product reads them: the first in the lower half.</summary>
    public static uint Pair(float first, float second) => Round(first) | (uint)Round(second) << 16;

    /// <summary>A row, its odd end filled up with a zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Row(float* from, int count, uint* to)
    {
        // Of 32 rounded numbers in two registers the words with odd places: their upper halves.
        Vector512<ushort> upper = Vector512.CreateSequence<ushort>(1, 2);
        int i = 0;
        for (; i + 32 <= count; i += 32)
        {
            Vector512<ushort> low = Rounded(from + i).AsUInt16(),
                high = Rounded(from + i + 16).AsUInt16();
            Avx512BW.PermuteVar32x16x2(low, upper, high).AsUInt32().Store(to + i / 2);
        }

        for (; i < count; i += 2)
        {
            to[i / 2] = Pair(from[i], i + 1 < count ? from[i + 1] : 0);
        }
    }

    /// <summary>Two rows side by side: number j of both is pair j. A missing second row counts as zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows(float* first, float* second, int count, uint* to)
    {
        int j = 0;
        for (; j + 16 <= count; j += 16)
        {
            Vector512<uint> low = Rounded(first + j) >> 16,
                high = second is null
                    ? Vector512<uint>.Zero
                    : Rounded(second + j) & Vector512.Create(0xFFFF0000);
            (low | high).Store(to + j);
        }

        for (; j < count; j++)
        {
            to[j] = Pair(first[j], second is null ? 0 : second[j]);
        }
    }

    /// <summary>Sixteen numbers whose upper halves are rounded; the lower halves hold what is left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<uint> Rounded(float* from)
    {
        Vector512<float> numbers = Vector512.Load(from);
        Vector512<uint> bits = numbers.AsUInt32(),
            rounded = bits + Vector512.Create(0x7FFFu) + ((bits >> 16) & Vector512<uint>.One);
        return Vector512.ConditionalSelect(
            Vector512.Equals(numbers, numbers).AsUInt32(),
            rounded,
            Vector512.Create(QuietNan << 16)
        );
    }
}
