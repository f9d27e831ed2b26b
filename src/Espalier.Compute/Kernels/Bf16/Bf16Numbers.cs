using System.Runtime.CompilerServices;
using Espalier.Kernels.Emit;

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
    public static void Row(float* from, int count, uint* to)
    {
        const int group = 32;
        int i = 0;
        if (Bf16RoundingCode.IsSupported)
        {
            Bf16RoundingCode.Row(from, count / group, to);
            i = count / group * group;
        }

        for (; i < count; i += 2)
        {
            to[i / 2] = Pair(from[i], i + 1 < count ? from[i + 1] : 0);
        }
    }

    /// <summary>Two rows side by side: number j of both is pair j. A missing second row counts as zeros.</summary>
    public static void Rows(float* first, float* second, int count, uint* to)
    {
        const int group = 16;
        int j = 0;
        if (Bf16RoundingCode.IsSupported && second is not null)
        {
            Bf16RoundingCode.Rows(first, second, count / group, to);
            j = count / group * group;
        }

        for (; j < count; j++)
        {
            to[j] = Pair(first[j], second is null ? 0 : second[j]);
        }
    }
}
