using Espalier.Tensors;

namespace Espalier.Stored.Formats;

/// <summary>32 codes of five bits, a scale and the least number.</summary>
sealed class Q5_1 : BlockFormat
{
    public override DType Type => DType.Q5_1;

    public override (float Scale, float Offset) Read(
        ReadOnlySpan<byte> block,
        int group,
        Span<byte> codes
    )
    {
        Nibbles(block[8..], codes);
        FifthBits(block[4..], codes);
        return (Half(block, 0), Half(block, 2));
    }
}
