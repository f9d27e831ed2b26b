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
    public string Name => Effort == Effort.Full ? Pipeline : $"{Pipeline} at {Effort}";
}

public static class Alternatives
{
    /// <summary>
    /// Means over seeds with Student's intervals; of a single seed the measurement's own interval. Costs and qualities
    /// are of one task.
    /// </summary>
    /// <param name="metric">Null: the task's primary one.</param>
    /// <exception cref="ArgumentException">There are several tasks or machines, or a quality is missing.</exception>
    public static IReadOnlyList<Alternative> Of(
        IReadOnlyList<Measurement> measurements,
        string? metric = null
    )
    {
        string[] tasks = [.. measurements.Select(m => m.Task).Distinct()];
        if (tasks.Length > 1)
        {
            throw new ArgumentException(
                $"The measurements are of {string.Join(" and ", tasks)}; a choice is made for one task."
            );
        }

        StudyRuns.CheckMachine(measurements, new Axes());
        Axes axes = new(Metric: metric);
        return
        [
            .. measurements
                .GroupBy(m => (m.Pipeline, m.Effort))
                .Select(g => new Alternative(
                    g.Key.Pipeline,
                    g.Key.Effort,
                    Over([.. g], m => OfQuality(m, axes))
                        ?? throw new ArgumentException(
                            $"{g.Key.Pipeline} at {g.Key.Effort} has no {metric ?? "metric"}; leave it out or measure it."
                        ),
                    Over([.. g], m => m.MillisecondsPerExample),
                    Over([.. g], m => m.JoulesPerExample),
                    Over(
                        [.. g],
                        m =>
                            m.PackedBytes is { } bytes
                                ? new Estimate(bytes, bytes, bytes, 1, Origin.Measured)
                                : null
                    )
                )),
        ];
    }

    static Estimate? OfQuality(Measurement m, Axes axes) =>
        axes.Figure(m) is { Value: { } value } q
            ? new Estimate(value, q.Low, q.High, 1, Origin.Measured)
            : null;

    /// <summary>Null where one of them lacks the figure.</summary>
    static Estimate? Over(Measurement[] same, Func<Measurement, Estimate?> figure)
    {
        Estimate?[] all = [.. same.Select(figure)];
        if (all.Contains(null))
        {
            return null;
        }

        if (all.Length == 1)
        {
            return all[0];
        }

        double[] values = [.. all.Select(e => e!.Value)];
        double mean = values.Average(),
            reach =
                Inference.StudentReach(values.Length)
                * Statistics.StandardDeviation(values)!.Value
                / Math.Sqrt(values.Length);
        return new Estimate(mean, mean - reach, mean + reach, values.Length, all[0]!.Origin)
        {
            Coverage = Statistics.Confidence,
        };
    }
}
