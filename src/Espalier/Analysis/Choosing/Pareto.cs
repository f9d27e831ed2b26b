using Espalier.Measuring;

namespace Espalier.Analysis.Choosing;

/// <summary>Where an alternative stands to the front.</summary>
public enum ParetoStatus
{
    /// <summary>No other is at least as good and as fast and better in one of them.</summary>
    Front,

    /// <summary>Another is better, but not beyond the intervals: it may belong to the front.</summary>
    Tied,

    /// <summary>Another is better, in quality or time beyond the intervals.</summary>
    Dominated,
}

/// <summary>Which alternatives nobody would pass over, whatever quality is worth to them against time.</summary>
public static class Pareto
{
    /// <returns>One status for each alternative; null for one without a time.</returns>
    public static IReadOnlyList<ParetoStatus?> Of(IReadOnlyList<Alternative> alternatives)
    {
        (Estimate Quality, Estimate Time)[] all =
        [
            .. alternatives
                .Where(a => a.Milliseconds is not null)
                .Select(a => (Oriented(a), a.Milliseconds!)),
        ];
        return
        [
            .. alternatives.Select(a =>
                a.Milliseconds is { } time ? Status((Oriented(a), time), all) : (ParetoStatus?)null
            ),
        ];
    }

    static ParetoStatus Status(
        (Estimate Quality, Estimate Time) one,
        (Estimate Quality, Estimate Time)[] all
    )
    {
        var better = all.Where(other => Dominates(other, one)).ToArray();
        return better.Length == 0 ? ParetoStatus.Front
            : better.Any(other => IsCertain(other, one)) ? ParetoStatus.Dominated
            : ParetoStatus.Tied;
    }

    static bool Dominates(
        (Estimate Quality, Estimate Time) a,
        (Estimate Quality, Estimate Time) b
    ) =>
        a.Quality.Value >= b.Quality.Value
        && a.Time.Value <= b.Time.Value
        && (a.Quality.Value > b.Quality.Value || a.Time.Value < b.Time.Value);

    /// <summary>Better beyond the intervals in one of the two; no interval counts as none of doubt.</summary>
    static bool IsCertain(
        (Estimate Quality, Estimate Time) a,
        (Estimate Quality, Estimate Time) b
    ) => High(b.Quality) < Low(a.Quality) || High(a.Time) < Low(b.Time);

    /// <summary>More is better.</summary>
    static Estimate Oriented(Alternative a) =>
        a.Metric.MoreIsBetter
            ? a.Quality
            : a.Quality with
            {
                Value = -a.Quality.Value,
                Low = -a.Quality.High,
                High = -a.Quality.Low,
            };

    static double Low(Estimate e) => e.Low ?? e.Value;

    static double High(Estimate e) => e.High ?? e.Value;
}
