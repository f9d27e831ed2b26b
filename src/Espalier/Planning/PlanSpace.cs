using Espalier.Analysis.Search;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Operators;
using Espalier.Runs.Studies;

namespace Espalier.Planning;

/// <summary>What is searched: pipelines, each at every effort where it has exits, and those that are tried first.</summary>
/// <param name="Start">The original, and single operators at a few of their option points.</param>
public sealed record PlanSpace(IReadOnlyList<Contender> Contenders, IReadOnlyList<string> Start)
{
    // Dense near certainty, where the exits of trained models are.
    static readonly double[] Thresholds = [0.6, 0.7, 0.8, 0.9, 0.95, 0.99];
    static readonly int[] Patience = [1, 2, 3];

    /// <summary>Pipelines, O among them, in order.</summary>
    public IReadOnlyList<string> Pipelines { get; } =
    [.. Contenders.Select(c => c.Pipeline).Distinct()];

    /// <summary>Thresholds of early exits that are searched; full effort is always among the contenders.</summary>
    public static IReadOnlyList<Effort> Efforts(bool regression) =>
        regression
            ? [.. Patience.Select(p => new Effort(ExitRule.Patience, p))]
            : [.. Thresholds.Select(t => new Effort(ExitRule.Confidence, t))];

    /// <summary>All combinations that make sense of what operators have to try on the model.</summary>
    /// <param name="first">The original, with its options.</param>
    /// <param name="config">Of the original.</param>
    /// <param name="fixedOptions">Every operator as it is by default.</param>
    /// <param name="orders">Operators that train in every order that makes sense; else in the usual one.</param>
    public static PlanSpace Of(
        Operator first,
        ModelConfig config,
        IReadOnlyList<Effort> efforts,
        bool fixedOptions,
        bool orders
    )
    {
        Operator[] variants =
        [
            .. Operator
                .All.Where(o => o.Problem(config) is null)
                .SelectMany(o =>
                    fixedOptions ? o.Variants(config).Take(1).Select(_ => o) : o.Variants(config)
                ),
        ];
        SearchSpace space = new(variants, efforts);
        string[] pipelines =
        [
            .. space
                .Pipelines()
                .Select(Pipeline.Parse)
                .SelectMany(p => orders ? Orders(p) : [p])
                .Select(p => $"{Pipeline.Of([first, .. p.Steps])}"),
        ];
        return Of(space.ContendersOf(pipelines));
    }

    /// <summary>Every pipeline at every effort that was measured with all seeds.</summary>
    public static PlanSpace Of(IReadOnlyList<Measurement> measurements) =>
        Of([.. measurements.Select(m => new Contender(m.Pipeline, m.Effort)).Distinct()]);

    static PlanSpace Of(IReadOnlyList<Contender> contenders) =>
        new(contenders, Few([.. contenders.Select(c => c.Pipeline).Distinct()]));

    /// <summary>The pipeline with its operators of group I in all orders that make sense.</summary>
    static IEnumerable<Pipeline> Orders(Pipeline pipeline)
    {
        ILookup<Group, Operator> of = pipeline.Steps.ToLookup(o => o.Group);
        return PipelineSet
            .Arranged([.. of[Group.I]])
            .Select(order => Pipeline.Of([.. of[Group.Start], .. order, .. of[Group.II]]))
            .Where(p => p.Problems().Count == 0);
    }

    /// <summary>O, and of each operator alone the default, the smallest and the largest.</summary>
    static string[] Few(IReadOnlyList<string> pipelines)
    {
        List<string> few = [.. pipelines.Where(p => Length(p) == 1)];
        foreach (
            var alone in pipelines
                .Where(p => Length(p) == 2)
                .Select(p => (Pipeline: p, Last: Pipeline.Parse(p).Operators[^1]))
                .GroupBy(p => p.Last.Name)
        )
        {
            var bySize = alone.OrderBy(p => p.Last.Keeps).ToArray();
            few.AddRange(
                new[] { bySize[0], bySize[^1] }
                    .Concat(bySize.Where(p => $"{p.Last}" == p.Last.Name))
                    .Select(p => p.Pipeline)
                    .Distinct()
            );
        }

        // An operator that never stands alone is known from the shortest pipeline that has it.
        foreach (string pipeline in pipelines.OrderBy(Length))
        {
            if (!Names(pipeline).All(n => few.Any(f => Names(f).Contains(n))))
            {
                few.Add(pipeline);
            }
        }

        return [.. few];
    }

    static IEnumerable<string> Names(string pipeline) =>
        Pipeline.Parse(pipeline).Operators.Select(o => o.Name);

    static int Length(string pipeline) => Pipeline.Parse(pipeline).Operators.Length;
}
