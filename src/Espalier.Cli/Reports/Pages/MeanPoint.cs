using Espalier.Analysis;
using Espalier.Analysis.Choosing;
using Espalier.Measuring;
using Espalier.Models;

namespace Espalier.Cli.Reports.Pages;

/// <summary>One pipeline at one effort, over its seeds.</summary>
sealed record MeanPoint
{
    public required string Pipeline { get; init; }
    public required Effort Effort { get; init; }

    // The task's first metric.
    static readonly Axes Primary = new();

    /// <summary>0 to 1; null where it is undefined for a seed.</summary>
    public Spread? Quality { get; init; }

    /// <summary>Of one example.</summary>
    public Spread? Milliseconds { get; init; }
    public Spread? Millijoules { get; init; }

    /// <summary>How many times as fast as O, from ratios within seeds and sittings; null where O was not measured beside it.</summary>
    public Spread? SpeedUp { get; init; }

    /// <summary>Quality less O's on the same seeds; null where no seed has both.</summary>
    public PairedDifference? AgainstOriginal { get; init; }

    /// <summary>What each seed had, in the order of the seeds; null where a seed has no quality or no time beside O's.</summary>
    public SeededRow? OnSeeds { get; init; }

    /// <summary>Null where nothing is known of the energy.</summary>
    public Origin? EnergyOrigin { get; init; }
    public Origin Origin { get; init; } = Origin.Measured;
    public double? Megabytes { get; init; }
    public double? DiskMegabytes { get; init; }
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

    public bool IsFront => Standing == ParetoStatus.Front;

    /// <summary>As the analysis chooses among points; null without a quality.</summary>
    public Alternative? Alternative =>
        Quality is { } quality
            ? new Alternative(
                Pipeline,
                Effort,
                Estimated(quality, 1, Origin.Measured),
                Milliseconds is { } ms ? Estimated(ms, 1, Origin) : null,
                Millijoules is { } mj && EnergyOrigin is { } energy
                    ? Estimated(mj, 1e-3, energy)
                    : null,
                Megabytes is { } mb
                    ? new Estimate(1e6 * mb, null, null, Seeds, Origin.Measured)
                    : null
            )
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
        return new MeanPoint
        {
            Pipeline = first.Pipeline,
            Effort = first.Effort,
            Quality = Spread.Of(SeedMean.OfQuality(measurements, Primary, answers)),
            Milliseconds = Spread.Of(
                SeedMean.Over(measurements, m => m.MillisecondsPerExample, SeedSpread.Cost)
            ),
            Millijoules = Spread.Of(
                SeedMean.Over(measurements, m => m.JoulesPerExample, SeedSpread.Cost),
                1000
            ),
            SpeedUp = Spread.Of(Analysis.SpeedUp.Of(measurements, originals)),
            AgainstOriginal = PairedDifference.Of(measurements, originals, Primary, answers),
            OnSeeds = Seeded(measurements, originals),
            EnergyOrigin = measurements.Max(m => m.JoulesPerExample?.Origin),
            Origin = measurements.Max(m => m.MillisecondsPerExample?.Origin ?? Origin.Measured),
            Megabytes = Mean(measurements, m => m.PackedBytes / 1e6),
            DiskMegabytes = Mean(measurements, m => m.DiskBytes / 1e6),
            Layers = Mean(measurements, m => m.AverageLayers),
            Seeds = measurements.Select(SeedsOf).Distinct().Count(),
            SeedNames = [.. measurements.Select(SeedsOf).Distinct()],
            Examples = first.Examples,
            Rounds = measurements.Min(m => m.MillisecondsPerExample?.N),
            Absent = Reasons(measurements),
        };
    }

    static Estimate Estimated(Spread spread, double unit, Origin origin) =>
        new(spread.Mean * unit, spread.Low * unit, spread.High * unit, spread.N, origin);

    public static string SeedsOf(Measurement m) => string.Join('/', m.Seeds);

    static SeededRow? Seeded(
        IReadOnlyList<Measurement> measurements,
        IReadOnlyList<Measurement> originals
    )
    {
        (double? Quality, double? Time)[] seeds =
        [
            .. measurements
                .GroupBy(SeedsOf)
                .OrderBy(g => g.Key, StringComparer.Ordinal)
                .Select(g =>
                    (
                        g.Average(Primary.QualityOf),
                        g.Average(m => Analysis.SpeedUp.ShareOf(m, originals))
                    )
                ),
        ];
        return seeds.Any(s => s.Quality is null || s.Time is null)
            ? null
            : new SeededRow(
                Named(measurements[0]),
                [.. seeds.Select(s => s.Quality!.Value)],
                [.. seeds.Select(s => s.Time!.Value)]
            );
    }

    /// <summary>As <see cref="Alternative"/> is named.</summary>
    static string Named(Measurement m) =>
        m.Effort == Effort.Full ? m.Pipeline : $"{m.Pipeline} at {m.Effort}";

    static double? Mean(IReadOnlyList<Measurement> measurements, Func<Measurement, double?> value)
    {
        double?[] values = [.. measurements.Select(value)];
        return values.Any(v => v is null) ? null : values.Average();
    }

    static string? Reasons(IReadOnlyList<Measurement> measurements)
    {
        string[] reasons =
        [
            .. measurements
                .SelectMany(m => m.Absent.Select(a => $"{a.Figure}: {a.Why}"))
                .Concat(
                    measurements
                        .SelectMany(m => m.Metrics.Take(1))
                        .Where(q => q.WhyUndefined is not null)
                        .Select(q => $"{q.Metric}: {q.WhyUndefined}")
                )
                .Distinct(),
        ];
        return reasons.Length == 0 ? null : string.Join("; ", reasons);
    }
}
