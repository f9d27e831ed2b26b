using Espalier.Measuring;
using Espalier.Operators;

namespace Espalier.Analysis.Cumulation;

/// <summary>
/// What Q and L do to a model (Table 2 of Xin et al.): means over seeds, at full effort; costs as changes in percent of
/// the raw model's. Null where that pipeline was not measured.
/// </summary>
/// <param name="QualityChange">In percent; of a metric without ratios the difference.</param>
public sealed record ReductionRow(
    string Task,
    string Pipeline,
    int Runs,
    double? Quality,
    double? QualityChange,
    double? Cost,
    double? CostQ,
    double? CostL,
    double? CostQL,
    double? CostQLEstimated
);

public static class ReductionTable
{
    /// <summary>A row for each task and pipeline of group I, where Q or L was measured on it.</summary>
    public static IReadOnlyList<ReductionRow> Of(IReadOnlyList<Measurement> measurements)
    {
        IReadOnlyList<CombinationRun> runs = CombinationRun.Of(measurements);
        return
        [
            .. from task in measurements
                .Select(m => m.Task)
                .Distinct()
                .Order(StringComparer.Ordinal)
            let own = (CombinationRun[])
                [.. runs.Where(r => r.Block.StartsWith($"{task} ", StringComparison.Ordinal))]
            from pipeline in own.Where(r => !r.Operators.Any(IsLast))
                .Select(r => r.Pipeline)
                .Distinct()
                .OrderBy(p => p == "O" ? 0 : p.Length)
                .ThenBy(p => p, StringComparer.Ordinal)
            let row = Row(task, pipeline, own)
            where row.CostQ is not null || row.CostL is not null
            select row,
        ];
    }

    /// <summary>Percent that Q and L together take away, if what remains multiplies.</summary>
    public static double? Estimated(double? q, double? l) =>
        q is { } a && l is { } b
            ? 100 * (ProductRule.Remaining(1 + a / 100, 1 + b / 100) - 1)
            : null;

    static ReductionRow Row(string task, string pipeline, CombinationRun[] runs)
    {
        EffortPoint? raw = Mean(runs, pipeline, ""),
            q = Mean(runs, pipeline, "Q"),
            l = Mean(runs, pipeline, "L"),
            ql = Mean(runs, pipeline, "LQ");
        double? costQ = Change(q?.Cost, raw?.Cost),
            costL = Change(l?.Cost, raw?.Cost);
        return new ReductionRow(
            task,
            pipeline,
            runs.Count(r => r.Pipeline == pipeline),
            raw?.Quality,
            runs is [{ Metric.HasRatios: false }, ..]
                ? q?.Quality - raw?.Quality
                : Change(q?.Quality, raw?.Quality),
            raw?.Cost,
            costQ,
            costL,
            Change(ql?.Cost, raw?.Cost),
            Estimated(costQ, costL)
        );
    }

    /// <param name="last">Letters behind the pipeline, in any order.</param>
    static EffortPoint? Mean(CombinationRun[] runs, string pipeline, string last)
    {
        EffortPoint[] points =
        [
            .. runs.Where(r =>
                    string.Concat(r.Operators.Where(IsLast).Select(o => o[0]).Order()) == last
                    && Before(r) == pipeline
                )
                .Select(Block.Full),
        ];
        return points.Length == 0
            ? null
            : new EffortPoint(
                Models.Effort.Full,
                points.Average(p => p.Cost),
                points.All(p => p.Quality is not null)
                    ? runs[0]
                        .Metric.Value(points.Average(p => runs[0].Metric.Worth(p.Quality!.Value)))
                    : null
            );
    }

    static string Before(CombinationRun run) =>
        run.Operators.All(IsLast) ? "O" : string.Concat(run.Operators.Where(o => !IsLast(o)));

    static double? Change(double? value, double? raw) => 100 * (value / raw - 1);

    static bool IsLast(string name) =>
        Operator.All.First(o => o.Letter == name[0]).Group == Group.II;
}
