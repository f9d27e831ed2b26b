using Espalier.Measuring;
using Espalier.Models;
using Espalier.Operators;
using Parsed = Espalier.Operators.Pipeline;

namespace Espalier.Analysis.Cumulation;

/// <summary>What one effort gave; null is a figure that was not measured.</summary>
/// <param name="CostError">Standard error of the cost as a share of it; null where unknown.</param>
/// <param name="QualityError">The same of the quality.</param>
/// <param name="Layers">That an example went through, on average; null where unknown.</param>
public sealed record EffortPoint(
    Effort Effort,
    double? Cost,
    double? Quality,
    double? CostError = null,
    double? QualityError = null,
    double? Layers = null
)
{
    /// <summary>Every example left at the first exit.</summary>
    public bool IsFirstExit => Effort != Effort.Full && Layers <= 1 + 1e-9;
}

/// <summary>One combination of operators within a block, in which everything started from the same original.</summary>
/// <param name="Block">Task and seeds; model and data set in tables of others.</param>
/// <param name="Operators">In order, with options, without O: <c>D</c>, <c>P(heads=8)</c>. Empty for the original.</param>
public sealed record CombinationRun(
    string Block,
    IReadOnlyList<string> Operators,
    IReadOnlyList<EffortPoint> Points
)
{
    /// <summary>What the block started from, as pipelines write it: empty for plain O.</summary>
    public string Original { get; init; } = "";

    /// <summary>As a pipeline is written; O for the original.</summary>
    public string Pipeline =>
        Original + string.Concat(Operators) is [_, ..] written ? written : $"{Parsed.Original}";

    public static IReadOnlyList<CombinationRun> Of(
        IReadOnlyList<Measurement> measurements,
        Axes axes
    ) =>
        [
            .. StudyRuns
                .Of(measurements, axes)
                .Select(run => Of(run, Parsed.Parse(run.Pipeline), axes)),
        ];

    static CombinationRun Of(StudyRun run, Parsed made, Axes axes)
    {
        Operator first = made.Operators[0];
        string original = first == Operator.Original ? "" : $"{first}";
        return new(
            $"{run.Task} {run.SeedText} {original}".TrimEnd(),
            [.. made.Steps.Select(o => $"{o}")],
            [
                .. run
                    .Measurements.GroupBy(m => m.Effort)
                    .Select(same => new EffortPoint(
                        same.Key,
                        same.Average(axes.CostOf),
                        same.Average(axes.QualityOf),
                        CostErrorOf(same.First(), axes.Cost),
                        null,
                        same.Average(m => m.AverageLayers)
                    )),
            ]
        )
        {
            Original = original,
        };
    }

    static double? CostErrorOf(Measurement m, Cost cost)
    {
        Estimate? estimate =
            cost == Cost.Milliseconds ? m.MillisecondsPerExample
            : cost == Cost.Joules ? m.JoulesPerExample
            : null;
        return Inference.StandardError(estimate?.Low, estimate?.High) / estimate?.Value;
    }
}
