using Espalier.Data.Metrics;
using Espalier.Measuring;
using Espalier.Models;

namespace Espalier.Analysis.Choosing;

/// <summary>One pipeline at one effort, over its seeds.</summary>
public sealed record MeanPoint
{
    public required string Pipeline { get; init; }
    public required Effort Effort { get; init; }
    public required Metric Metric { get; init; }

    /// <summary>Null where it is undefined for a seed.</summary>
    public Estimate? Quality { get; init; }

    /// <summary>Of one example, as the joules.</summary>
    public Estimate? Milliseconds { get; init; }
    public Estimate? Joules { get; init; }

    /// <summary>Of the weights as a session holds them.</summary>
    public Estimate? Bytes { get; init; }
    public Estimate? DiskBytes { get; init; }

    /// <summary>How many times as fast as O, from ratios within seeds and sittings; null where O was not measured beside it.</summary>
    public Estimate? SpeedUp { get; init; }

    /// <summary>Quality less O's on the same seeds; null where no seed has both.</summary>
    public PairedDifference? AgainstOriginal { get; init; }

    /// <summary>What each seed had, in the order of the seeds; null where a seed has no quality or no time beside O's.</summary>
    public SeededRow? OnSeeds { get; init; }

    /// <summary>Of a single seed, what each window of a text adds to the worth; null of several, or where that is not known.</summary>
    public IReadOnlyList<double>? OnWindows { get; init; }
    public double? Layers { get; init; }
    public required int Seeds { get; init; }
    public required int Examples { get; init; }

    /// <summary>Those that were measured here, as the measurements name them.</summary>
    public IReadOnlyList<string> SeedNames { get; init; } = [];

    /// <summary>Rounds of the time meter, the fewest of all seeds.</summary>
    public int? Rounds { get; init; }

    /// <summary>Why figures are missing.</summary>
    public string? Absent { get; init; }

    /// <summary>Among the measured points of its setting; null where it is none of them, or lacks a quality or a time.</summary>
    public ParetoStatus? Standing { get; init; }

    public Origin Origin => Milliseconds?.Origin ?? Origin.Measured;
    public bool IsFront => Standing == ParetoStatus.Front;

    /// <summary>It has both a quality and a time.</summary>
    public bool IsWhole => Quality is not null && Milliseconds is not null;
    public string Name => Alternative.NameOf(Pipeline, Effort);

    /// <summary>On the scale on which the metric is compared: more is better.</summary>
    public double? Worth => Quality is { } quality ? Metric.Worth(quality.Value) : null;

    /// <summary>To choose among; null without a quality.</summary>
    public Alternative? Alternative =>
        Quality is { } quality
            ? new(Pipeline, Effort, Metric, quality, Milliseconds, Joules, Bytes)
            : null;

    /// <param name="measurements">
    /// Of one pipeline at one effort in one setting. Several with the same seeds are one model measured again, as shared
    /// prefixes are, and count once.
    /// </param>
    /// <param name="originals">Of O in the same setting.</param>
    public static MeanPoint Of(
        IReadOnlyList<Measurement> measurements,
        IReadOnlyList<Measurement> originals,
        AnsweredExamples answers
    )
    {
        Measurement first = measurements[0];
        string[] seeds = [.. measurements.Select(SeedsOf).Distinct()];
        return new MeanPoint
        {
            Pipeline = first.Pipeline,
            Effort = first.Effort,
            Metric = first.Primary.Kind,
            Quality = SeedMean.OfQuality(measurements, answers),
            Milliseconds = SeedMean.OfCost(measurements, m => m.Milliseconds),
            Joules = SeedMean.OfCost(measurements, m => m.Joules),
            Bytes = SeedMean.OfCost(measurements, m => Counted(m.PackedBytes)),
            DiskBytes = SeedMean.OfCost(measurements, m => Counted(m.DiskBytes)),
            SpeedUp = Analysis.SpeedUp.Of(measurements, originals),
            AgainstOriginal = PairedDifference.Of(measurements, originals, answers),
            OnSeeds = SeededRow.Of(measurements, originals),
            OnWindows =
                seeds.Length == 1 && first.Primary.Kind.IsOfText ? answers.Each(first) : null,
            Layers = measurements.Average(m => m.Estimate(Figure.Layers)?.Value),
            Seeds = seeds.Length,
            SeedNames = seeds,
            Examples = first.Examples,
            Rounds = measurements.Min(m => m.Milliseconds?.N),
            Absent = Reasons(measurements),
        };
    }

    public static string SeedsOf(Measurement m) => string.Join('/', m.Seeds);

    static Estimate? Counted(long? bytes) =>
        bytes is { } n ? new Estimate(n, n, n, 1, Origin.Measured) : null;

    static string? Reasons(IReadOnlyList<Measurement> measurements)
    {
        string[] reasons =
        [
            .. measurements
                .SelectMany(m => m.Absent.Select(a => $"{a.Figure}: {a.Why}"))
                .Concat(
                    measurements
                        .Where(m => m.Primary.WhyUndefined is not null)
                        .Select(m => $"{m.Primary.Metric}: {m.Primary.WhyUndefined}")
                )
                .Distinct(),
        ];
        return reasons.Length == 0 ? null : string.Join("; ", reasons);
    }
}
