using Espalier.Tensors;

namespace Espalier.Stored;

/// <summary>
/// A parameter in the form in which it lies in memory and on disk. Whoever does not care takes <see cref="Dense"/>; kernels pack
/// from the form itself, so that nothing is rounded twice.
/// </summary>
public abstract class Weight(Shape shape)
{
    public Shape Shape { get; } = shape;

    public int Rows => Shape.Rank == 1 ? 1 : Shape.Count / Columns;

    public int Columns => Shape[^1];

    /// <summary>What it takes in memory, and on disk but for the header.</summary>
    public abstract long Bytes { get; }

    /// <summary>As fp32; the tensor itself where it is that already.</summary>
    public abstract Tensor Dense();

    /// <summary>Adds a row to numbers.</summary>
    public abstract void AddRow(int row, Span<float> to);

    /// <summary>Some of the rows (or elements of a vector), from the first on, in the same form.</summary>
    public abstract Weight Slice(int first, int count);

    /// <summary>The rows of this and of others of the same form, one below the other.</summary>
    protected abstract Weight Append(ReadOnlySpan<Weight> others, Shape shape);

    /// <summary>One below the other: in their form where it is the same, else in fp32.</summary>
    public static Weight Stacked(params ReadOnlySpan<Weight> parts)
    {
        if (parts.Length == 1)
        {
            return parts[0];
        }

        int extent = 0;
        bool same = true;
        foreach (Weight part in parts)
        {
            extent += part.Shape[0];
            same &= part.GetType() == parts[0].GetType();
        }

        if (!same)
        {
            Tensor[] dense = new Tensor[parts.Length];
            for (int i = 0; i < dense.Length; i++)
            {
                dense[i] = parts[i].Dense();
            }

            return Tensor.Stacked(dense);
        }

        Shape shape = parts[0].Shape.Rank == 1 ? new(extent) : new(extent, parts[0].Columns);
        return parts[0].Append(parts[1..], shape);
    }

    public static implicit operator Weight(Tensor tensor) => new Fp32(tensor);
}
