using Espalier.Tensors;

namespace Espalier.Stored;

/// <summary>Rows that are looked up.</summary>
public interface IRowTable
{
    long Bytes { get; }

    /// <summary>Adds a row to numbers.</summary>
    void AddRow(int row, Span<float> to);
}

/// <summary>
/// A parameter in the form in which it lies in memory and on disk. Whoever does not care takes <see cref="Dense"/>; kernels pack
/// from the form itself, so that nothing is rounded twice.
/// </summary>
public abstract class Weight(Shape shape) : IRowTable
{
    public Shape Shape { get; } = shape;

    public int Rows => Shape.Rank == 1 ? 1 : Shape.Count / Columns;

    public int Columns => Shape[^1];

    /// <summary>What it takes in memory, and on disk but for the header.</summary>
    public abstract long Bytes { get; }

    /// <summary>As fp32; the tensor itself where it is that already.</summary>
    public abstract Tensor Dense();

    /// <summary>With its bytes in memory, for whoever reads all of it: a form may lie in its file until then.</summary>
    public virtual Weight Loaded() => this;

    /// <summary>Adds a row to numbers.</summary>
    public abstract void AddRow(int row, Span<float> to);

    /// <summary>Some of the rows (or elements of a vector), from the first on, in the same form.</summary>
    public abstract Weight Slice(int first, int count);

    /// <summary>Rows for columns; in fp32 where the form cannot be turned.</summary>
    public virtual Weight Transposed() => Dense().Transposed();

    /// <summary>The rows of this and of others of the same form, one below the other.</summary>
    protected abstract Weight Append(ReadOnlySpan<Weight> others, Shape shape);

    /// <summary>Whether the other is of the same form, so that rows of both can stand in one.</summary>
    public virtual bool Joins(Weight other) => other.GetType() == GetType();

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
            same &= parts[0].Joins(part);
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
