using Espalier.Models;

namespace Espalier.Measuring;

/// <summary>At which efforts a model is measured. Every grid goes from cheapest to dearest and ends with full.</summary>
public static class Efforts
{
    // Between chance and certainty; dense near certainty, where the exits of trained models are.
    static readonly double[] Shares =
    [
        0,
        0.2,
        0.4,
        0.6,
        0.7,
        0.8,
        0.9,
        0.95,
        0.98,
        0.99,
        0.995,
        0.999,
    ]; // csharpier-ignore

    // Up to here thresholds of a dense curve are spaced evenly, beyond by the logarithm of what is left to certainty.
    const double Even = 0.95;
    const double Decades = 3;

    /// <summary>
    /// For quality alone, which one pass tells at any effort: the first exit, then so many thresholds from chance to near
    /// certainty, then full. The same for every model with as many classes, so that curves stand side by side.
    /// </summary>
    public static IReadOnlyList<Effort> Dense(ModelConfig config, int count)
    {
        if (!config.HasExits || config.ExitCount == 1)
        {
            return [Effort.Full];
        }

        double chance = 1.0 / config.Outputs;
        int even = (count + 1) / 2;
        IEnumerable<Effort> between = config.Regression
            ? Patience(config, count).SkipLast(1)
            : Enumerable
                .Range(0, count)
                .Select(i =>
                    i < even
                        ? Even * i / even
                        : 1 - (1 - Even) * Math.Pow(10, -Decades * (i - even) / (count - even))
                )
                .Select(share => new Effort(
                    ExitRule.Confidence,
                    Math.Round(chance + (1 - chance) * share, 6)
                ));
        return [Effort.First, .. between, Effort.Full];
    }

    /// <summary>
    /// Before anything is known of the model: confidence from that of a guess among the classes (the first exit takes
    /// all) to nearly 1; patience for a regression, which has no confidence.
    /// </summary>
    public static IReadOnlyList<Effort> Default(ModelConfig config)
    {
        if (!config.HasExits)
        {
            return [Effort.Full];
        }

        double chance = 1.0 / config.Outputs;
        return config.Regression
            ? Patience(config, int.MaxValue)
            :
            [
                .. Shares
                    // Rounded down, so that an example of equal probabilities leaves at the first.
                    .Select(share => Math.Floor(1e4 * (chance + (1 - chance) * share)) / 1e4)
                    .Distinct()
                    .Select(threshold => new Effort(ExitRule.Confidence, threshold)),
                Effort.Full,
            ];
    }

    /// <summary>
    /// Thresholds of confidence that space the average layers evenly from the first exit to the last, chosen on
    /// held-out examples (never on those that are reported). Fewer come back where steps between them cannot be had.
    /// </summary>
    /// <param name="count">With full.</param>
    public static IReadOnlyList<Effort> Spread(ExitRecord held, int count)
    {
        ModelConfig config = held.Config;
        return config.Regression && config.ExitCount > 1 && count > 1
            ? Patience(config, count - 1)
            : Spread(
                config,
                [.. Enumerable.Range(0, held.Count).Select(i => Confidences(held, i))],
                count
            );
    }

    /// <inheritdoc cref="Spread(ExitRecord, int)"/>
    /// <param name="confidences">Highest probability that each exit but the last gives each example, or each token.</param>
    public static IReadOnlyList<Effort> Spread(
        ModelConfig config,
        double[][] confidences,
        int count
    )
    {
        if (count < 2)
        {
            throw new ArgumentException(
                $"{count} efforts do not span a curve; ask for 2 at least, the cheapest and full."
            );
        }

        if (!config.HasExits || config.ExitCount == 1)
        {
            return [Effort.Full];
        }

        double[] thresholds = [.. confidences.SelectMany(c => c).Distinct().Order()];
        double dearest = (long)config.ExitCount * confidences.Length,
            cheapest = Cost(confidences, thresholds[0]);
        List<Effort> efforts = [];
        for (int i = 0; i < count - 1; i++)
        {
            double wanted = cheapest + (dearest - cheapest) * i / (count - 1);
            double threshold = Shorten(confidences, Nearest(confidences, thresholds, wanted));
            bool dearer =
                efforts.Count == 0
                || Cost(confidences, threshold) > Cost(confidences, efforts[^1].Threshold);
            if (dearer && (i == 0 || Cost(confidences, threshold) < dearest))
            {
                efforts.Add(new Effort(ExitRule.Confidence, threshold));
            }
        }

        return [.. efforts, Effort.Full];
    }

    /// <summary>Highest probability at each exit but the last, computed as <see cref="Effort.Leaves"/> does, to the bit.</summary>
    static double[] Confidences(ExitRecord held, int example)
    {
        double[] confidences = new double[held.Config.ExitCount - 1];
        for (int exit = 0; exit < confidences.Length; exit++)
        {
            ReadOnlySpan<float> logits = held.Logits(example, exit);
            double shift = logits[Effort.Largest(logits)],
                total = 0;
            foreach (float z in logits)
            {
                total += Math.Exp(z - shift);
            }

            confidences[exit] = Math.Exp(-Math.Log(total));
        }

        return confidences;
    }

    /// <summary>Exits passed by all examples together; grows with the threshold.</summary>
    static long Cost(double[][] confidences, double threshold) =>
        confidences.Sum(c =>
        {
            int exit = Array.FindIndex(c, confidence => confidence >= threshold);
            return (long)(exit < 0 ? c.Length : exit) + 1;
        });

    /// <summary>The threshold whose cost is nearest to the wanted one, by halving.</summary>
    static double Nearest(double[][] confidences, double[] thresholds, double wanted)
    {
        int low = 0,
            high = thresholds.Length - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) =
                Cost(confidences, thresholds[middle]) < wanted ? (middle + 1, high) : (low, middle);
        }

        bool before =
            low > 0
            && wanted - Cost(confidences, thresholds[low - 1])
                < Math.Abs(Cost(confidences, thresholds[low]) - wanted);
        return thresholds[before ? low - 1 : low];
    }

    /// <summary>The shortest decimal at which the same examples leave at the same exits.</summary>
    static double Shorten(double[][] confidences, double threshold)
    {
        long cost = Cost(confidences, threshold);
        for (int digits = 2; digits < 15; digits++)
        {
            double rounded = Math.Round(threshold, digits);
            // Exits only move later as the threshold grows, so an equal sum means equal exits.
            if (Cost(confidences, rounded) == cost)
            {
                return rounded;
            }
        }

        return threshold;
    }

    /// <summary>From 1 upwards; a patience of all exits but one cannot end before the last.</summary>
    static IReadOnlyList<Effort> Patience(ModelConfig config, int most)
    {
        int useful = Math.Max(0, config.ExitCount - 2),
            count = Math.Min(useful, most);
        return
        [
            .. Enumerable
                .Range(0, count)
                .Select(i => 1 + (count == 1 ? 0 : (int)((long)i * (useful - 1) / (count - 1))))
                .Select(patience => new Effort(ExitRule.Patience, patience)),
            Effort.Full,
        ];
    }
}
