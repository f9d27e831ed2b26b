using Espalier.Tensors;

namespace Espalier.Analysis.Orders;

/// <summary>
/// The smallest effect that a study of this size would have found: studies are simulated from the noise of this one, one
/// order's curve is shifted by a constant, and the permutation test is run on each.
/// </summary>
static class Detectable
{
    const int RelabellingsEach = 200;
    const int Bisections = 10;

    /// <summary>Times the largest noise: beyond it only ranks of relabellings matter, and they do not change any more.</summary>
    const double Huge = 16;

    public static Power Of(Blocks blocks, double? margin, CommutativityOptions options, Rng rng)
    {
        int least = FewestOriginals(blocks.Orders, options),
            simulated = Math.Max(least, blocks.Count);
        double? smallest = Smallest(blocks, simulated, options, rng);
        // Noise of a mean falls with the root of the number of originals.
        int? needed =
            margin > 0 && smallest is { } effect
                ? Math.Max(least, (int)Math.Ceiling(simulated * Math.Pow(effect / margin.Value, 2)))
                : null;
        return blocks.Count < least
            ? new Power(null, options.AgainstPower, needed, TooFew(blocks, least, options))
            : new Power(
                smallest,
                options.AgainstPower,
                needed,
                smallest is null
                    ? "the runs show no noise from which studies could be simulated, or too much for any effect to be seen"
                    : null
            );
    }

    static string TooFew(Blocks blocks, int least, CommutativityOptions options)
    {
        double smallestP = Relabelling.SmallestP(blocks.Orders, blocks.Count);
        string who = $"{blocks.Count} originals and {blocks.Orders} orders";
        return smallestP > options.Alpha
            ? $"{who} cannot give a p below {smallestP:0.###}; {least} originals at least can show an effect"
            : $"of studies with {who} at most {100 * MostPower(blocks.Orders, blocks.Count, options.Alpha):0} % would "
                + $"find a shift of one order, however large; {least} originals at least can show an effect";
    }

    /// <summary>With which a shift of one order is found often enough, if only it is large.</summary>
    static int FewestOriginals(int orders, CommutativityOptions options)
    {
        int originals = 2;
        while (MostPower(orders, originals, options.Alpha) < options.AgainstPower)
        {
            originals++;
        }

        return originals;
    }

    /// <summary>
    /// Share of studies that find a shift of one of k orders, however large. Relabellings that keep the runs of that
    /// order together, k · (k−1)!^n of k!^n, all have a large statistic; they fall into (k−1)!^(n−1) classes of k!
    /// equals, and which rank the real labels have among the classes is chance.
    /// </summary>
    internal static double MostPower(int orders, int originals, double alpha)
    {
        double classes = Math.Pow(Relabelling.Factorial(orders - 1), originals - 1),
            // Of all classes, as many have a p of alpha or less.
            found = Math.Floor(
                alpha * Math.Pow(Relabelling.Factorial(orders), originals - 1) + 1e-9
            );
        return Math.Min(1, found / classes);
    }

    static double? Smallest(Blocks blocks, int originals, CommutativityOptions options, Rng rng)
    {
        Draws draws = new(rng.Split("noise"));
        double[][][] noise = Noise(blocks);
        double largest = noise.Max(o => o.Max(r => r.Max(Math.Abs)));
        if (largest == 0)
        {
            return null;
        }

        // The same simulated noise and relabellings for every size of effect, so that power rises with it.
        Blocks[] studies =
        [
            .. Enumerable
                .Range(0, options.SimulatedStudies)
                .Select(_ => Simulated(blocks, noise, originals, draws)),
        ];
        int relabellings = Math.Max(RelabellingsEach, (int)Math.Ceiling(2 / options.Alpha));
        bool IsFound(Blocks study, int number, double effect)
        {
            Draws own = new(rng.Split((ulong)number));
            return Relabelling.Test(Shifted(study, effect), relabellings, own).P <= options.Alpha;
        }

        bool IsFoundOften(double effect) =>
            studies.Where((study, s) => IsFound(study, s, effect)).Count()
            >= options.AgainstPower * studies.Length;

        double low = 0,
            high = Huge * largest;
        if (!IsFoundOften(high))
        {
            return null;
        }

        for (int i = 0; i < Bisections; i++)
        {
            double middle = (low + high) / 2;
            (low, high) = IsFoundOften(middle) ? (low, middle) : (middle, high);
        }

        return high;
    }

    /// <summary>
    /// What is left of each run after its order's and its original's mean. Taking out the order's mean over n originals
    /// shrinks noise by √((n−1)/n), which is given back; taking out the original's changes no difference of orders.
    /// </summary>
    static double[][][] Noise(Blocks blocks)
    {
        double[] means = blocks.Means(blocks.OwnLabels());
        double scale = Math.Sqrt(blocks.Count / (blocks.Count - 1.0));
        return
        [
            .. blocks.Rows.Select(original =>
            {
                double[][] left =
                [
                    .. original.Select(
                        (row, r) =>
                            row.Select((q, p) => scale * (q - means[r * blocks.Places + p]))
                                .ToArray()
                    ),
                ];
                for (int p = 0; p < blocks.Places; p++)
                {
                    double mean = left.Average(row => row[p]);
                    foreach (double[] row in left)
                    {
                        row[p] -= mean;
                    }
                }

                return left;
            }),
        ];
    }

    /// <summary>Originals drawn with replacement, their runs given to orders at random, upside down half the time.</summary>
    static Blocks Simulated(Blocks blocks, double[][][] noise, int originals, Draws draws)
    {
        double[][][] rows = new double[originals][][];
        for (int o = 0; o < originals; o++)
        {
            double[][] from = noise[draws.Below(noise.Length)];
            int[] order = [.. Enumerable.Range(0, from.Length)];
            draws.Shuffle(order);
            double sign = draws.Below(2) == 0 ? 1 : -1;
            rows[o] = [.. order.Select(r => from[r].Select(q => sign * q).ToArray())];
        }

        return blocks.With(rows);
    }

    static Blocks Shifted(Blocks blocks, double effect) =>
        blocks.With([
            .. blocks.Rows.Select(original =>
                original
                    .Select((row, r) => r == 0 ? row.Select(q => q + effect).ToArray() : row)
                    .ToArray()
            ),
        ]);
}
