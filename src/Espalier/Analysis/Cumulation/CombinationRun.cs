using Espalier.Data.Metrics;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Operators;
using Parsed = Espalier.Operators.Pipeline;

namespace Espalier.Analysis.Cumulation;

/// <summary>What one effort gave; null is a figure that was not measured.</summary>
/// <param name="CostError">Standard error of the cost as a share of it; null where unknown.</param>
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
    Metric Metric,
    IReadOnlyList<string> Operators,
    IReadOnlyList<EffortPoint> Points
)
{
    /// <summary>What the block started from, as pipelines write it: empty for plain O.</summary>
    public string Original { get; init; } = "";

    /// <summary>As a pipeline is written; O for the original.</summary>
    public string Pipeline =>
        Original + string.Concat(Operators) is [_, ..] written ? written : $"{Parsed.Original}";

    /// <summary>A run for each task, seeds and pipeline, the time of an example as its cost.</summary>
    public static IReadOnlyList<CombinationRun> Of(IReadOnlyList<Measurement> measurements) =>
        [
            .. measurements
                .GroupBy(m => (m.Task, m.Pipeline, Seeds: string.Join("/", m.Seeds)))
                .OrderBy(g => g.Key.Task, StringComparer.Ordinal)
                .ThenBy(g => g.Key.Pipeline, StringComparer.Ordinal)
                .ThenBy(g => g.First().Seeds, Comparer<IReadOnlyList<ulong>>.Create(BySeeds))
                .Select(g =>
                    Of($"{g.Key.Task} {g.Key.Seeds}", Parsed.Parse(g.Key.Pipeline), [.. g])
                ),
        ];

    static CombinationRun Of(string block, Parsed made, IReadOnlyList<Measurement> run)
    {
        Operator first = made.Operators[0];
        string original = first == Operator.Original ? "" : $"{first}";
        return new(
            $"{block} {original}".TrimEnd(),
            run[0].Primary.Kind,
            [.. made.Steps.Select(o => $"{o}")],
            [
                .. run.GroupBy(m => m.Effort)
                    .Select(same => new EffortPoint(
                        same.Key,
                        same.Average(m => m.Milliseconds?.Value),
                        same.Average(m => m.Primary.Value),
                        CostErrorOf(same.First().Milliseconds),
                        null,
                        same.Average(m => m.Estimate(Figure.Layers)?.Value)
                    )),
            ]
        )
        {
            Original = original,
        };
    }

    static double? CostErrorOf(Estimate? cost) =>
        cost is { Low: { } low, High: { } high }
            ? Inference.StandardError(low, high) / cost.Value
            : null;

    static int BySeeds(IReadOnlyList<ulong> a, IReadOnlyList<ulong> b)
    {
        ulong[] left = [.. a],
            right = [.. b];
        return left.AsSpan().SequenceCompareTo(right);
    }
}
