namespace Espalier.Tests.Kernels.Emulation;

/// <summary>What one 32-bit lane of the dot-product instructions does.</summary>
static class Dot
{
    /// <summary>
    /// VPDPBUSD (SDM volume 2C) and one step of TDPBUSD (2B): four unsigned bytes of a by four signed ones
    /// of b, all four products added to the sum, which wraps.
    /// </summary>
    public static uint Bytes(uint sum, uint a, uint b)
    {
        for (int i = 0; i < 4; i++)
        {
            sum += (uint)((byte)(a >> 8 * i) * (sbyte)(b >> 8 * i));
        }

        return sum;
    }

    /// <summary>
    /// VDPBF16PS (SDM volume 2C): the upper pair first, then the lower, each a fused multiply-add rounded to
    /// nearest even. Denormal inputs count as zero and denormal results become zero, whatever MXCSR says.
    /// </summary>
    public static uint BFloat16Pair(uint sum, uint a, uint b) =>
        Add(Add(sum, Upper(a), Upper(b)), Lower(a), Lower(b));

    /// <summary>sum + a · b with one rounding, without denormals.</summary>
    public static uint Add(uint sum, uint a, uint b) =>
        Flush(
            MathF.FusedMultiplyAdd(
                BitConverter.UInt32BitsToSingle(Flush(a)),
                BitConverter.UInt32BitsToSingle(Flush(b)),
                BitConverter.UInt32BitsToSingle(Flush(sum))
            )
        );

    /// <summary>sum + a, without denormals.</summary>
    public static uint Add(uint sum, uint a) =>
        Flush(
            BitConverter.UInt32BitsToSingle(Flush(sum)) + BitConverter.UInt32BitsToSingle(Flush(a))
        );

    public static uint Upper(uint pair) => pair & 0xFFFF_0000;

    public static uint Lower(uint pair) => pair << 16;

    static uint Flush(float value) => Flush(BitConverter.SingleToUInt32Bits(value));

    static uint Flush(uint bits)
    {
        const uint exponent = 0x7F80_0000,
            sign = 0x8000_0000;
        return (bits & exponent) == 0 ? bits & sign : bits;
    }
}
