using System.Numerics.Tensors;
using Espalier.Autograd;
using Tensor = Espalier.Tensors.Tensor;

namespace Espalier.Training.Collective;

/// <summary>Rows of a table with their numbers, in order.</summary>
sealed record SomeRows(int[] Rows, Tensor Numbers)
{
    public FlatView Flat { get; } = new([Numbers]);

    /// <summary>Of numbers.</summary>
    public long Count => (long)Rows.Length * Numbers.Columns;

    public static SomeRows Of(Tensor table, RowSet touched)
    {
        int[] rows = touched.Rows.ToArray();
        Tensor numbers = new(Math.Max(1, rows.Length), table.Columns);
        for (int i = 0; i < rows.Length; i++)
        {
            table.Row(rows[i]).CopyTo(numbers.Row(i));
        }

        return new SomeRows(rows, numbers);
    }

    /// <summary>Sees that what came from elsewhere are rows of such a table.</summary>
    public void Check(int tableRows)
    {
        foreach (int row in Rows)
        {
            if (row < 0 || row >= tableRows)
            {
                throw new LostProcessException(
                    $"A process sent row {row} of a table with {tableRows} rows; all processes must run the same command on the same files."
                );
            }
        }
    }

    /// <summary>Adds these rows to the table. A row that one side alone has touched is that side's.</summary>
    /// <param name="touched">The table's; these rows afterwards too.</param>
    /// <param name="before">Whether these are the left-hand side of the sum, whose rows come first.</param>
    public void AddTo(Tensor table, RowSet touched, bool before)
    {
        int[] old = touched.Rows.ToArray();
        for (int i = 0; i < Rows.Length; i++)
        {
            Span<float> to = table.Row(Rows[i]);
            if (touched.Has(Rows[i]))
            {
                TensorPrimitives.Add(to, Numbers.Row(i), to);
            }
            else
            {
                Numbers.Row(i).CopyTo(to);
            }
        }

        if (before)
        {
            touched.Clear();
            touched.Add(Rows);
            touched.Add(old);
        }
        else
        {
            touched.Add(Rows);
        }
    }
}
