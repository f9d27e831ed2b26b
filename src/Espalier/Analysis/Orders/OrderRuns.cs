using Espalier.Data.Metrics;
using Espalier.Measuring;
using Espalier.Operators;

namespace Espalier.Analysis.Orders;

/// <summary>Measurements of one task as curves of quality at equal effort: over layers, and over time as a share of O's.</summary>
sealed class OrderRuns
{
    readonly ILookup<(string Pipeline, ulong Original), Measurement> _runs;
    readonly AnsweredExamples _answers;

    public OrderRuns(IReadOnlyList<Measurement> measurements, AnsweredExamples answers)
    {
        _answers = answers;
        Metric = measurements[0].Primary.Kind;
        _runs = measurements
            .Where(m => m.Primary.Value is not null)
            .ToLookup(m => (m.Pipeline, m.Seeds.Count > 0 ? m.Seeds[0] : 0));
        Examples =
            Metric.IsBinomial && SeedMean.CoversExamples([.. measurements.Select(m => m.Primary)])
                ? measurements[0].Examples
                : null;
    }

    public Metric Metric { get; }

    /// <summary>Of the split, where quality is a share of right answers.</summary>
    public int? Examples { get; }

    /// <summary>On which every one of these was run.</summary>
    public ulong[] Originals(IReadOnlyList<string> pipelines) =>
        [
            .. _runs
                .Select(r => r.Key)
                .GroupBy(k => k.Original, k => k.Pipeline)
                .Where(g => pipelines.All(g.Contains))
                .Select(g => g.Key)
                .Order(),
        ];

    public EffortCurve ByLayers(string pipeline, ulong original) =>
        Curve(pipeline, original, m => m.AverageLayers)!;

    /// <summary>
    /// Times of one original are taken side by side, and as shares of O's they do not know how fast the machine was that
    /// day. Null where a time of O or of this run is missing.
    /// </summary>
    public EffortCurve? ByTime(string pipeline, ulong original) =>
        Curve(
            pipeline,
            original,
            m => SpeedUp.ShareOf(m, _runs[($"{Pipeline.Parse(pipeline).Prefix(1)}", original)])
        );

    EffortCurve? Curve(string pipeline, ulong original, Func<Measurement, double?> cost)
    {
        EffortReading[] points =
        [
            .. _runs[(pipeline, original)]
                .GroupBy(m => m.Effort)
                .Select(same => (same.Key, Same: same.Where(m => cost(m) is not null).ToArray()))
                .Where(e => e.Same.Length > 0)
                .Select(e => new EffortReading(
                    e.Same.Average(m => m.AverageLayers),
                    e.Same.Average(m => cost(m)!.Value),
                    e.Same.Average(m => m.Primary.Worth!.Value),
                    e.Key,
                    _answers.Each(e.Same[0])
                )),
        ];
        return points.Length > 0 ? new EffortCurve(points) : null;
    }
}
