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
        : this(Frequencies(width, theta), positions) { }

    /// <param name="frequencies">Angle from one position to the next of each pair.</param>
    /// <param name="positions">How many there are, from 0 on.</param>
    /// <param name="magnitude">What cosines and sines are multiplied by (Peng et al. 2023, equation 22).</param>
    public RotaryTable(ReadOnlySpan<float> frequencies, int positions, float magnitude = 1)
    {
        int half = frequencies.Length;
        if (half < 1 || positions < 1)
        {
            throw new ArgumentException(
                $"Rotary: {half} frequencies and {positions} positions; there is one of each at least."
            );
        }

        Width = 2 * half;
        Turns = new Tensor(positions, Width);
        for (int position = 0; position < positions; position++)
        {
            Span<float> row = Turns.Row(position);
            for (int i = 0; i < half; i++)
            {
                float angle = frequencies[i] * position;
                row[i] = (float)Math.Cos(angle) * magnitude;
                row[half + i] = (float)Math.Sin(angle) * magnitude;
            }
        }
    }

    /// <summary>theta^(−2i / width) for each pair.</summary>
    public static float[] Frequencies(int width, double theta)
    {
        if (width < 2 || width % 2 != 0 || !(theta > 0))
        {
            throw new ArgumentException(
                $"Rotary: a width of {width} and a theta of {theta}; the width is even and above 0, and so is theta."
            );
        }

        float[] frequencies = new float[width / 2];
        for (int i = 0; i < frequencies.Length; i++)
        {
            frequencies[i] = 1 / (float)Math.Pow(theta, 2 * i / (float)width);
        }

        return frequencies;
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
