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

    public static Power Of(Blocks blocks, double? margin, CommutativityOptions options, Rng rng)
    {
        int least = FewestOriginals(blocks.Orders, options.Alpha),
            simulated = Math.Max(least, blocks.Count);
        double? smallest = Smallest(blocks, simulated, options, rng);
        // Noise of a mean falls with the root of the number of originals.
        int? needed =
            margin > 0 && smallest is { } effect
                ? Math.Max(least, (int)Math.Ceiling(simulated * Math.Pow(effect / margin.Value, 2)))
                : null;
        return blocks.Count < least
            ? new Power(
                null,
                options.AgainstPower,
                options.Alpha,
                blocks.Count,
                needed,
                $"{blocks.Count} originals and {blocks.Orders} orders cannot give a p below "
                    + $"{Relabelling.SmallestP(blocks.Orders, blocks.Count):0.###}; {least} originals at least can"
            )
            : new Power(
                smallest,
                options.AgainstPower,
                options.Alpha,
                blocks.Count,
                needed,
                smallest is null ? "the runs show no noise from which studies could be simulated" : null
            );
    }

    /// <summary>With which p can fall to alpha at all.</summary>
    static int FewestOriginals(int orders, double alpha)
    {
        int originals = 2;
        while (Relabelling.SmallestP(orders, originals) > alpha)
        {
            originals++;
        }

        return originals;
    }

    static double? Smallest(
        Blocks blocks,
        int originals,
        CommutativityOptions options,
        Rng rng
    )
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
        double low = 0,
            high = 16 * largest;
        for (int i = 0; i < Bisections; i++)
        {
            double middle = (low + high) / 2;
            int found = 0;
            for (int s = 0; s < studies.Length; s++)
            {
                Draws own = new(rng.Split((ulong)s));
                double p = Relabelling.Test(Shifted(studies[s], middle), relabellings, own).P;
                found += p <= options.Alpha ? 1 : 0;
            }

            (low, high) =
                found >= options.AgainstPower * studies.Length ? (low, middle) : (middle, high);
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
        blocks.With(
            [
                .. blocks.Rows.Select(original =>
                    original
                        .Select((row, r) => r == 0 ? row.Select(q => q + effect).ToArray() : row)
                        .ToArray()
                ),
            ]
        );
}
