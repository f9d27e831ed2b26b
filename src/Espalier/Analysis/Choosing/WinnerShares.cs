using Espalier.Data.Metrics;
using Espalier.Measuring;
using Espalier.Tensors;

namespace Espalier.Analysis.Choosing;

/// <summary>What one row had on each seed, all rows on the same seeds.</summary>
/// <param name="Times">As shares of the base's on the same seed.</param>
/// <param name="Energies">Likewise; null where one is missing.</param>
public sealed record SeededRow(
    string Name,
    IReadOnlyList<double> Qualities,
    IReadOnlyList<double> Times,
    IReadOnlyList<double>? Energies = null
)
{
    /// <summary>In the order of the seeds; null where a seed has no quality above 0, or no time beside O's.</summary>
    public static SeededRow? Of(
        IReadOnlyList<Measurement> measurements,
        IReadOnlyList<Measurement> originals
    )
    {
        (double? Quality, double? Time, double? Energy)[] seeds =
        [
            .. measurements
                .GroupBy(MeanPoint.SeedsOf)
                .OrderBy(g => g.Key, StringComparer.Ordinal)
                .Select(g =>
                    (
                        g.Average(m => m.Primary.Value),
                        g.Average(m => SpeedUp.ShareOf(m, originals)),
                        g.Average(m => SpeedUp.ShareOf(m, originals, o => o.Joules))
                    )
                ),
        ];
        return seeds.Any(s => s.Quality is not > 0 || s.Time is null)
            ? null
            : new SeededRow(
                Alternative.NameOf(measurements[0].Pipeline, measurements[0].Effort),
                [.. seeds.Select(s => s.Quality!.Value)],
                [.. seeds.Select(s => s.Time!.Value)],
                seeds.Any(s => s.Energy is not > 0) ? null : [.. seeds.Select(s => s.Energy!.Value)]
            );
    }
}

/// <summary>What one row had in each window of a text, of a single seed; all rows on the same windows.</summary>
/// <param name="Worths">Whose mean is the worth of the quality.</param>
/// <param name="Time">As a share of the base's.</param>
/// <param name="Energy">Likewise; null where it is missing.</param>
/// <param name="Luck">Standard error of the logarithm of the time, by rounds; those that were slow cost energy as well.</param>
public sealed record WindowedRow(
    string Name,
    IReadOnlyList<double> Worths,
    double Time,
    double? Energy,
    double Luck
)
{
    /// <summary>Null where its windows or its time are not known.</summary>
    public static WindowedRow? Of(MeanPoint p, Alternative @base) =>
        p is { OnWindows: { } windows, SpeedUp: { } times, Milliseconds: { } ms }
            ? new WindowedRow(
                p.Name,
                windows,
                1 / times.Value,
                p.Joules?.Value / @base.Joules?.Value,
                ms is { Low: > 0 and var low, High: { } high }
                    ? Inference.StandardError(Math.Log(low), Math.Log(high))
                    : 0
            )
            : null;
}

/// <summary>
/// How sure a winner by P^x · ((1 − b) · T + b · E) is: the share of resampled studies in which it wins. Seeds are drawn with
/// replacement, the same for all rows, and means are moved √(n / (n − 1)) times as far as the drawn ones, which makes their spread
/// that of a mean of n. Of a single seed windows are drawn instead, and times by what rounds differ.
/// </summary>
public sealed class WinnerShares
{
    const int Studies = 400;

    readonly string[] _names;

    // [study][row]: ln P, ln T and ln E.
    readonly (double Quality, double Time, double? Energy)[][] _studies;

    /// <param name="base">Of the base; two seeds at least.</param>
    public WinnerShares(IReadOnlyList<SeededRow> rows, SeededRow @base, Metric metric, Rng rng)
    {
        _names = [.. rows.Select(r => r.Name)];
        int n = @base.Qualities.Count;
        Draws draws = new(rng);
        _studies =
        [
            .. Enumerable
                .Range(0, Studies)
                .Select(_ =>
                {
                    double[] weights = Weights(n, draws);
                    double Mean(IReadOnlyList<double> values, Func<double, double> of) =>
                        values.Select((v, i) => weights[i] * of(v)).Sum();
                    double Quality(SeededRow row) =>
                        metric.Value(Mean(row.Qualities, metric.Worth));
                    double quality = Quality(@base);
                    return rows.Select(r =>
                            (
                                Math.Log(Objective.Ratio(metric, Quality(r), quality)),
                                Mean(r.Times, Math.Log),
                                r.Energies is { } e ? Mean(e, Math.Log) : (double?)null
                            )
                        )
                        .ToArray();
                }),
        ];
    }

    /// <param name="base">Of the base; two windows at least.</param>
    public WinnerShares(IReadOnlyList<WindowedRow> rows, WindowedRow @base, Metric metric, Rng rng)
    {
        _names = [.. rows.Select(r => r.Name)];
        int n = @base.Worths.Count;
        Draws draws = new(rng);
        _studies =
        [
            .. Enumerable
                .Range(0, Studies)
                .Select(_ =>
                {
                    double[] weights = Weights(n, draws);
                    double Quality(WindowedRow row)
                    {
                        double mean = 0;
                        for (int i = 0; i < n; i++)
                        {
                            mean += weights[i] * row.Worths[i];
                        }

                        return metric.Value(mean);
                    }

                    double quality = Quality(@base);
                    return rows.Select(r =>
                        {
                            double luck = r.Luck * draws.Normal();
                            return (
                                Math.Log(Objective.Ratio(metric, Quality(r), quality)),
                                Math.Log(r.Time) + luck,
                                r.Energy is { } e ? Math.Log(e) + luck : (double?)null
                            );
                        })
                        .ToArray();
                }),
        ];
    }

    static double[] Weights(int n, Draws draws)
    {
        double[] weights = new double[n];
        double wide = Math.Sqrt(n / (n - 1.0));
        for (int i = 0; i < n; i++)
        {
            weights[draws.Below(n)] += wide / n;
        }

        return [.. weights.Select(w => w + (1 - wide) / n)];
    }

    /// <summary>Of resampled studies, in how many this row has the least P^x · ((1 − b) · T + b · E).</summary>
    /// <param name="energy">b; where it is above 0 a row without an energy never wins.</param>
    public double At(double exponent, string name, double energy = 0)
    {
        int row = Array.IndexOf(_names, name),
            won = 0;
        foreach (var study in _studies)
        {
            double own = Of(study[row]);
            won += study.All(r => Of(r) >= own) ? 1 : 0;
        }

        return (double)won / _studies.Length;

        double Of((double Quality, double Time, double? Energy) r) =>
            exponent * r.Quality
            + (
                energy == 0
                    ? r.Time
                    : Math.Log(
                        (1 - energy) * Math.Exp(r.Time)
                            + energy * Math.Exp(r.Energy ?? double.PositiveInfinity)
                    )
            );
    }
}
