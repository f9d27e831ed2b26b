using Espalier.Analysis.Search;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Operators;

namespace Espalier.Planning;

/// <summary>What is searched: pipelines, each at every effort where it has exits, and those that are tried first.</summary>
/// <param name="Start">The original, and single operators at a few of their option points.</param>
public sealed record PlanSpace(IReadOnlyList<Contender> Contenders, IReadOnlyList<string> Start)
{
    static readonly double[] Depths = [0.34, 0.5, 0.67];
    static readonly double[] Heads = [0.34, 0.67, 1];
    static readonly double[] Neurons = [0.25, 0.5, 0.75];

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

    /// <summary>
    /// D at three depths, P at three shares of heads and of neurons, E, L and Q: all combinations that make sense. Options that
    /// are the same for the model, as 1 layer of 2 and a share of 0.34 are, count once.
    /// </summary>
    /// <param name="first">O, with its options.</param>
    /// <param name="config">Of the original.</param>
    /// <param name="fixedOptions">Every operator as it is by default.</param>
    /// <param name="orders">D, E and P in every order that makes sense; else in this one.</param>
    public static PlanSpace Of(
        FineTune first,
        ModelConfig config,
        IReadOnlyList<Effort> efforts,
        bool fixedOptions,
        bool orders
    )
    {
        Operator[] variants = fixedOptions
            ? [new Distill(), new EarlyExit(), new Prune(), new DynamicLength(), new Quantize()]
            : Variants(config);
        IReadOnlyList<string> usual = new SearchSpace(variants, efforts).Pipelines();
        string[] pipelines =
        [
            .. usual
                .SelectMany(p => orders ? Orders(p) : [p])
                .Select(p => $"{Pipeline.Parse($"{first}{(p == "O" ? "" : p)}")}"),
        ];
        return Of(new SearchSpace(variants, efforts).ContendersOf(pipelines));
    }

    /// <summary>Every pipeline at every effort that was measured with all seeds.</summary>
    public static PlanSpace Of(IReadOnlyList<Measurement> measurements) =>
        Of([.. measurements.Select(m => new Contender(m.Pipeline, m.Effort)).Distinct()]);

    static PlanSpace Of(IReadOnlyList<Contender> contenders) =>
        new(contenders, Few([.. contenders.Select(c => c.Pipeline).Distinct()]));

    static Operator[] Variants(ModelConfig config)
    {
        Block shape = config.Layers[0];
        return
        [
            .. new[] { new Distill().Layers }
                .Concat(Depths.Select(Amount.Share))
                .DistinctBy(a => a.Of(config.Layers.Count))
                .Where(a => a.Of(config.Layers.Count) < config.Layers.Count)
                .Select(a => new Distill { Layers = a }),
            new EarlyExit(),
            .. new[] { new Prune() }
                .Concat(
                    Heads.SelectMany(h =>
                        Neurons.Select(n => new Prune
                        {
                            Heads = Amount.Share(h),
                            FeedForward = Amount.Share(n),
                        })
                    )
                )
                .DistinctBy(p =>
                    (p.Heads.Of(shape.Attention.Heads), p.FeedForward.Of(shape.Mlp.Width))
                ),
            new DynamicLength(),
            new Quantize(),
        ];
    }

    /// <summary>The pipeline with its operators of group I in all orders that make sense.</summary>
    static IEnumerable<string> Orders(string pipeline)
    {
        Operator[] all = [.. Pipeline.Parse(pipeline).Operators.Where(o => o is not FineTune)];
        string then = string.Concat(all.Where(o => o.Group == Group.II));
        return Arranged([.. all.Where(o => o.Group == Group.I)])
            .Select(order => order + then)
            .Where(p => p.Length == 0 || Pipeline.Parse(p).Problems().Count == 0)
            .Select(p => p.Length == 0 ? "O" : p);
    }

    static IEnumerable<string> Arranged(Operator[] set) =>
        set.Length == 0
            ? [""]
            : set.SelectMany(
                (o, i) => Arranged([.. set.Where((_, j) => j != i)]).Select(rest => $"{o}{rest}")
            );

    /// <summary>O, and of each operator alone the default, the smallest and the largest.</summary>
    static string[] Few(IReadOnlyList<string> pipelines)
    {
        List<string> few = [.. pipelines.Where(p => Length(p) == 1)];
        foreach (
            var alone in pipelines
                .Where(p => Length(p) == 2)
                .Select(p => (Pipeline: p, Last: Pipeline.Parse(p).Operators[^1]))
                .GroupBy(p => p.Last.Letter)
        )
        {
            var bySize = alone.OrderBy(p => Size(p.Last)).ToArray();
            few.AddRange(
                new[] { bySize[0], bySize[^1] }
                    .Concat(bySize.Where(p => $"{p.Last}" == $"{p.Last.Letter}"))
                    .Select(p => p.Pipeline)
                    .Distinct()
            );
        }

        // An operator that never stands alone is known from the shortest pipeline that has it.
        foreach (string pipeline in pipelines.OrderBy(Length))
        {
            if (!Letters(pipeline).All(l => few.Any(f => Letters(f).Contains(l))))
            {
                few.Add(pipeline);
            }
        }

        return [.. few];
    }

    static IEnumerable<char> Letters(string pipeline) =>
        Pipeline.Parse(pipeline).Operators.Select(o => o.Letter);

    static int Length(string pipeline) => Pipeline.Parse(pipeline).Operators.Length;

    /// <summary>Share of the model that stays, roughly: only the order matters.</summary>
    static double Size(Operator o) =>
        o switch
        {
            Distill d => d.Layers.Value,
            Prune p => p.Heads.Value * p.FeedForward.Value,
            _ => 1,
        };
}
