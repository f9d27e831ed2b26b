using Espalier.Tensors;

namespace Espalier.Kernels;

/// <summary>
/// cos and sin of the angles position · theta^(−2i / width) of rotary position embedding (Su et al. 2021). Made once for a
/// width and a theta and shared by all layers that have both. Rounded to float32 at each step, as transformers does it:
/// a model was trained with those angles, however far from the exact ones a late position's are.
/// </summary>
public sealed class RotaryTable
{
    /// <param name="width">Numbers of a head that turn, from its first on: an even number.</param>
    /// <param name="positions">How many there are, from 0 on.</param>
    public RotaryTable(int width, double theta, int positions)
    {
        if (width < 2 || width % 2 != 0 || !(theta > 0) || positions < 1)
        {
            throw new ArgumentException(
                $"Rotary: a width of {width}, a theta of {theta} and {positions} positions; the width is even and above 0, "
                    + "and so is theta, and there is one position at least."
            );
        }

        Width = width;
        Turns = new Tensor(positions, width);
        for (int i = 0; i < width / 2; i++)
        {
            float inverse = 1 / (float)Math.Pow(theta, 2 * i / (float)width);
            for (int position = 0; position < positions; position++)
            {
                float angle = inverse * position;
                Turns.Row(position)[i] = (float)Math.Cos(angle);
                Turns.Row(position)[width / 2 + i] = (float)Math.Sin(angle);
            }
        }
    }

    public int Width { get; }

    /// <summary>[positions, width]: of each, all cosines, then all sines.</summary>
    public Tensor Turns { get; }
}

/// <summary>How heads of rows are turned: numbers i and i + half of the table's width are a point that moves about 0.</summary>
/// <param name="Positions">Of each row (a longer array may be reused).</param>
/// <param name="Heads">That stand side by side; a query's and its key's may be turned at once.</param>
/// <param name="Width">Of one head; what is behind the table's width stays as it is.</param>
public readonly record struct Rotation(RotaryTable Table, int[] Positions, int Heads, int Width)
{
    /// <exception cref="ArgumentException">Rows, columns or positions do not fit.</exception>
    public void Check(Columns x, Columns y)
    {
        int rows = x.Tensor.Rows,
            columns = Heads * Width;
        if (
            Heads < 1
            || Width < Table.Width
            || x.Offset < 0
            || x.Offset > x.Stride - columns
            || y.Offset < 0
            || y.Offset > y.Stride - columns
            || y.Tensor.Rows != rows
            || Positions.Length < rows
        )
        {
            throw new ArgumentException(
                $"Rotate: x is {x.Tensor.Shape} from column {x.Offset} on, y {y.Tensor.Shape} from {y.Offset} on, with "
                    + $"{Positions.Length} positions; {Heads} heads of {Width}, {Table.Width} of them turned, must fit into both."
            );
        }

        for (int r = 0; r < rows; r++)
        {
            if ((uint)Positions[r] >= (uint)Table.Turns.Rows)
            {
                throw new ArgumentException(
                    $"Rotate: row {r} stands at position {Positions[r]}; the table has 0 to {Table.Turns.Rows - 1}."
                );
            }
        }
    }
}
