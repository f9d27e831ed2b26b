using Espalier.Measuring;
using Espalier.Models;

namespace Espalier.Analysis.Choosing;

/// <summary>One pipeline at one effort, to be chosen or not: what it gives and what it costs.</summary>
/// <param name="Bytes">Of the weights as a session holds them.</param>
public sealed record Alternative(
    string Pipeline,
    Effort Effort,
    Estimate Quality,
    Estimate? Milliseconds,
    Estimate? Joules,
    Estimate? Bytes
)
{
    /// <summary>Null where it was not measured.</summary>
    public Estimate? Figure(Preference figure) =>
        figure switch
        {
            Preference.Quality => Quality,
            Preference.Milliseconds => Milliseconds,
            Preference.Joules => Joules,
            _ => Bytes,
        };

    public string Name => Effort == Effort.Full ? Pipeline : $"{Pipeline} at {Effort}";
}

public static class Alternatives
{
    // The task's first metric.
    static readonly Axes Primary = new();

    /// <summary>
    /// Means over seeds with their intervals. Costs and qualities are of one task.
    /// </summary>
    /// <exception cref="ArgumentException">There are several tasks or machines, or a quality is missing.</exception>
    public static IReadOnlyList<Alternative> Of(IReadOnlyList<Measurement> measurements)
    {
        string[] tasks = [.. measurements.Select(m => m.Task).Distinct()];
        if (tasks.Length > 1)
        {
            throw new ArgumentException(
                $"The measurements are of {string.Join(" and ", tasks)}; a choice is made for one task."
            );
        }

        StudyRuns.CheckMachine(measurements, Primary);
        return
        [
            .. measurements
                .GroupBy(m => (m.Pipeline, m.Effort))
                .Select(g => new Alternative(
                    g.Key.Pipeline,
                    g.Key.Effort,
                    SeedMean.Over([.. g], OfQuality, SeedSpread.Quality)
                        ?? throw new ArgumentException(
                            $"{g.Key.Pipeline} at {g.Key.Effort} has no metric; leave it out or measure it."
                        ),
                    SeedMean.Over([.. g], m => m.MillisecondsPerExample, SeedSpread.Cost),
                    SeedMean.Over([.. g], m => m.JoulesPerExample, SeedSpread.Cost),
                    SeedMean.Over(
                        [.. g],
                        m =>
                            m.PackedBytes is { } bytes
                                ? new Estimate(bytes, bytes, bytes, 1, Origin.Measured)
                                : null,
                        SeedSpread.Cost
                    )
                )),
        ];
    }

    static Estimate? OfQuality(Measurement m) =>
        Primary.Figure(m) is { Value: { } value } q
            ? new Estimate(value, q.Low, q.High, 1, Origin.Measured)
            : null;
}
