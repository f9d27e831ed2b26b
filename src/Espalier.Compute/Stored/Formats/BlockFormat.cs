using System.Buffers.Binary;
using Espalier.Tensors;

namespace Espalier.Stored.Formats;

/// <summary>
/// A block of GGUF: as many numbers of a row as are stored together, in groups with a scale each (ggml's ggml-common.h and
/// ggml-quants.c). A format says where its bits lie; all else is in <see cref="Blocks"/>.
/// </summary>
public abstract class BlockFormat
{
    static readonly BlockFormat[] All =
    [
        new Q8_0(),
        new Q4_0(),
        new Q4_1(),
        new Q5_0(),
        new Q5_1(),
        new Q4_K(),
        new Q5_K(),
        new Q6_K(),
    ];

    /// <summary>Null: the type is none of blocks.</summary>
    public static BlockFormat? Find(DType type) => Array.Find(All, f => f.Type == type);

    public abstract DType Type { get; }

    public BlockSize Size => BlockSize.Of(Type);

    /// <inheritdoc cref="GroupedWeight.Bits"/>
    public virtual int Bits => 8;

    /// <inheritdoc cref="GroupedWeight.Group"/>
    public virtual int Group => 32;

    /// <inheritdoc cref="GroupedWeight.Zero"/>
    public virtual int? Zero => null;

    /// <summary>Where the block's numbers in half precision stand, one behind the other, and how many there are.</summary>
    protected virtual (int At, int Count) Halves => (0, Zero is null ? 2 : 1);

    /// <summary>Reads a group of a block: w = scale · code + offset, without rounding but for that of the sum.</summary>
    public abstract (float Scale, float Offset) Read(
        ReadOnlySpan<byte> block,
        int group,
        Span<byte> codes
    );

    /// <summary>Rounds as many numbers as a block has, as llama.cpp's reference does.</summary>
    /// <exception cref="ArgumentException">The format is read and not written, or a number is beyond its range.</exception>
    public virtual void Write(ReadOnlySpan<float> numbers, Span<byte> block) =>
        throw new ArgumentException($"{Type} is read and not written; Q8_0 and Q4_0 are.");

    /// <summary>Whether no scale is NaN or infinite.</summary>
    public bool IsFinite(ReadOnlySpan<byte> block)
    {
        bool finite = true;
        for (int i = 0; i < Halves.Count; i++)
        {
            finite &= float.IsFinite(Half(block, Halves.At + 2 * i));
        }

        return finite;
    }

    protected static float Half(ReadOnlySpan<byte> block, int at) =>
        (float)BinaryPrimitives.ReadHalfLittleEndian(block[at..]);

    /// <summary>Stores a scale of numbers that reach that far.</summary>
    protected static void WriteHalf(Span<byte> block, float scale, float largest)
    {
        Half half = (Half)scale;
        BinaryPrimitives.WriteHalfLittleEndian(
            block,
            System.Half.IsFinite(half)
                ? half
                : throw new ArgumentException(
                    $"A number of {largest} is beyond what a scale in half precision reaches; write the tensor as F32."
                )
        );
    }

    /// <summary>Codes of four bits: the first half of a group in the lower halves of the bytes, the second in the upper.</summary>
    protected static void Nibbles(ReadOnlySpan<byte> bytes, Span<byte> codes)
    {
        for (int i = 0; i < codes.Length / 2; i++)
        {
            codes[i] = (byte)(bytes[i] & 15);
            codes[i + codes.Length / 2] = (byte)(bytes[i] >> 4);
        }
    }

    /// <summary>The fifth bits of 32 codes.</summary>
    protected static void FifthBits(ReadOnlySpan<byte> bytes, Span<byte> codes)
    {
        uint bits = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        for (int i = 0; i < codes.Length; i++)
        {
            codes[i] |= (byte)((bits >> i & 1) << 4);
        }
    }

    /// <summary>Scale and offset of a group of 32 in a block of 256: eight of each in six bits, in twelve bytes.</summary>
    protected static (float Scale, float Offset) SixBits(ReadOnlySpan<byte> block, int group)
    {
        ReadOnlySpan<byte> packed = block[4..16];
        int scale,
            least;
        if (group < 4)
        {
            (scale, least) = (packed[group] & 63, packed[group + 4] & 63);
        }
        else
        {
            scale = packed[group + 4] & 15 | packed[group - 4] >> 6 << 4;
            least = packed[group + 4] >> 4 | packed[group] >> 6 << 4;
        }

        return (Half(block, 0) * scale, -(Half(block, 2) * least));
    }
}
