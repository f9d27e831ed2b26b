using Espalier.Tensors;

namespace Espalier.Stored.Formats;

/// <summary>Eight groups of 32 codes of four bits, whose scales and least numbers are themselves codes of six bits.</summary>
sealed class Q4_K : BlockFormat
{
    public override DType Type => DType.Q4_K;
    public override int Bits => 4;

    public override (float Scale, float Offset) Read(
        ReadOnlySpan<byte> block,
        int group,
        Span<byte> codes
    )
    {
        // Two groups share 32 bytes.
        ReadOnlySpan<byte> bytes = block.Slice(16 + group / 2 * 32, 32);
        for (int i = 0; i < codes.Length; i++)
        {
            codes[i] = (byte)(bytes[i] >> 4 * (group & 1) & 15);
        }

        return SixBits(block, group);
    }
}
