using System.Numerics;
using Espalier.Measuring;
using Espalier.Operators;

namespace Espalier.Analysis.Cumulation;

/// <summary>
/// What int8 (Q) and unpadded sequences (L) do to a model (Table 2 of Xin et al.): means over seeds, at full effort; costs as changes in percent of
/// the raw model's. Null where that pipeline was not measured.
/// </summary>
/// <param name="Quantized">The operator behind the pipeline that leaves fewer bits; null where only L was measured on it.</param>
/// <param name="QualityChange">In percent; of a metric without ratios the difference.</param>
public sealed record ReductionRow(
    string Pipeline,
    string? Quantized,
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
    static readonly string Original = $"{Pipeline.Original}";

    /// <summary>A row for each task, pipeline of group I and way to fewer bits, where Q or L was measured on it.</summary>
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
                .OrderBy(p => p == Original ? 0 : p.Length)
                .ThenBy(p => p, StringComparer.Ordinal)
            from bits in own.Where(r => Before(r) == pipeline)
                .Select(BitsOf)
                .OfType<string>()
                .Distinct()
                .DefaultIfEmpty()
            let row = Row(pipeline, bits, own)
            where row.CostQ is not null || row.CostL is not null
            select row,
        ];
    }

    /// <summary>Percent that Q and L together take away, if what remains multiplies.</summary>
    public static double? Estimated(double? q, double? l) =>
        q is { } a && l is { } b
            ? 100 * (ProductRule.Remaining(1 + a / 100, 1 + b / 100) - 1)
            : null;

    /// <summary>Of a run, the operator that leaves fewer bits.</summary>
    static string? BitsOf(CombinationRun run) =>
        run.Operators.FirstOrDefault(o => Operator.Of(o).Has(Effects.FewerBits));

    static ReductionRow Row(string pipeline, string? bits, CombinationRun[] all)
    {
        CombinationRun[] runs = [.. all.Where(r => BitsOf(r) is not { } own || own == bits)];
        EffortPoint? raw = Mean(runs, pipeline, Effects.None),
            q = Mean(runs, pipeline, Effects.FewerBits),
            l = Mean(runs, pipeline, Effects.NoPadding),
            ql = Mean(runs, pipeline, Effects.FewerBits | Effects.NoPadding);
        double? costQ = Change(q?.Cost, raw?.Cost),
            costL = Change(l?.Cost, raw?.Cost);
        return new ReductionRow(
            pipeline,
            bits,
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

    /// <param name="last">Of the operators behind the pipeline, one for each.</param>
    static EffortPoint? Mean(CombinationRun[] runs, string pipeline, Effects last)
    {
        EffortPoint[] points =
        [
            .. runs.Where(r =>
                    r.Operators.Where(IsLast).Select(o => Operator.Of(o).Effects).ToArray()
                        is var effects
                    && effects.Length == BitOperations.PopCount((uint)last)
                    && effects.Aggregate(Effects.None, (all, one) => all | one) == last
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
        (run with { Operators = [.. run.Operators.Where(o => !IsLast(o))] }).Pipeline;

    static double? Change(double? value, double? raw) => 100 * (value / raw - 1);

    static bool IsLast(string name) => Operator.Of(name).Group == Group.II;
}
