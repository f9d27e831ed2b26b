using Espalier.Stored;

namespace Espalier.Kernels.Grouped;

/// <summary>
/// Scales and offsets of an output's groups as half precision, in units of a power of two, so that the largest is just below 2¹⁵: what
/// a file holds as half precision stays exact, and no magnitude of weights is out of range.
/// </summary>
static class HalfScales
{
    const int TopExponent = 14;
    const int LeastExponent = -126;

    /// <summary>Of a row of weights.</summary>
    /// <param name="codes">Of all its columns.</param>
    /// <param name="offsets">One for each group, or none where the groups have one zero.</param>
    /// <returns>The unit.</returns>
    public static float Read(
        GroupedWeight weights,
        int row,
        Span<byte> codes,
        Span<ushort> scales,
        Span<ushort> offsets
    )
    {
        int count = weights.Groups;
        float[] all = new float[2 * count];
        float largest = 0;
        for (int g = 0; g < count; g++)
        {
            var (scale, offset) = weights.Read(
                row,
                g,
                codes.Slice(g * weights.Group, weights.LengthOf(g))
            );
            all[g] = scale;
            largest = Math.Max(largest, Math.Abs(scale));
            if (offsets.Length > 0)
            {
                all[count + g] = offset;
                largest = Math.Max(largest, Math.Abs(offset));
            }
        }

        float unit = largest is > 0 and < float.PositiveInfinity
            ? MathF.ScaleB(1, Math.Max(LeastExponent, MathF.ILogB(largest) - TopExponent))
            : 1;
        for (int g = 0; g < count; g++)
        {
            scales[g] = Bits(all[g] / unit);
            if (offsets.Length > 0)
            {
                offsets[g] = Bits(all[count + g] / unit);
            }
        }

        return unit;
    }

    public static float Value(ushort bits) => (float)BitConverter.UInt16BitsToHalf(bits);

    static ushort Bits(float value) => BitConverter.HalfToUInt16Bits((Half)value);
}
