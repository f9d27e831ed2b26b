using System.Numerics.Tensors;
using Espalier.Kernels;
using Tensor = Espalier.Tensors.Tensor;

namespace Espalier.Autograd;

public sealed partial class Tape
{
    /// <summary>Sum of rows of tables, [rows, D].</summary>
    /// <param name="rows">Rows in use; index arrays may be longer.</param>
    public Variable Embed(int rows, params (Variable Table, int[] Indices)[] tables) =>
        Record(new Embed(this, rows, tables, 1));

    /// <summary>Rows of one table times a number, [rows, D].</summary>
    public Variable Embed(int rows, Variable table, int[] indices, float scale) =>
        Record(new Embed(this, rows, [(table, indices)], scale));
}

/// <summary>y [T, D] = scale · Σ over tables of table[index of the row]: words, positions, types.</summary>
sealed class Embed : Operation
{
    // Columns of one block of work; every block walks all rows in order, so sums have one order.
    const int BlockColumns = 64;
    readonly (Variable Table, int[] Indices)[] _tables;
    readonly float _scale;

    public Embed(Tape tape, int rows, (Variable Table, int[] Indices)[] tables, float scale)
    {
        (_tables, _scale) = (tables, scale);
        int columns = tables[0].Table.Value.Columns;
        Tensor y = tape.Rent(rows, columns);
        tape.Workers.Run(
            (rows + RowKernels.BlockRows - 1) / RowKernels.BlockRows,
            block =>
            {
                int first = block * RowKernels.BlockRows;
                for (int r = first; r < Math.Min(rows, first + RowKernels.BlockRows); r++)
                {
                    Sum(tables, r, y.Row(r));
                    if (scale != 1)
                    {
                        TensorPrimitives.Multiply(y.Row(r), scale, y.Row(r));
                    }
                }
            }
        );
        Output = new Variable(y, tables.Any(t => t.Table.NeedsGradient));
    }

    static void Sum((Variable Table, int[] Indices)[] tables, int row, Span<float> y)
    {
        tables[0].Table.Value.Row(tables[0].Indices[row]).CopyTo(y);
        for (int t = 1; t < tables.Length; t++)
        {
            TensorPrimitives.Add(y, tables[t].Table.Value.Row(tables[t].Indices[row]), y);
        }
    }

    internal override void Backward(Tape tape)
    {
        Tensor dy = Output.Gradient!;
        foreach (var (table, indices) in _tables.Where(t => t.Table.NeedsGradient))
        {
            Tensor gradient = tape.Sums(table);
            table.Rows?.Add(indices.AsSpan(0, dy.Rows));
            int columns = dy.Columns;
            tape.Workers.Run(
                (columns + BlockColumns - 1) / BlockColumns,
                block =>
                {
                    int first = block * BlockColumns,
                        count = Math.Min(BlockColumns, columns - first);
                    for (int r = 0; r < dy.Rows; r++)
                    {
                        Span<float> to = gradient.Row(indices[r]).Slice(first, count);
                        TensorPrimitives.MultiplyAdd(dy.Row(r).Slice(first, count), _scale, to, to);
                    }
                }
            );
        }
    }

    public override Cost Cost => Cost.Elements((_tables.Length + 1L) * Output.Value.Count);
}
