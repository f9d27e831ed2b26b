using Espalier.Measuring;
using Espalier.Models;

namespace Espalier.Analysis.Cumulation;

/// <summary>A combination at one effort, predicted and, where that effort was run, measured.</summary>
public sealed record PredictedPoint(
    Effort Effort,
    double Cost,
    double Quality,
    double? MeasuredCost,
    double? MeasuredQuality
);

/// <summary>A measured combination beside what its parts predict (Figure 4 of Xin et al.).</summary>
/// <param name="Units">What was taken together.</param>
/// <param name="CostError">Mean of |predicted − measured| / measured over common efforts.</param>
/// <param name="CostErrorAsPrinted">The same with equation 4 as the paper has it; equal where it has no part.</param>
/// <param name="FirstExit">Where t_E of equation 4 was taken; null where it has no part.</param>
/// <param name="QualityError">Mean of |predicted − measured| over common efforts, on the scale on which the metric is compared.</param>
public sealed record PredictedCurve(
    string Pipeline,
    IReadOnlyList<string> Units,
    IReadOnlyList<PredictedPoint> Points,
    double? CostError,
    double? CostErrorAsPrinted,
    double? QualityError,
    EffortPoint? FirstExit
);

/// <summary>Combinations from their parts, for every combination whose parts were measured on the same original.</summary>
public static class CurvePrediction
{
    /// <param name="compounds">Letters that were found to need measuring together: <c>PQ</c>.</param>
    public static IReadOnlyList<PredictedCurve> Of(
        IReadOnlyList<Measurement> measurements,
        IReadOnlyList<string>? compounds = null
    ) => Of(CombinationRun.Of(measurements), compounds);

    public static IReadOnlyList<PredictedCurve> Of(
        IReadOnlyList<CombinationRun> runs,
        IReadOnlyList<string>? compounds = null
    ) =>
        [
            .. from block in Block.Of(runs)
            from run in block.Runs
            where run.Operators.Count > 1
            let units = Units.Of(run.Operators, compounds ?? [])
            where units.Count > 1
            let predicted = block.Predict(run.Operators, units)
            where predicted is not null
            select Curve(
                run,
                units,
                predicted,
                block.Predict(run.Operators, units, asPrinted: true)!,
                block.FirstExitOf(run.Operators, units)
            ),
        ];

    static PredictedCurve Curve(
        CombinationRun run,
        IReadOnlyList<string> units,
        IReadOnlyList<EffortPoint> predicted,
        IReadOnlyList<EffortPoint> asPrinted,
        EffortPoint? firstExit
    )
    {
        PredictedPoint[] points = Beside(run, predicted);
        return new PredictedCurve(
            run.Pipeline,
            units,
            points,
            CostErrorOf(points),
            CostErrorOf(Beside(run, asPrinted)),
            Mean(
                points.Select(p =>
                    p.MeasuredQuality is { } q
                        ? (double?)Math.Abs(run.Metric.Worth(p.Quality) - run.Metric.Worth(q))
                        : null
                )
            ),
            firstExit
        );
    }

    static PredictedPoint[] Beside(CombinationRun run, IReadOnlyList<EffortPoint> predicted) =>
        [
            .. from p in predicted
            where p.Cost is not null && p.Quality is not null
            let measured = run.Points.FirstOrDefault(m => m.Effort == p.Effort)
            select new PredictedPoint(
                p.Effort,
                p.Cost ?? 0,
                p.Quality ?? 0,
                measured?.Cost,
                measured?.Quality
            ),
        ];

    static double? CostErrorOf(PredictedPoint[] points) =>
        Mean(
            points.Select(p => p.MeasuredCost is { } c ? (double?)Math.Abs(p.Cost - c) / c : null)
        );

    static double? Mean(IEnumerable<double?> values)
    {
        double[] known = [.. values.OfType<double>()];
        return known.Length == 0 ? null : known.Average();
    }
}
