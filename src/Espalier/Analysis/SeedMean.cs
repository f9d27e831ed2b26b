using Espalier.Measuring;

namespace Espalier.Analysis;

/// <summary>Of what a mean over seeds is taken.</summary>
public enum SeedSpread
{
    /// <summary>
    /// A quality. Seeds share the split, so its own sampling error, where the measurement knows it, is added to the
    /// spread over seeds and does not shrink with their number.
    /// </summary>
    Quality,

    /// <summary>
    /// A time or an energy, which multiply and are never below 0: intervals are of logarithms. Sittings have a variance
    /// of their own.
    /// </summary>
    Cost,
}

/// <summary>One figure over its seeds.</summary>
public static class SeedMean
{
    /// <summary>
    /// The mean with a 95 % interval. Several measurements with the same seeds in one sitting are one model measured
    /// again, and count once; of a single seed the interval is the measurement's own. Null where a figure is absent.
    /// </summary>
    public static Estimate? Over(
        IReadOnlyList<Measurement> measurements,
        Func<Measurement, Estimate?> figure,
        SeedSpread spread
    )
    {
        List<(string Sitting, Estimate Figure)> seeds = [];
        foreach (
            var same in measurements.GroupBy(m =>
                (Seeds: string.Join('/', m.Seeds), Sitting: SpeedUp.Sitting(m) ?? "")
            )
        )
        {
            Estimate?[] again = [.. same.Select(figure)];
            if (again.Contains(null))
            {
                return null;
            }

            seeds.Add(
                (
                    same.Key.Sitting,
                    again is [{ } only]
                        ? only
                        : again[0]! with
                        {
                            Value = again.Average(e => e!.Value),
                            Low = again.Average(e => e!.Low),
                            High = again.Average(e => e!.High),
                        }
                )
            );
        }

        return seeds is [var one] ? one.Figure
            : spread == SeedSpread.Cost && seeds.All(s => s.Figure.Value > 0) ? OfCosts(seeds)
            : OfQualities([.. seeds.Select(s => s.Figure)], spread);
    }

    /// <summary>
    /// Quality with the sampling error of the split: from the answers where they are known, else what each measurement
    /// says of its own.
    /// </summary>
    public static Estimate? OfQuality(
        IReadOnlyList<Measurement> measurements,
        Axes axes,
        AnsweredExamples answers
    )
    {
        Measurement[] once = [.. measurements.DistinctBy(m => string.Join('/', m.Seeds))];
        double? error = AnsweredExamples.VarianceOf([
            .. once.Select(m => answers.Right(m, axes.Figure(m))),
        ])
            is { } variance
            ? Math.Sqrt(variance)
            : null;
        return Over(
            measurements,
            m =>
                axes.Figure(m) is not { Value: { } value } q ? null
                : error is { } e && once.Length > 1
                    ? new Estimate(
                        value,
                        value - Inference.Reach * e,
                        value + Inference.Reach * e,
                        1,
                        Origin.Measured
                    )
                : new Estimate(value, q.Low, q.High, 1, Origin.Measured),
            SeedSpread.Quality
        );
    }

    /// <summary>Whether an interval over seeds covers what another draw of the examples would have given.</summary>
    public static bool CoversExamples(IReadOnlyCollection<Quality> figures) =>
        figures.Count > 0 && figures.All(q => q is { Low: not null, High: not null });

    static Estimate OfCosts(List<(string Sitting, Estimate Figure)> seeds)
    {
        double mean = seeds.Average(s => s.Figure.Value);
        Sittings logarithms = new([.. seeds.Select(s => (s.Sitting, Math.Log(s.Figure.Value)))]);
        double half = logarithms.Half;
        return Of(
            [.. seeds.Select(s => s.Figure)],
            mean,
            half > 0 ? Math.Exp(logarithms.Mean - half) : mean,
            half > 0 ? Math.Exp(logarithms.Mean + half) : mean
        );
    }

    static Estimate OfQualities(Estimate[] seeds, SeedSpread spread)
    {
        double[] values = [.. seeds.Select(s => s.Value)];
        double mean = Statistics.Mean(values),
            overSeeds = Inference.Variance(values) / values.Length,
            sampling = spread == SeedSpread.Quality
                ? seeds.Average(s => Math.Pow(Inference.StandardError(s.Low, s.High) ?? 0, 2))
                : 0,
            half = Inference.Half([
                (overSeeds, values.Length - 1),
                (sampling, double.PositiveInfinity),
            ]);
        // No share is above 1, and no correlation below −1.
        return Of(
            seeds,
            mean,
            Math.Max(values.Min() < 0 ? -1 : 0, mean - half),
            Math.Min(1, mean + half)
        );
    }

    static Estimate Of(Estimate[] seeds, double mean, double low, double high) =>
        new(mean, low, high, seeds.Length, seeds.Max(s => s.Origin))
        {
            Coverage = Statistics.Confidence,
        };
}
