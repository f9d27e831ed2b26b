using Espalier.Stored;

namespace Espalier.Export;

/// <summary>A weight in groups as MatMulNBits has it: codes of each group from a byte of its own on, the first of two in the lower half.</summary>
sealed class OnnxBlocks
{
    readonly GroupedWeight _weight;

    public OnnxBlocks(GroupedWeight weight)
    {
        _weight = weight;
        int groups = weight.Groups,
            bytes = weight.Group * weight.Bits / 8;
        Codes = new byte[weight.Rows * groups * bytes];
        Scales = new float[weight.Rows * groups];
        Zeros = new float[Scales.Length];
        byte[] group = new byte[weight.Group];
        for (int at = 0; at < Scales.Length; at++)
        {
            int place = at % groups;
            Span<byte> read = group.AsSpan(0, weight.LengthOf(place)),
                to = Codes.AsSpan(at * bytes, bytes);
            var (scale, offset) = weight.Read(at / groups, place, read);
            Scales[at] = scale;
            Zeros[at] = scale == 0 ? 0 : -offset / scale;
            for (int i = 0; i < read.Length; i++)
            {
                Put(to, i, read[i]);
            }
        }
    }

    public byte[] Codes { get; }

    /// <summary>Of each group, row by row.</summary>
    public float[] Scales { get; }

    /// <inheritdoc cref="Scales"/>
    public float[] Zeros { get; }

    /// <summary>The zeros as codes, those of each row from a byte of its own on; null: some are no codes, since a group need not reach 0.</summary>
    public byte[]? PackedZeros()
    {
        int groups = _weight.Groups,
            bytes = (groups * _weight.Bits + 7) / 8;
        byte[] packed = new byte[_weight.Rows * bytes];
        for (int at = 0; at < Zeros.Length; at++)
        {
            byte code = (byte)Math.Clamp(Zeros[at], 0, (1 << _weight.Bits) - 1);
            if (code != Zeros[at])
            {
                return null;
            }

            Put(packed.AsSpan(at / groups * bytes, bytes), at % groups, code);
        }

        return packed;
    }

    void Put(Span<byte> to, int index, byte code) =>
        to[index * _weight.Bits / 8] |= (byte)(_weight.Bits == 4 ? code << 4 * (index & 1) : code);
}
