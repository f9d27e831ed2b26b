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
    public static double? ShareOf(Measurement m, IEnumerable<Measurement> originals)
    {
        double[] times =
        [
            .. originals
                .Where(o =>
                    o.Task == m.Task
                    && o.BatchSize == m.BatchSize
                    && o.Seeds.SequenceEqual(m.Seeds)
                    && o.Sitting == m.Sitting
                )
                .Select(o => o.Milliseconds?.Value)
                .OfType<double>(),
        ];
        return times.Length > 0 ? m.Milliseconds?.Value / times.Average() : null;
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
            : SeedMean.OfCost(
                paired,
                m => new Estimate(
                    1 / ShareOf(m, originals)!.Value,
                    null,
                    null,
                    1,
                    m.Milliseconds!.Origin
                )
            );
    }
}
