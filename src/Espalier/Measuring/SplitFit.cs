namespace Espalier.Measuring;

/// <summary>
/// The mean time of a split from the times of its sample. Each batch stands with its median over passes, weighted so that
/// tokens and layers are the split's. Two things make it uncertain. Blocks differ: by the examples that happen to be in
/// them, as far as tokens and layers do not explain it, and by the noise of their rounds. And passes differ: what slows
/// minutes slows every block of a pass, which a comparison of blocks cannot see.
/// </summary>
/// <param name="Value">Milliseconds per example.</param>
/// <param name="Blocks">What each block contributes to the error, as a share of the value.</param>
/// <param name="Passes">Logarithm of how slow each pass was.</param>
/// <param name="Lost">Share by which the features make residuals look small.</param>
sealed record SplitFit(double Value, double[] Blocks, double[] Passes, double Lost)
{
    // Of a median over a mean, as a variance, for many normal observations.
    const double OfMedian = Math.PI / 2;
    const int EnoughToTrim = 4;

    public static SplitFit Of(
        Calibration weights,
        int[] blockOf,
        int blocks,
        IReadOnlyList<double[]> passes
    )
    {
        int count = blockOf.Length;
        double[] medians =
        [
            .. Enumerable
                .Range(0, count)
                .Select(i => Statistics.Median([.. passes.Select(p => p[i])]).Value),
        ];
        double value = weights.Mean(medians);
        double[] left = weights.Residuals(medians),
            parts = new double[blocks];
        for (int i = 0; i < count; i++)
        {
            parts[blockOf[i]] += weights.Shares[i] * left[i] / value;
        }

        double[] slow =
        [
            .. passes.Select(pass =>
                Math.Log(
                    Statistics
                        .Median([
                            .. Enumerable
                                .Range(0, blocks)
                                .Select(b => Sum(pass, b) / Sum(medians, b)),
                        ])
                        .Value
                )
            ),
        ];
        return new SplitFit(
            value,
            parts,
            slow,
            count / (double)Math.Max(1, count - 1 - weights.Basis.Length)
        );

        double Sum(double[] of, int block)
        {
            double sum = 0;
            for (int i = 0; i < count; i++)
            {
                sum += blockOf[i] == block ? weights.Shares[i] * of[i] : 0;
            }

            return sum;
        }
    }

    /// <summary>The time with its interval, of logarithms: a time is never below 0.</summary>
    public Estimate Estimate(int rounds) => Interval(Value, Blocks, Passes, Lost, rounds);

    /// <summary>
    /// How many times faster than <paramref name="over"/>, from pairs of blocks and passes: what slowed both cancels.
    /// </summary>
    public Estimate SpeedUp(SplitFit over, int rounds) =>
        Interval(
            over.Value / Value,
            [.. over.Blocks.Zip(Blocks, (o, b) => o - b)],
            [.. over.Passes.Zip(Passes, (o, p) => o - p)],
            Math.Max(Lost, over.Lost),
            rounds
        );

    static Estimate Interval(
        double value,
        double[] blocks,
        double[] passes,
        double lost,
        int rounds
    )
    {
        int b = blocks.Length,
            p = passes.Length;
        if (p < 2)
        {
            return new Estimate(value, null, null, rounds, Origin.Measured);
        }

        double ofBlocks = b < 2 ? 0 : b * Square(blocks) * lost,
            ofPasses = OfMedian * Square(Trimmed(passes)) / p,
            variance = ofBlocks + ofPasses;

        // Welch 1947: the freedom of a sum of two variances.
        double freedom =
            variance > 0
                ? variance
                    * variance
                    / ((b < 2 ? 0 : ofBlocks * ofBlocks / (b - 1)) + ofPasses * ofPasses / (p - 1))
                : b + p - 2;
        double reach = Statistics.StudentReach(freedom) * Math.Sqrt(variance);
        return new Estimate(
            value,
            value * Math.Exp(-reach),
            value * Math.Exp(reach),
            rounds,
            Origin.Measured
        )
        {
            Coverage = Statistics.Confidence,
        };
    }

    /// <summary>Of a sample, with n − 1.</summary>
    static double Square(double[] values)
    {
        double deviation = Statistics.StandardDeviation(values) ?? 0;
        return deviation * deviation;
    }

    /// <summary>
    /// With the pass furthest from the median drawn in to the next: the median over passes does not feel how far it is out.
    /// </summary>
    static double[] Trimmed(double[] passes)
    {
        if (passes.Length < EnoughToTrim)
        {
            return passes;
        }

        double middle = Statistics.Median(passes).Value;
        double[] off = [.. passes.Select(x => x - middle).OrderBy(Math.Abs)];
        off[^1] = Math.CopySign(off[^2], off[^1]);
        return off;
    }
}
