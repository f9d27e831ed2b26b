using Espalier.Tensors;

namespace Espalier.Kernels;

/// <summary>
/// Which elements of a row dropout keeps: element c of row r is kept when the (c mod 8)-th 16-bit piece (low
/// half of a word first) of block <c>r · 2^16 + c / 8</c> of the stream is at least p · 65536, rounded. Nothing is stored; the backward
/// pass computes the mask again.
/// </summary>
public static class DropoutMask
{
    /// <summary>p in steps of 1/65536; pieces below it are dropped.</summary>
    public static int Threshold(float probability) => (int)MathF.Round(probability * 65536f);

    /// <summary>What kept elements are multiplied by: 1 / (1 − p), of the p that is really used.</summary>
    public static float Scale(float probability) => 65536f / (65536 - Threshold(probability));

    public static bool Keeps(Rng rng, int threshold, int row, int column)
    {
        var (a, b, c, d) = rng.Block(((ulong)row << 16) + (ulong)(column >> 3));
        uint word = ((column >> 1) & 3) switch
        {
            0 => a,
            1 => b,
            2 => c,
            _ => d,
        };
        return (int)((column & 1) == 0 ? word & 0xFFFF : word >> 16) >= threshold;
    }
}
