using Espalier.Data.Metrics;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Operators;

namespace Espalier.Analysis.Choosing;

/// <summary>What may be compared: one task and split, on one machine, asked in one way.</summary>
public sealed record Setting(
    string Task,
    string Split,
    Metric Metric,
    int Batch,
    string Processor,
    string Kernels,
    int Threads
)
{
    public static Setting Of(Measurement m) =>
        new(
            m.Task,
            m.Split,
            m.Primary.Kind,
            m.BatchSize,
            m.Machine.Processor,
            m.Machine.Kernels,
            m.Machine.Threads
        );
}

/// <summary>The points of one pipeline, fastest first.</summary>
/// <param name="Seed">Where seeds were measured at efforts of their own, each has its curve; null: means over all.</param>
public sealed record Curve(string Pipeline, string? Seed, IReadOnlyList<MeanPoint> Points)
{
    /// <summary>Stretches between which neighbours lie near enough to be joined by a line.</summary>
    public IEnumerable<IReadOnlyList<MeanPoint>> Stretches =>
        TradeoffCurve
            .Stretches(Points, p => p.Milliseconds!.Value)
            .Select(s => s.AsEnumerable().ToArray());
}

public sealed record Findings(
    Setting Setting,
    IReadOnlyList<Measurement> Measurements,
    IReadOnlyList<MeanPoint> Points
)
{
    /// <summary>How much quality may be lost where the reader has not said it yet, on the scale of the metric.</summary>
    public const double Tolerance = 0.02;
    const double RepresentativeLoss = 0.01;

    public Metric Metric => Setting.Metric;

    public IReadOnlyList<Curve> Curves { get; } =
    [
        .. Points
            .Where(p => p.IsWhole)
            .GroupBy(p => p.Pipeline)
            .SelectMany(g => CurvesOf(g.Key, [.. g.OrderBy(p => p.Milliseconds!.Value)])),
    ];

    public int Pipelines => Curves.Select(c => c.Pipeline).Distinct().Count();

    public IReadOnlyList<MeanPoint> Front =>
        [.. Points.Where(p => p.IsFront).OrderBy(p => p.Milliseconds!.Value)];

    /// <summary>Points that no other beats in quality and energy, the least energy first; none where an energy is missing.</summary>
    public IReadOnlyList<MeanPoint> EnergyFront { get; } =
        Points.All(p => !p.IsWhole || p.Joules is not null)
            ?
            [
                .. Points
                    .Where(p => p.IsWhole)
                    .Zip(
                        Pareto.Of([
                            .. Points
                                .Where(p => p.IsWhole)
                                .Select(p => p.Alternative! with { Milliseconds = p.Joules }),
                        ])
                    )
                    .Where(p => p.Second == ParetoStatus.Front)
                    .Select(p => p.First)
                    .OrderBy(p => p.Joules!.Value),
            ]
            : [];

    /// <summary>The fine-tuned model before any operator, at full effort.</summary>
    public MeanPoint? Original => Points.FirstOrDefault(p => IsOriginal(p.Pipeline) && p.IsWhole);

    /// <summary>The fastest measured point that loses no more than the tolerance against the original.</summary>
    public MeanPoint? Best =>
        Original is { } original
            ? Front.FirstOrDefault(p =>
                p.Pipeline != original.Pipeline
                && p.Worth >= original.Worth - Tolerance
                && p.Milliseconds!.Value < original.Milliseconds!.Value
            )
            : null;

    /// <summary>For each pipeline the fastest effort that is hardly worse than its own best.</summary>
    public IEnumerable<MeanPoint> Representatives =>
        Points
            .GroupBy(p => p.Pipeline)
            .Select(same =>
            {
                double best = same.Max(p => p.Worth) ?? double.NegativeInfinity;
                return same.Where(p => p.IsWhole && p.Worth >= best - RepresentativeLoss)
                        .MinBy(p => p.Milliseconds!.Value)
                    ?? same.First();
            });

    /// <summary>Of the split's largest class; null where it is not known.</summary>
    public double? MajorityShare { get; init; }

    /// <summary>
    /// Full efforts with less than a third of what O has above guessing the largest class: of such a model, what was done
    /// to it says little.
    /// </summary>
    public IReadOnlyList<MeanPoint> NearMajority =>
        Metric.IsBinomial && MajorityShare is { } share && Original?.Quality is { } original
            ?
            [
                .. Points.Where(p =>
                    p.Effort == Effort.Full
                    && p.Quality is { } q
                    && q.Value - share < (original.Value - share) / 3
                ),
            ]
            : [];

    /// <summary>Whether intervals of quality hold what another draw of the split's examples would have given.</summary>
    public bool CoversExamples => SeedMean.CoversExamples([.. Measurements.Select(m => m.Primary)]);

    public int Seeds => Measurements.Select(MeanPoint.SeedsOf).Distinct().Count();

    /// <summary>One for each setting, in the order of the measurements.</summary>
    public static IReadOnlyList<Findings> In(
        IReadOnlyList<Measurement> measurements,
        AnsweredExamples? answers = null
    ) =>
        [
            .. measurements
                .GroupBy(Setting.Of)
                .Select(setting => Of(setting.Key, [.. setting], answers ?? AnsweredExamples.None)),
        ];

    static Findings Of(
        Setting setting,
        IReadOnlyList<Measurement> measurements,
        AnsweredExamples answers
    )
    {
        Measurement[] originals = [.. measurements.Where(m => IsOriginal(m.Pipeline))];
        return new Findings(
            setting,
            measurements,
            WithFront([
                .. measurements
                    .GroupBy(m => (m.Pipeline, m.Effort))
                    .Select(same => MeanPoint.Of([.. same], originals, answers)),
            ])
        )
        {
            MajorityShare = answers.MajorityShare(setting.Task, setting.Split),
        };
    }

    /// <summary>The pipeline without its options; a name that is no pipeline stays as it is.</summary>
    public static string Letters(string pipeline) =>
        Pipeline.TryParse(pipeline)?.Letters ?? pipeline;

    static bool IsOriginal(string pipeline) => Pipeline.TryParse(pipeline) is { IsOriginal: true };

    /// <summary>What was done to the original; of a name that is no pipeline nothing is known.</summary>
    public static IEnumerable<Operator> Steps(string pipeline) =>
        Pipeline.TryParse(pipeline)?.Steps ?? [];

    /// <summary>What operators say that belongs beside their figures.</summary>
    public IEnumerable<string> Remarks =>
        Points.SelectMany(p => Steps(p.Pipeline)).Select(o => o.Remark).OfType<string>().Distinct();

    /// <summary>A line through the means of different seeds would show their differences as if they were efforts.</summary>
    static IEnumerable<Curve> CurvesOf(string pipeline, IReadOnlyList<MeanPoint> points)
    {
        string[] seeds = [.. points.SelectMany(p => p.SeedNames).Distinct()];
        return points.All(p => p.Seeds == seeds.Length)
            ? [new Curve(pipeline, null, points)]
            : seeds.Select(seed => new Curve(
                pipeline,
                seed,
                [.. points.Where(p => p.SeedNames.Contains(seed))]
            ));
    }

    static IReadOnlyList<MeanPoint> WithFront(IReadOnlyList<MeanPoint> points)
    {
        Alternative?[] alternatives = [.. points.Select(p => p.Alternative)];
        Queue<ParetoStatus?> standings = new(Pareto.Of([.. alternatives.OfType<Alternative>()]));
        return
        [
            .. points.Select(
                (p, i) => alternatives[i] is null ? p : p with { Standing = standings.Dequeue() }
            ),
        ];
    }
}
