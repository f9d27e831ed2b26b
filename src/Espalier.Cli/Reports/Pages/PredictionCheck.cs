using Espalier.Analysis.Cumulation;
using Espalier.Models;

namespace Espalier.Cli.Reports.Pages;

/// <summary>A pipeline's predicted and measured points at one effort, means over seeds.</summary>
sealed record CheckedPoint(
    Effort Effort,
    double Cost,
    double Quality,
    double? MeasuredCost,
    double? MeasuredQuality
);

/// <summary>One combination over its seeds.</summary>
sealed record PredictionCheck(
    string Pipeline,
    IReadOnlyList<string> Units,
    int Seeds,
    double? CostError,
    double? CostErrorAsPrinted,
    double? QualityError,
    IReadOnlyList<EffortPoint> FirstExits,
    IReadOnlyList<CheckedPoint> Points
)
{
    /// <summary>Most operators first, since those are the hardest.</summary>
    public static IReadOnlyList<PredictionCheck> Of(IReadOnlyList<PredictedCurve> curves) =>
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
                            .Select(p => new CheckedPoint(
                                p.Key,
                                p.Average(v => v.Cost),
                                p.Average(v => v.Quality),
                                p.Average(v => v.MeasuredCost),
                                p.Average(v => v.MeasuredQuality)
                            ))
                            .OrderBy(p => p.Cost),
                    ]
                ))
                .OrderByDescending(c => c.Units.Count)
                .ThenBy(c => c.Pipeline, StringComparer.Ordinal),
        ];
}
