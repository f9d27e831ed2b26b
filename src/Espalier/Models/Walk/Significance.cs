namespace Espalier.Models.Walk;

/// <summary>
/// Order of a sequence's rows by how much they were attended to (Goyal et al. 2020, section 3.2). The first row stands first
/// whatever it got, since classifiers read it; of equals the earlier stands first.
/// </summary>
static class Significance
{
    /// <param name="ranks">Receives one number for each row, the most significant row's first; <see cref="Position"/> reads it.</param>
    public static void Rank(ReadOnlySpan<float> sums, Span<ulong> ranks)
    {
        for (int i = 0; i < sums.Length; i++)
        {
            // Sums are not negative, so their bits are in their order.
            uint less = i == 0 ? 0 : ~BitConverter.SingleToUInt32Bits(Math.Max(0, sums[i]));
            ranks[i] = (ulong)less << 32 | (uint)i;
        }

        ranks.Sort();
    }

    /// <summary>Some ranks by the position of their rows.</summary>
    public static void InOrder(Span<ulong> ranks)
    {
        foreach (ref ulong rank in ranks)
        {
            rank &= uint.MaxValue;
        }

        ranks.Sort();
    }

    public static int Position(ulong rank) => (int)(uint)rank;
}
