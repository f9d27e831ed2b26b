using Espalier.Measuring;

namespace Espalier.Analysis;

/// <summary>
/// Time against O's, from ratios within a seed and a sitting: how fast the machine was that day is in both and cancels.
/// </summary>
public static class SpeedUp
{
    /// <summary>
    /// A measurement's time as a share of O's with the same seeds in the same sitting, asked in the same way; of several
    /// of O's the mean. Null where one is missing.
    /// </summary>
    /// <param name="originals">Measurements of O.</param>
    public static double? ShareOf(Measurement m, IEnumerable<Measurement> originals)
    {
        double[] times =
        [
            .. originals
                .Where(o =>
                    o.Task == m.Task
                    && o.BatchSize == m.BatchSize
                    && o.Seeds.SequenceEqual(m.Seeds)
                    && Sitting(o) == Sitting(m)
                )
                .Select(o => o.MillisecondsPerExample?.Value)
                .OfType<double>(),
        ];
        return times.Length > 0 ? m.MillisecondsPerExample?.Value / times.Average() : null;
    }

    /// <summary>How many times as fast as O: the geometric mean over seeds, with its interval. Null where nothing can be paired.</summary>
    public static Estimate? Of(
        IReadOnlyList<Measurement> measurements,
        IReadOnlyList<Measurement> originals
    )
    {
        Measurement[] paired = [.. measurements.Where(m => ShareOf(m, originals) is not null)];
        return paired.Length == 0
            ? null
            : SeedMean.Over(
                paired,
                m =>
                {
                    double times = 1 / ShareOf(m, originals)!.Value;
                    return new Estimate(times, null, null, 1, m.MillisecondsPerExample!.Origin);
                },
                SeedSpread.Cost
            );
    }

    /// <summary>In which times were taken side by side.</summary>
    public static string? Sitting(Measurement m) => m.Sitting;
}
