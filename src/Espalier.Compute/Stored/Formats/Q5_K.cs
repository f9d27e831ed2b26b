using Espalier.Tensors;

namespace Espalier.Stored.Formats;

/// <summary>As <see cref="Q4_K"/>, with a fifth bit: bit g of byte i belongs to code i of group g.</summary>
sealed class Q5_K : BlockFormat
{
    public override DType Type => DType.Q5_K;

    public override (float Scale, float Offset) Read(
        ReadOnlySpan<byte> block,
        int group,
        Span<byte> codes
    )
    {
        ReadOnlySpan<byte> fifth = block.Slice(16, 32),
            bytes = block.Slice(48 + group / 2 * 32, 32);
        for (int i = 0; i < codes.Length; i++)
        {
            codes[i] = (byte)(bytes[i] >> 4 * (group & 1) & 15 | (fifth[i] >> group & 1) << 4);
        }

        return SixBits(block, group);
    }
}
