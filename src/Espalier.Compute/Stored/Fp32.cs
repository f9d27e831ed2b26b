using System.Numerics.Tensors;
using Espalier.Tensors;
using Tensor = Espalier.Tensors.Tensor;

namespace Espalier.Stored;

/// <summary>Plain float32: what is trained.</summary>
public sealed class Fp32(Tensor tensor) : Weight(tensor.Shape)
{
    public override long Bytes => 4L * tensor.Count;

    public override string ToString() => "fp32";

    public override Tensor Dense() => tensor;

    public override void AddRow(int row, Span<float> to) =>
        TensorPrimitives.Add(to, tensor.Row(row), to);

    public override Weight Slice(int first, int count)
    {
        int width = Shape.Rank == 1 ? 1 : Columns;
        Tensor part = Shape.Rank == 1 ? new(count) : new(count, width);
        tensor.Span.Slice(first * width, count * width).CopyTo(part.Span);
        return part;
    }

    protected override Weight Append(ReadOnlySpan<Weight> others, Shape shape)
    {
        Tensor all = new(shape);
        tensor.Span.CopyTo(all.Span);
        int at = tensor.Count;
        foreach (Weight other in others)
        {
            Tensor dense = other.Dense();
            dense.Span.CopyTo(all.Span[at..]);
            at += dense.Count;
        }

        return all;
    }
}
