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
    /// <param name="figure">Another figure than the time.</param>
    public static double? ShareOf(
        Measurement m,
        IEnumerable<Measurement> originals,
        Func<Measurement, Estimate?>? figure = null
    )
    {
        figure ??= o => o.Milliseconds;
        double[] figures =
        [
            .. originals
                .Where(o =>
                    o.Task == m.Task
                    && o.BatchSize == m.BatchSize
                    && o.Seeds.SequenceEqual(m.Seeds)
                    && o.Sitting == m.Sitting
                )
                .Select(o => figure(o)?.Value)
                .OfType<double>(),
        ];
        return figures.Length > 0 ? figure(m)?.Value / figures.Average() : null;
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
