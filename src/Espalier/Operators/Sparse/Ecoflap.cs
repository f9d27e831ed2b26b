using Espalier.Data;
using Espalier.Models;
using Espalier.Tensors;

namespace Espalier.Operators.Sparse;

/// <summary>
/// ECoFLaP's coarse step (Sung et al. 2024, arXiv 2310.02998, section 3.2): a layer keeps the more of its weights, the more the loss moves
/// when all of them are moved a little by chance. Two forward passes for each layer and example, and no backward pass.
/// </summary>
static class Ecoflap
{
    /// <summary>ε of the projected gradient.</summary>
    internal const float Step = 1e-3f;

    // A layer loses at most so much more than the mean, as in the authors' code.
    const double Above = 0.1;
    const int Examples = 32;

    // A window of text has as many losses as tokens.
    const int Windows = 8;

    /// <summary>Of each set of layers' weights, the share that goes.</summary>
    public static double[] Shares(Model model, double sparsity, OperatorContext context)
    {
        string[][] sets = Trial.Layers(model.Config);
        long[] sizes =
        [
            .. sets.Select(s => s.Sum(n => (long)model.Parameters.Stored(n).Shape.Count)),
        ];
        return
        [
            .. Kept(Scores(model, sets, context), sizes, 1 - sparsity)
                .Zip(sizes, (kept, size) => 1 - kept / size),
        ];
    }

    /// <summary>Σ over examples of |L(θ + εz) − L(θ − εz)| / 2ε with a normal z for the weights of a layer.</summary>
    internal static double[] Scores(Model model, string[][] sets, OperatorContext context)
    {
        EncodedSplit split = context.Task.Training;
        int count = model.Config.IsLanguage ? Windows : Examples;
        Rng rng = context.Rng.Split("allocation");
        int[] examples = [.. split.Shuffled(rng.Split("examples")).Take(count)];
        Trial trial = new(model, context);
        return [.. sets.Select(Score)];

        double Score(string[] names, int set)
        {
            double sum = 0;
            for (int i = 0; i < examples.Length; i++)
            {
                Rng own = rng.Split((ulong)(set * count + i));
                double Loss(float step)
                {
                    trial.Put(
                        names.ToDictionary(
                            n => n,
                            n => Moved(model.Parameters[n], own.Split(n), step)
                        )
                    );
                    return trial.Loss([split.Take([examples[i]])]);
                }

                sum += Math.Abs(Loss(Step) - Loss(-Step)) / (2 * Step);
            }

            return sum;
        }

        Tensor Moved(Tensor weight, Rng own, float step)
        {
            Tensor moved = weight.Clone();
            context.Workers.Run(
                moved.Rows,
                r =>
                {
                    Span<float> row = moved.Row(r);
                    for (int c = 0; c < row.Length; c++)
                    {
                        row[c] += step * own.Normal((ulong)r * (ulong)row.Length + (ulong)c);
                    }
                }
            );
            return moved;
        }
    }

    /// <summary>How many weights each keeps: what none may fall below, the rest in proportion to the scores, nobody more than it has.</summary>
    internal static double[] Kept(double[] scores, long[] sizes, double share)
    {
        double least = Math.Max(0, share - Above);
        double[] kept = [.. sizes.Select(s => Math.Min(s, Math.Ceiling(s * least)))],
            open = [.. scores];
        for (double rest; (rest = share * sizes.Sum() - kept.Sum()) > 0.5; )
        {
            for (int i = 0; i < kept.Length; i++)
            {
                open[i] = kept[i] < sizes[i] ? open[i] : 0;
            }

            if (open.Sum() == 0)
            {
                // Those that are left move nothing: by their size.
                open = [.. kept.Select((k, i) => k < sizes[i] ? (double)sizes[i] : 0)];
            }

            double all = open.Sum();
            for (int i = 0; i < kept.Length; i++)
            {
                kept[i] = Math.Min(sizes[i], kept[i] + rest * open[i] / all);
            }
        }

        return kept;
    }
}
