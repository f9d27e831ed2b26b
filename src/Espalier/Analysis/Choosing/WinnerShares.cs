using Espalier.Data.Metrics;
using Espalier.Measuring;
using Espalier.Tensors;

namespace Espalier.Analysis.Choosing;

/// <summary>What one row had on each seed, all rows on the same seeds.</summary>
/// <param name="Times">As shares of the base's on the same seed.</param>
public sealed record SeededRow(
    string Name,
    IReadOnlyList<double> Qualities,
    IReadOnlyList<double> Times
)
{
    /// <summary>In the order of the seeds; null where a seed has no quality above 0, or no time beside O's.</summary>
    public static SeededRow? Of(
        IReadOnlyList<Measurement> measurements,
        IReadOnlyList<Measurement> originals
    )
    {
        (double? Quality, double? Time)[] seeds =
        [
            .. measurements
                .GroupBy(MeanPoint.SeedsOf)
                .OrderBy(g => g.Key, StringComparer.Ordinal)
                .Select(g =>
                    (g.Average(m => m.Primary.Value), g.Average(m => SpeedUp.ShareOf(m, originals)))
                ),
        ];
        return seeds.Any(s => s.Quality is not > 0 || s.Time is null)
            ? null
            : new SeededRow(
                Alternative.NameOf(measurements[0].Pipeline, measurements[0].Effort),
                [.. seeds.Select(s => s.Quality!.Value)],
                [.. seeds.Select(s => s.Time!.Value)]
            );
    }
}

/// <summary>
/// How sure a winner by P^x · T is: the share of resampled studies in which it wins. Seeds are drawn with replacement,
/// the same for all rows, and means are moved √(n / (n − 1)) times as far as the drawn ones, which makes their spread
/// that of a mean of n.
/// </summary>
public sealed class WinnerShares
{
    const int Studies = 400;

    readonly string[] _names;

    // [study][row]: ln P and ln T.
    readonly (double Quality, double Time)[][] _studies;

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
                    double[] weights = new double[n];
                    double wide = Math.Sqrt(n / (n - 1.0));
                    for (int i = 0; i < n; i++)
                    {
                        weights[draws.Below(n)] += wide / n;
                    }

                    double Mean(IReadOnlyList<double> values, Func<double, double> of) =>
                        values.Select((v, i) => (weights[i] + (1 - wide) / n) * of(v)).Sum();
                    double Quality(SeededRow row) =>
                        metric.Value(Mean(row.Qualities, metric.Worth));
                    double quality = Quality(@base);
                    return rows.Select(r =>
                            (
                                Math.Log(Objective.Ratio(metric, Quality(r), quality)),
                                Mean(r.Times, Math.Log)
                            )
                        )
                        .ToArray();
                }),
        ];
    }

    /// <summary>Of resampled studies, in how many this row has the least P^x · T.</summary>
    public double At(double exponent, string name)
    {
        int row = Array.IndexOf(_names, name),
            won = 0;
        foreach ((double Quality, double Time)[] study in _studies)
        {
            double own = exponent * study[row].Quality + study[row].Time;
            won += study.All(r => exponent * r.Quality + r.Time >= own) ? 1 : 0;
        }

        return (double)won / _studies.Length;
    }
}
