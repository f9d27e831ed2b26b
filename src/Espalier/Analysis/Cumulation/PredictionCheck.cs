using Espalier.Data.Metrics;

namespace Espalier.Analysis.Cumulation;

/// <summary>One combination over its seeds.</summary>
public sealed record PredictionCheck(
    string Pipeline,
    IReadOnlyList<string> Units,
    int Seeds,
    double? CostError,
    double? CostErrorAsPrinted,
    double? QualityError,
    IReadOnlyList<EffortPoint> FirstExits,
    IReadOnlyList<PredictedPoint> Points
)
{
    /// <summary>Most operators first, since those are the hardest.</summary>
    public static IReadOnlyList<PredictionCheck> Of(
        IReadOnlyList<PredictedCurve> curves,
        Metric metric
    )
    {
        return
        [
            .. curves
                .GroupBy(c => c.Pipeline)
                .Select(same => new PredictionCheck(
                    same.Key,
                    same.First().Units,
                    same.Count(),
                    same.Average(c => c.CostError),
                    same.Average(c => c.CostErrorAsPrinted),
                    same.Average(c => c.QualityError),
                    [.. same.Select(c => c.FirstExit).OfType<EffortPoint>()],
                    [
                        .. same.SelectMany(c => c.Points)
                            .GroupBy(p => p.Effort)
                            .Select(p => new PredictedPoint(
                                p.Key,
                                p.Average(v => v.Cost),
                                Mean(p.Select(v => v.Quality)),
                                p.Average(v => v.MeasuredCost),
                                p.Any(v => v.MeasuredQuality is not null)
                                    ? Mean(p.Select(v => v.MeasuredQuality).OfType<double>())
                                    : null
                            ))
                            .OrderBy(p => p.Cost),
                    ]
                ))
                .OrderByDescending(c => c.Units.Count)
                .ThenBy(c => c.Pipeline, StringComparer.Ordinal),
        ];

        double Mean(IEnumerable<double> qualities) => metric.Value(qualities.Average(metric.Worth));
    }
}
