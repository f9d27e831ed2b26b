using Espalier.Tensors;

namespace Espalier.Stored.Formats;

/// <summary>32 codes of four bits, a scale and the least number.</summary>
sealed class Q4_1 : BlockFormat
{
    public override DType Type => DType.Q4_1;
    public override int Bits => 4;

    public override (float Scale, float Offset) Read(
        ReadOnlySpan<byte> block,
        int group,
        Span<byte> codes
    )
    {
        Nibbles(block[4..], codes);
        return (Half(block, 0), Half(block, 2));
    }
}
