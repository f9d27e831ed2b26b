using System.Numerics.Tensors;
using Espalier.Data;
using Espalier.Models;
using Espalier.Tensors;
using Tensor = Espalier.Tensors.Tensor;

namespace Espalier.Operators.MixedPrecision;

/// <summary>
/// How bent the loss is along some weights: Q-BERT's Ω = |mean λ| + std λ (Shen et al. 2020, arXiv 1909.05840, definition 1), where λ
/// is the top eigenvalue of ∂²L/∂W², of each of a few portions of the data.
/// </summary>
static class Curvature
{
    const int MostTurns = 20;

    // λ changed by less than this share of itself.
    const double Settled = 0.01;

    // Of the weights' norm, which gradients are taken so far apart for H v.
    const double Step = 1e-3;

    /// <param name="names">Of the matrices, which are as they are in the model when this ends.</param>
    public static double Of(
        Trial trial,
        Parameters weights,
        string[] names,
        IReadOnlyList<Batch> portions,
        Rng rng
    )
    {
        float[] plain = [.. names.SelectMany(n => weights[n].Span.ToArray())];
        double[] tops =
        [
            .. portions.Select(
                (portion, i) =>
                    Top(
                        v => Product(trial, weights, names, plain, portion, v),
                        plain.Length,
                        rng.Split((ulong)i)
                    )
            ),
        ];
        double mean = tops.Average();
        return Math.Abs(mean) + Math.Sqrt(tops.Average(t => (t - mean) * (t - mean)));
    }

    /// <summary>H v by gradients on both sides: (∇L(w + hv) − ∇L(w − hv)) / 2h.</summary>
    internal static float[] Product(
        Trial trial,
        Parameters weights,
        string[] names,
        float[] plain,
        Batch portion,
        float[] v
    )
    {
        float step = (float)(
            Step
            * Math.Max(TensorPrimitives.Norm<float>(plain), Step)
            / TensorPrimitives.Norm<float>(v)
        );
        float[] after = At(step),
            before = At(-step);
        TensorPrimitives.Subtract(after, before, after);
        TensorPrimitives.Divide(after, 2 * step, after);
        trial.Put(new Dictionary<string, Tensor>());
        return after;

        float[] At(float by)
        {
            float[] moved = new float[plain.Length];
            TensorPrimitives.MultiplyAdd(v, by, plain, moved);
            Dictionary<string, Tensor> other = [];
            int at = 0;
            foreach (string name in names)
            {
                Tensor weight = new(weights[name].Shape, moved.AsSpan(at, weights[name].Count));
                other.Add(name, weight);
                at += weight.Count;
            }

            trial.Put(other);
            return trial.Gradient(portion, names);
        }
    }

    /// <summary>The eigenvalue of largest magnitude of a symmetric matrix that is known by its products with vectors; by power iteration.</summary>
    internal static double Top(Func<float[], float[]> product, int size, Rng rng)
    {
        float[] v = [.. Enumerable.Range(0, size).Select(i => rng.Normal((ulong)i))];
        double top = 0;
        for (int turn = 0; turn < MostTurns; turn++)
        {
            TensorPrimitives.Divide(v, TensorPrimitives.Norm<float>(v), v);
            float[] next = product(v);
            double before = top;
            top = TensorPrimitives.Dot<float>(v, next);
            if (
                TensorPrimitives.Norm<float>(next) == 0
                || Math.Abs(top - before) <= Settled * Math.Abs(top)
            )
            {
                return top;
            }

            v = next;
        }

        return top;
    }
}
