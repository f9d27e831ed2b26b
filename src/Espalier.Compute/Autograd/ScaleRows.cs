using System.Numerics.Tensors;
using Espalier.Kernels;
using Tensor = Espalier.Tensors.Tensor;

namespace Espalier.Autograd;

public sealed partial class Tape
{
    /// <summary>Row t of x times scales[index[t]]: the soft extraction of PoWER-BERT (Goyal et al. 2020, section 3.3).</summary>
    /// <param name="index">Of each row (a longer array may be reused).</param>
    public Variable ScaleRows(Variable x, Variable scales, int[] index) =>
        Record(new ScaleRows(this, x, scales, index));
}

sealed class ScaleRows : Operation
{
    readonly Variable _x;
    readonly Variable _scales;
    readonly int[] _index;

    public ScaleRows(Tape tape, Variable x, Variable scales, int[] index)
    {
        for (int r = 0; r < x.Value.Rows; r++)
        {
            if (r >= index.Length || (uint)index[r] >= (uint)scales.Value.Count)
            {
                throw new ArgumentException(
                    $"ScaleRows: row {r} of {x.Value.Shape} has no scale; there are {index.Length} indices, each into "
                        + $"{scales.Value.Count} scales."
                );
            }
        }

        (_x, _scales, _index) = (x, scales, index);
        Tensor y = tape.Rent(x.Value.Shape);
        Each(tape, r => TensorPrimitives.Multiply(x.Value.Row(r), Scale(r), y.Row(r)));
        Output = new Variable(y, x.NeedsGradient || scales.NeedsGradient);
    }

    internal override void Backward(Tape tape)
    {
        Tensor dy = Output.Gradient!;
        if (_x.NeedsGradient)
        {
            Tensor dx = tape.Gradient(_x, out bool add);
            if (!add)
            {
                dx.Span.Clear();
            }

            Each(
                tape,
                r => TensorPrimitives.MultiplyAdd(dy.Row(r), Scale(r), dx.Row(r), dx.Row(r))
            );
        }

        if (_scales.NeedsGradient)
        {
            // Rows may be done in any order; their sums are made in one.
            Tensor dots = tape.Rent(dy.Rows, 1);
            Each(tape, r => dots.Span[r] = TensorPrimitives.Dot(dy.Row(r), _x.Value.Row(r)));
            Span<float> to = tape.Sums(_scales).Span;
            for (int r = 0; r < dy.Rows; r++)
            {
                to[_index[r]] += dots.Span[r];
            }
        }
    }

    float Scale(int row) => _scales.Value.Span[_index[row]];

    void Each(Tape tape, Action<int> row)
    {
        int rows = _x.Value.Rows;
        tape.Workers.Run(
            (rows + RowKernels.BlockRows - 1) / RowKernels.BlockRows,
            block =>
            {
                int first = block * RowKernels.BlockRows;
                for (int r = first; r < Math.Min(rows, first + RowKernels.BlockRows); r++)
                {
                    row(r);
                }
            }
        );
    }

    public override Cost Cost => Cost.Elements(2L * _x.Value.Count);
}
