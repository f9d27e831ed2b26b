using Espalier.Tensors;

namespace Espalier.Stored.Formats;

/// <summary>Sixteen groups of 16 codes of six bits around 32, with a signed byte each as scale and one scale of all.</summary>
sealed class Q6_K : BlockFormat
{
    const int Scales = 192;

    public override DType Type => DType.Q6_K;
    public override int Group => 16;
    public override int? Zero => 32;

    protected override (int At, int Count) Halves => (208, 1);

    public override (float Scale, float Offset) Read(
        ReadOnlySpan<byte> block,
        int group,
        Span<byte> codes
    )
    {
        // Of 128 numbers the four quarters lie in layers: two in the halves of 64 bytes, and all four in pairs of bits of 32 bytes.
        int half = group / 8,
            quarter = group % 8 / 2,
            first = group % 2 * 16;
        ReadOnlySpan<byte> low = block.Slice(half * 64 + quarter % 2 * 32 + first, 16),
            high = block.Slice(128 + half * 32 + first, 16);
        for (int i = 0; i < codes.Length; i++)
        {
            codes[i] = (byte)(low[i] >> quarter / 2 * 4 & 15 | (high[i] >> 2 * quarter & 3) << 4);
        }

        float scale = Half(block, 208) * (sbyte)block[Scales + group];
        return (scale, -32 * scale);
    }
}
