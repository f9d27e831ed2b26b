using Espalier.Tensors;

namespace Espalier.Stored;

/// <summary>
/// A matrix of codes without a sign, with a scale and an offset for each group of columns in a row: w ≈ scale · code + offset.
/// Kernels multiply with the codes as they are; a form says where its codes and scales lie.
/// </summary>
/// <param name="bits">Of a code: 4 (0 to 15) or 8 (0 to 255; forms of five or six bits count as eight).</param>
/// <param name="group">Columns that share a scale; a multiple of 8. The last group of a row may have fewer.</param>
public abstract class GroupedWeight(Shape shape, int bits, int group) : Weight(shape)
{
    public int Bits { get; } = bits;

    public int Group { get; } = group;

    /// <summary>Of a row.</summary>
    public int Groups => (Columns + Group - 1) / Group;

    /// <summary>The code that stands for 0 in every group, so that offsets need no place; null: each group has an offset.</summary>
    public virtual int? Zero => null;

    /// <summary>Reads a group of a row.</summary>
    /// <param name="codes">Receives the codes, one a byte; as many as the group has columns.</param>
    public abstract (float Scale, float Offset) Read(int row, int group, Span<byte> codes);

    /// <summary>Columns of a group.</summary>
    public int LengthOf(int group) => Math.Min(Group, Columns - group * Group);

    public override string ToString() => $"{Bits}-bit groups of {Group}";

    public override Tensor Dense()
    {
        Tensor dense = new(Shape);
        for (int r = 0; r < Rows; r++)
        {
            AddRow(r, dense.Row(r));
        }

        return dense;
    }

    public override void AddRow(int row, Span<float> to)
    {
        Span<byte> codes = stackalloc byte[Group];
        for (int g = 0; g < Groups; g++)
        {
            Span<float> part = to.Slice(g * Group, LengthOf(g));
            var (scale, offset) = Read(row, g, codes[..part.Length]);
            for (int i = 0; i < part.Length; i++)
            {
                part[i] += scale * codes[i] + offset;
            }
        }
    }

    public override bool Joins(Weight other) =>
        base.Joins(other)
        && other is GroupedWeight like
        && (like.Bits, like.Group, like.Zero) == (Bits, Group, Zero);
}
