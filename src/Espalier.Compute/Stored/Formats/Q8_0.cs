using Espalier.Tensors;

namespace Espalier.Stored.Formats;

/// <summary>32 signed bytes and a scale.</summary>
sealed class Q8_0 : BlockFormat
{
    public override DType Type => DType.Q8_0;
    public override int? Zero => 128;

    public override (float Scale, float Offset) Read(
        ReadOnlySpan<byte> block,
        int group,
        Span<byte> codes
    )
    {
        for (int i = 0; i < codes.Length; i++)
        {
            codes[i] = (byte)(block[2 + i] ^ 0x80);
        }

        float scale = Half(block, 0);
        return (scale, -128 * scale);
    }

    public override void Write(ReadOnlySpan<float> numbers, Span<byte> block)
    {
        float largest = 0;
        foreach (float number in numbers)
        {
            largest = Math.Max(largest, Math.Abs(number));
        }

        // Codes are made with the scale in fp32; only then is it rounded.
        float scale = largest / 127,
            inverse = scale == 0 ? 0 : 1 / scale;
        WriteHalf(block, scale, largest);
        for (int i = 0; i < numbers.Length; i++)
        {
            block[2 + i] = (byte)
                (sbyte)MathF.Round(numbers[i] * inverse, MidpointRounding.AwayFromZero);
        }
    }
}
