namespace Espalier.Stored;

/// <summary>The numbers that codes from 0 to <paramref name="Most"/> stand for: scale · (code − zero).</summary>
public readonly record struct Grid(float Scale, float Zero, int Most)
{
    // Of a group whose numbers are all the same.
    const float LeastRange = 1e-5f;
    const int HalfOfFloat = 16;

    /// <summary>
    /// For a group of weights. In 4 bits over their range: scale = (max − min) / 15, zero = −half-to-even(min / scale), which may lie
    /// outside the codes. In 8 bits around 0: scale = max|w| / 127, zero = 128.
    /// </summary>
    /// <param name="narrow">
    /// Scale and zero as bfloat16 holds them; with 4 bits the scale has one bit less, so that scale · zero fits the eleven bits of the
    /// half precision in which kernels keep it.
    /// </param>
    public static Grid Of(ReadOnlySpan<float> weights, int bits, bool narrow = false)
    {
        float least = float.PositiveInfinity,
            largest = float.NegativeInfinity;
        foreach (float w in weights)
        {
            least = Math.Min(least, w);
            largest = Math.Max(largest, w);
        }

        return Of(least, largest, bits, narrow);
    }

    /// <inheritdoc cref="Of(ReadOnlySpan{float}, int, bool)"/>
    public static Grid Of(float least, float largest, int bits, bool narrow = false)
    {
        int most = (1 << bits) - 1;
        if (bits == 8)
        {
            float one = Math.Max(largest, -least) / sbyte.MaxValue;
            one = narrow ? Cut(one, HalfOfFloat) : one;
            return new Grid(one == 0 ? 1 : one, IntGroups.MiddleOf8, most);
        }

        float scale = Math.Max(largest - least, LeastRange) / most;
        scale = narrow ? Cut(scale, HalfOfFloat + 1) : scale;
        float zero = -MathF.Round(least / scale, MidpointRounding.ToEven);
        return new Grid(scale, narrow ? Cut(zero, HalfOfFloat) : zero, most);
    }

    /// <summary>Scale and zero as 4 bits are stored with them.</summary>
    public Grid Narrow() =>
        this with
        {
            Scale = Cut(Scale, HalfOfFloat + 1),
            Zero = Cut(Zero, HalfOfFloat),
        };

    public byte Code(float w)
    {
        // Apart, so that a whole zero moves no half to the other side.
        float whole = MathF.Floor(Zero),
            code = MathF.Round(w / Scale + (Zero - whole), MidpointRounding.ToEven) + whole;
        return (byte)Math.Clamp(code, 0, Most);
    }

    public float Value(int code) => Scale * (code - Zero);

    /// <summary>Rounded to fewer bits, halves to even.</summary>
    static float Cut(float value, int bits)
    {
        uint all = BitConverter.SingleToUInt32Bits(value),
            below = (1u << bits) - 1;
        return BitConverter.UInt32BitsToSingle((all + (below >> 1) + ((all >> bits) & 1)) & ~below);
    }
}
