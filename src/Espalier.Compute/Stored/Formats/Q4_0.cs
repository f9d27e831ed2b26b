using Espalier.Tensors;

namespace Espalier.Stored.Formats;

/// <summary>32 codes of four bits around 8 and a scale.</summary>
sealed class Q4_0 : BlockFormat
{
    public override DType Type => DType.Q4_0;
    public override int Bits => 4;
    public override int? Zero => 8;

    public override (float Scale, float Offset) Read(
        ReadOnlySpan<byte> block,
        int group,
        Span<byte> codes
    )
    {
        Nibbles(block[2..], codes);
        float scale = Half(block, 0);
        return (scale, -8 * scale);
    }

    public override void Write(ReadOnlySpan<float> numbers, Span<byte> block)
    {
        float furthest = 0;
        foreach (float number in numbers)
        {
            furthest = Math.Abs(number) > Math.Abs(furthest) ? number : furthest;
        }

        // The number of largest magnitude becomes code 0, with its sign in the scale.
        float scale = furthest / -8,
            inverse = scale == 0 ? 0 : 1 / scale;
        WriteHalf(block, scale, furthest);
        for (int i = 0; i < numbers.Length / 2; i++)
        {
            int low = Code(numbers[i]),
                high = Code(numbers[i + numbers.Length / 2]);
            block[2 + i] = (byte)(low | high << 4);
        }

        int Code(float number) => Math.Min(15, (int)(number * inverse + 8.5f));
    }
}
