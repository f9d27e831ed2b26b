using Espalier.Tensors;

namespace Espalier.Stored.Formats;

/// <summary>32 codes of five bits around 16 and a scale.</summary>
sealed class Q5_0 : BlockFormat
{
    public override DType Type => DType.Q5_0;
    public override int? Zero => 16;

    public override (float Scale, float Offset) Read(
        ReadOnlySpan<byte> block,
        int group,
        Span<byte> codes
    )
    {
        Nibbles(block[6..], codes);
        FifthBits(block[2..], codes);
        float scale = Half(block, 0);
        return (scale, -16 * scale);
    }
}
