using Espalier.Measuring;

namespace Espalier.Analysis.Choosing;

/// <summary>Where an alternative stands to the front.</summary>
public enum ParetoStatus
{
    /// <summary>No other is at least as good in all and better in one.</summary>
    Front,

    /// <summary>Another is better, but not beyond the intervals: it may belong to the front.</summary>
    Tied,

    /// <summary>Another is better in all, in one of them beyond the intervals.</summary>
    Dominated,
}

/// <param name="By">The alternative that shows it; null on the front.</param>
public sealed record ParetoPlace(Alternative Alternative, ParetoStatus Status, Alternative? By);

/// <summary>Which alternatives nobody would pass over, whatever quality is worth to them.</summary>
public static class Pareto
{
    /// <param name="costs">Which costs count beside quality; an alternative without one of them is left out.</param>
    public static IReadOnlyList<ParetoPlace> Of(
        IReadOnlyList<Alternative> alternatives,
        params IReadOnlyList<Preference> costs
    )
    {
        (Alternative Alternative, Estimate[] Losses)[] all =
        [
            .. from a in alternatives
            let losses = costs
                .Where(c => c != Preference.Quality)
                .Select(c =>
                    c == Preference.Milliseconds ? a.Milliseconds
                    : c == Preference.Joules ? a.Joules
                    : a.Bytes
                )
                .Prepend(Negative(a.Quality))
                .ToArray()
            where !losses.Contains(null)
            select (a, losses!),
        ];
        return
        [
            .. all.Select(one =>
            {
                var better = all.Where(other => Dominates(other.Losses, one.Losses)).ToArray();
                var certain = better.FirstOrDefault(other => Certainly(other.Losses, one.Losses));
                return better.Length == 0
                        ? new ParetoPlace(one.Alternative, ParetoStatus.Front, null)
                    : certain.Alternative is { } by
                        ? new ParetoPlace(one.Alternative, ParetoStatus.Dominated, by)
                    : new ParetoPlace(one.Alternative, ParetoStatus.Tied, better[0].Alternative);
            }),
        ];
    }

    static bool Dominates(Estimate[] a, Estimate[] b) =>
        a.Zip(b).All(p => p.First.Value <= p.Second.Value)
        && a.Zip(b).Any(p => p.First.Value < p.Second.Value);

    /// <summary>Better beyond the intervals in one figure at least; no interval counts as none of doubt.</summary>
    static bool Certainly(Estimate[] a, Estimate[] b) =>
        a.Zip(b).Any(p => (p.First.High ?? p.First.Value) < (p.Second.Low ?? p.Second.Value));

    static Estimate Negative(Estimate e) => new(-e.Value, -e.High, -e.Low, e.N, e.Origin);
}
