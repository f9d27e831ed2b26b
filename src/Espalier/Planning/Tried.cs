using Espalier.Measuring;
using Espalier.Operators;

namespace Espalier.Planning;

/// <summary>A pipeline that could not be made.</summary>
/// <param name="Pipeline">Up to the operator that failed; what begins with it fails as well.</param>
public sealed record FailedTrial(string Pipeline, string Why);

/// <summary>What came of trying pipelines: all that were asked for, measured side by side.</summary>
public sealed record Tried(
    IReadOnlyList<Measurement> Measurements,
    IReadOnlyList<FailedTrial> Failures
);

public static class TimedPoints
{
    /// <summary>
    /// Without the points whose quality alone is known, as a study takes it at many thresholds and the time at few: they
    /// cannot be held against a time. All of them where no point has a time.
    /// </summary>
    public static IReadOnlyList<Measurement> Timed(this IReadOnlyList<Measurement> measurements) =>
        measurements.Any(m => m.Milliseconds is not null)
            ? [.. measurements.Where(m => m.Milliseconds is not null)]
            : measurements;
}

/// <summary>Models that have to be trained, for one seed: pipelines that begin alike share theirs, and not every operator trains.</summary>
public static class Trainings
{
    public static IReadOnlySet<string> Of(IEnumerable<string> pipelines) =>
        pipelines
            .Select(Pipeline.Parse)
            .SelectMany(p =>
                Enumerable
                    .Range(1, p.Operators.Length)
                    .Where(n => p.Operators[n - 1].Trains)
                    .Select(n => $"{p.Prefix(n)}")
            )
            .ToHashSet();

    /// <summary>Whether a pipeline begins with another.</summary>
    public static bool Begins(string pipeline, string with)
    {
        Pipeline whole = Pipeline.Parse(pipeline),
            part = Pipeline.Parse(with);
        return whole.Operators.Take(part.Operators.Length).SequenceEqual(part.Operators);
    }
}
