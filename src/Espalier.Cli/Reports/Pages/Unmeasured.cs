using Espalier.Analysis;
using Espalier.Analysis.Cumulation;
using Espalier.Measuring;
using Espalier.Operators;

namespace Espalier.Cli.Reports.Pages;

/// <summary>What the product rule says of combinations that nobody ran, for the budget.</summary>
static class Unmeasured
{
    /// <summary>All sets of single operators that were measured, in the usual order.</summary>
    public static IReadOnlyList<MeanPoint> Of(
        Findings findings,
        IReadOnlyList<Measurement> measurements,
        Axes axes
    )
    {
        IReadOnlyList<CombinationRun> runs = CombinationRun.Of(measurements, axes);
        HashSet<string> known = [.. runs.Select(r => SetOf(r.Operators))];
        string[] singles =
        [
            .. runs.Where(r => r.Operators.Count == 1)
                .Select(r => r.Operators[0])
                .Distinct()
                .OrderBy(o => Operator.Of(o).Place),
        ];
        List<(CombinationRun Run, PredictedPoint Point)> points = [];
        foreach (IReadOnlyList<string> operators in Sets(singles).Where(s => s.Count > 1))
        {
            if (
                known.Contains(SetOf(operators))
                || Pipeline.Parse(string.Concat(operators)).Problems().Count > 0
            )
            {
                continue;
            }

            foreach (IGrouping<string, CombinationRun> block in runs.GroupBy(r => r.Block))
            {
                CombinationRun missing = new(block.Key, operators, [])
                {
                    Original = block.First().Original,
                };
                points.AddRange(
                    CurvePrediction
                        .Of([.. block, missing])
                        .Where(c => c.Pipeline == missing.Pipeline)
                        .SelectMany(c => c.Points)
                        .Select(p => (missing, p))
                );
            }
        }

        return
        [
            .. points
                .GroupBy(p => (p.Run.Pipeline, p.Point.Effort))
                .Select(same => new MeanPoint
                {
                    Pipeline = same.Key.Pipeline,
                    Effort = same.Key.Effort,
                    // Without intervals: their spread over seeds is not the error of the rule.
                    Quality = new Spread(
                        same.Average(p => p.Point.Quality),
                        null,
                        null,
                        same.Count()
                    ),
                    Milliseconds = new Spread(
                        same.Average(p => p.Point.Cost),
                        null,
                        null,
                        same.Count()
                    ),
                    SpeedUp = findings.Original?.Milliseconds is { } original
                        ? new Spread(
                            original.Mean / same.Average(p => p.Point.Cost),
                            null,
                            null,
                            same.Count()
                        )
                        : null,
                    Origin = Origin.Predicted,
                    Seeds = same.Count(),
                    Examples = findings.Points.Max(p => p.Examples),
                }),
        ];
    }

    static string SetOf(IReadOnlyList<string> operators) =>
        string.Join('+', operators.Order(StringComparer.Ordinal));

    static IEnumerable<IReadOnlyList<string>> Sets(string[] singles) =>
        Enumerable
            .Range(0, 1 << Math.Min(singles.Length, 12))
            .Select(bits =>
                (IReadOnlyList<string>)[.. singles.Where((_, i) => (bits >> i & 1) == 1)]
            );
}
