using Espalier.Tensors;

namespace Espalier.Stored;

/// <summary>Two bytes for each number, as a checkpoint held them: bfloat16 or IEEE half precision. Exact in fp32.</summary>
public sealed class HalfWidth(Shape shape, ushort[] bits, DType type) : Weight(shape)
{
    /// <summary>BF16 or F16.</summary>
    public DType Type { get; } = type;

    public ReadOnlySpan<ushort> Bits => bits;

    public float this[int index] => Of(bits[index]);

    public override long Bytes => 2L * bits.Length;

    public override string ToString() => Type == DType.BF16 ? "bf16" : "fp16";

    public override Tensor Dense()
    {
        Tensor dense = new(Shape);
        Span<float> to = dense.Span;
        for (int i = 0; i < to.Length; i++)
        {
            to[i] = Of(bits[i]);
        }

        return dense;
    }

    public override void AddRow(int row, Span<float> to)
    {
        ReadOnlySpan<ushort> from = bits.AsSpan(row * to.Length, to.Length);
        for (int i = 0; i < to.Length; i++)
        {
            to[i] += Of(from[i]);
        }
    }

    public override Weight Slice(int first, int count)
    {
        int width = Shape.Rank == 1 ? 1 : Columns;
        Shape shape = Shape.Rank == 1 ? new(count) : new(count, width);
        return new HalfWidth(shape, bits[(first * width)..((first + count) * width)], Type);
    }

    public override bool Joins(Weight other) => other is HalfWidth half && half.Type == Type;

    public override Weight Transposed()
    {
        ushort[] turned = new ushort[bits.Length];
        for (int r = 0; r < Rows; r++)
        {
            for (int c = 0; c < Columns; c++)
            {
                turned[c * Rows + r] = bits[r * Columns + c];
            }
        }

        return new HalfWidth(new Shape(Columns, Rows), turned, Type);
    }

    protected override Weight Append(ReadOnlySpan<Weight> others, Shape shape)
    {
        List<ushort> all = [.. bits];
        foreach (Weight other in others)
        {
            all.AddRange(((HalfWidth)other).Bits);
        }

        return new HalfWidth(shape, [.. all], Type);
    }

    float Of(ushort value) =>
        Type == DType.BF16
            ? BitConverter.Int32BitsToSingle(value << 16)
            : (float)BitConverter.UInt16BitsToHalf(value);
}
