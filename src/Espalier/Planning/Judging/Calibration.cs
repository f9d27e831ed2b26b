using Espalier.Measuring;

namespace Espalier.Planning.Judging;

/// <summary>How often what was said to hold did, on seeds that nothing was known of.</summary>
/// <param name="Said">On average.</param>
/// <param name="Held">Share of the cases in which it did.</param>
public sealed record Calibration(string What, int Cases, double Said, double Held)
{
    public static Calibration Of(string what, IReadOnlyList<(double Said, bool Held)> cases) =>
        new(
            what,
            cases.Count,
            cases.Select(c => c.Said).DefaultIfEmpty(double.NaN).Average(),
            cases.Select(c => c.Held ? 1.0 : 0).DefaultIfEmpty(double.NaN).Average()
        );

    /// <summary>Whether an interval holds what was measured; null where there is none.</summary>
    internal static (double Said, bool Held)? Covers(Estimate? interval, Estimate? measured) =>
        interval is { Low: { } low, High: { } high } && measured is { Value: var value }
            ? (interval.Coverage ?? Statistics.Confidence, low <= value && value <= high)
            : null;
}
