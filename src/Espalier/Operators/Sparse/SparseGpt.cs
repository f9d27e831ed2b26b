using System.Numerics.Tensors;
using Espalier.Kernels;
using Tensor = Espalier.Tensors.Tensor;

namespace Espalier.Operators.Sparse;

/// <summary>
/// P(sparsegpt): SparseGPT (Frantar and Alistarh 2023, arXiv 2301.00774, algorithm 1). The weights with the smallest w² / [H⁻¹]_jj become 0,
/// those of 128 columns chosen together, and what each takes from the outputs is made up for by the columns behind it.
/// </summary>
public sealed record SparseGpt()
    : Unstructured("sparsegpt", "zero weights, others making up for them, no faster here", Its)
{
    const int Block = 128;

    static readonly IReadOnlyList<Option> Its =
    [
        .. KnownOfInputs,
        Option.Number<SparseGpt>(
            "damp",
            "Added to the diagonal of H, as a share of its mean.",
            1e-6,
            1,
            o => o.Damp,
            (o, value) => o with { Damp = value }
        ),
    ];

    public double Damp { get; init; } = 0.01;

    internal override void Zero(Tensor[] weights, Moments? moments, double share, Workers workers)
    {
        InverseHessian inverse = InverseHessian.Of(moments!, Damp, ColumnOrder.Columns);
        foreach (Tensor weight in weights)
        {
            Zero(weight, inverse, share, workers);
        }
    }

    internal void Zero(Tensor weight, InverseHessian inverse, double share, Workers workers)
    {
        int rows = weight.Rows,
            width = weight.Columns;
        double[] left = new double[weight.Count];
        for (int i = 0; i < left.Length; i++)
        {
            left[i] = inverse.IsDead(i % width) ? 0 : weight.Span[i];
        }

        for (int first = 0; first < width; first += Block)
        {
            int from = first,
                past = Math.Min(width, first + Block),
                count = past - first;
            bool[] gone = new bool[rows * count];
            if (Span == 0)
            {
                double[] scores = new double[gone.Length];
                workers.Run(
                    rows,
                    r =>
                        Score(
                            left.AsSpan(r * width + from, count),
                            inverse,
                            from,
                            scores.AsSpan(r * count, count)
                        )
                );

                // So many of all columns so far, that those of all blocks are so many of the matrix.
                Lowest.Mark(
                    scores,
                    Lowest.Count(share, (long)rows * past)
                        - Lowest.Count(share, (long)rows * first),
                    gone
                );
            }

            workers.Run(
                rows,
                r =>
                    Row(left.AsSpan(r * width, width), gone.AsSpan(r * count, count), inverse, from)
            );
        }

        TensorPrimitives.ConvertTruncating<double, float>(left, weight.Span);
    }

    /// <summary>w² / U_jj²: what the outputs lose where the columns behind make up for it.</summary>
    static void Score(
        ReadOnlySpan<double> weights,
        InverseHessian inverse,
        int first,
        Span<double> scores
    )
    {
        for (int j = 0; j < weights.Length; j++)
        {
            double ratio = weights[j] / inverse.Row(first + j)[0];
            scores[j] = ratio * ratio;
        }
    }

    /// <summary>Zeroes a block of a row's columns; those behind the block learn of it when the block is done.</summary>
    void Row(Span<double> left, Span<bool> gone, InverseHessian inverse, int first)
    {
        int past = first + gone.Length;
        Span<double> errors = stackalloc double[Block],
            scores = stackalloc double[Block];
        for (int j = first; j < past; j++)
        {
            if (Span > 0 && j % Span == 0)
            {
                int length = Math.Min(Span, past - j);
                Score(left.Slice(j, length), inverse, j, scores);
                Lowest.MarkHalf(scores[..length], Span, gone.Slice(j - first, length));
            }

            errors[j - first] = 0;
            if (gone[j - first])
            {
                ReadOnlySpan<double> factors = inverse.Row(j);
                double error = left[j] / factors[0];
                Span<double> rest = left[(j + 1)..past];
                TensorPrimitives.MultiplyAdd(factors[1..(past - j)], -error, rest, rest);
                (left[j], errors[j - first]) = (0, error);
            }
        }

        Span<double> behind = left[past..];
        for (int j = first; j < past; j++)
        {
            if (errors[j - first] != 0)
            {
                TensorPrimitives.MultiplyAdd(
                    inverse.Row(j)[(past - j)..],
                    -errors[j - first],
                    behind,
                    behind
                );
            }
        }
    }
}
