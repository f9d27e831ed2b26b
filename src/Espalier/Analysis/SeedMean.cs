using Espalier.Data.Metrics;
using Espalier.Measuring;

namespace Espalier.Analysis;

/// <summary>
/// One figure over its seeds: the mean with a 95 % interval. Several measurements with the same seeds in one sitting are one
/// model measured again, and count once; of a single seed the interval is the measurement's own. Null where a figure is absent.
/// </summary>
public static class SeedMean
{
    /// <summary>
    /// A time, an energy or a size, which multiply and are never below 0: intervals are of logarithms. Sittings have a
    /// variance of their own.
    /// </summary>
    public static Estimate? OfCost(
        IReadOnlyList<Measurement> measurements,
        Func<Measurement, Estimate?> figure
    ) =>
        Each(measurements, figure) switch
        {
            null => null,
            [var one] => one.Figure,
            var seeds when seeds.All(s => s.Figure.Value > 0) => OfLogarithms(seeds),
            var seeds => Of([.. seeds.Select(s => s.Figure)], null, v => v, v => Math.Max(0, v)),
        };

    /// <summary>
    /// The task's first metric, on the scale on which it is compared and within its bounds. Seeds share the split, so its
    /// sampling error is added to the spread over seeds and does not shrink with their number: from the answers where they are
    /// known, else what each measurement says of its own.
    /// </summary>
    public static Estimate? OfQuality(
        IReadOnlyList<Measurement> measurements,
        AnsweredExamples answers
    )
    {
        Metric metric = measurements[0].Primary.Kind;
        Measurement[] once = [.. measurements.DistinctBy(m => string.Join('/', m.Seeds))];
        double? error =
            once.Length > 1 && AnsweredExamples.VarianceOf([.. once.Select(answers.Each)]) is { } v
                ? Math.Sqrt(v)
                : null;
        return Each(measurements, Own) switch
        {
            null => null,
            [var one] => one.Figure,
            var seeds => Of(
                [.. seeds.Select(s => s.Figure)],
                [
                    .. seeds.Select(s =>
                        s.Figure is { Low: { } low, High: { } high }
                            ? Math.Abs(
                                Inference.StandardError(metric.Worth(low), metric.Worth(high))
                            )
                            : 0
                    ),
                ],
                metric.Worth,
                metric.Value
            ),
        };

        Estimate? Own(Measurement m) =>
            m.Primary is not { Value: { } value } q ? null
            : error is { } e
                ? new Estimate(
                    value,
                    value - Inference.Reach * e,
                    value + Inference.Reach * e,
                    1,
                    Origin.Measured
                )
            : new Estimate(value, q.Low, q.High, 1, Origin.Measured);
    }

    /// <summary>Whether an interval over seeds covers what another draw of the examples would have given.</summary>
    public static bool CoversExamples(IReadOnlyCollection<Quality> figures) =>
        figures.Count > 0 && figures.All(q => q is { Low: not null, High: not null });

    static List<(string Sitting, Estimate Figure)>? Each(
        IReadOnlyList<Measurement> measurements,
        Func<Measurement, Estimate?> figure
    )
    {
        List<(string Sitting, Estimate Figure)> seeds = [];
        foreach (
            var same in measurements.GroupBy(m =>
                (Seeds: string.Join('/', m.Seeds), Sitting: m.Sitting ?? "")
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

        return seeds;
    }

    static Estimate OfLogarithms(List<(string Sitting, Estimate Figure)> seeds)
    {
        double mean = seeds.Average(s => s.Figure.Value);
        Sittings logarithms = new([.. seeds.Select(s => (s.Sitting, Math.Log(s.Figure.Value)))]);
        double half = logarithms.Half;
        return With(
            [.. seeds.Select(s => s.Figure)],
            mean,
            half > 0 ? Math.Exp(logarithms.Mean - half) : mean,
            half > 0 ? Math.Exp(logarithms.Mean + half) : mean
        );
    }

    /// <param name="errors">Standard errors of each from its examples, on the scale.</param>
    /// <param name="on">To the scale on which means are taken, and back from it within the figure's bounds.</param>
    static Estimate Of(
        Estimate[] seeds,
        double[]? errors,
        Func<double, double> on,
        Func<double, double> back
    )
    {
        double[] values = [.. seeds.Select(s => on(s.Value))];
        double mean = Statistics.Mean(values),
            half = Inference.Half([
                (Inference.Variance(values) / values.Length, values.Length - 1),
                (errors?.Average(e => e * e) ?? 0, double.PositiveInfinity),
            ]),
            low = back(mean - half),
            high = back(mean + half);
        return With(seeds, back(mean), Math.Min(low, high), Math.Max(low, high));
    }

    static Estimate With(Estimate[] seeds, double mean, double low, double high) =>
        new(mean, low, high, seeds.Length, seeds.Max(s => s.Origin))
        {
            Coverage = Statistics.Confidence,
        };
}
