using System.Buffers;
using System.Numerics.Tensors;
using Espalier.Kernels;
using Tensor = Espalier.Tensors.Tensor;

namespace Espalier.Autograd;

/// <summary>A loss that is a sum over rows of scores, divided by a number. Vocabularies are long, so rows are dealt out.</summary>
/// <param name="Of">A row's part of the sum, from its scores; writes the whole loss' gradient with respect to them.</param>
sealed record RowLoss(RowLoss.Row Of, double Divisor = 1)
{
    /// <param name="scores">A copy, which may be overwritten.</param>
    public delegate double Row(int row, Span<float> scores, Span<float> gradient);

    /// <summary>Of some rows.</summary>
    /// <param name="first">The row of the first of the scores.</param>
    /// <param name="gradient">May be the scores themselves.</param>
    public void Run(Workers workers, int first, Tensor scores, Tensor gradient, double[] parts) =>
        workers.Run(
            scores.Rows,
            r =>
            {
                float[] room = ArrayPool<float>.Shared.Rent(scores.Columns);
                Span<float> own = room.AsSpan(0, scores.Columns);
                scores.Row(r).CopyTo(own);
                parts[first + r] = Of(first + r, own, gradient.Row(r));
                ArrayPool<float>.Shared.Return(room);
            }
        );

    public double Total(double[] parts) => parts.Sum() / Divisor;

    /// <summary>x = by · x; rounded once where a classifier's few are, as <see cref="RowKernels.ManyColumns"/> says.</summary>
    public static void Scale(Span<float> x, double by)
    {
        int whole = x.Length / RowKernels.ManyColumns * RowKernels.ManyColumns;
        TensorPrimitives.Multiply(x[..whole], (float)by, x[..whole]);
        foreach (ref float value in x[whole..])
        {
            value = (float)(value * by);
        }
    }
}
