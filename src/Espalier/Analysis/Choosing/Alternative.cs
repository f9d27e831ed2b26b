using Espalier.Data.Metrics;
using Espalier.Measuring;
using Espalier.Models;

namespace Espalier.Analysis.Choosing;

/// <summary>One pipeline at one effort, to be chosen or not: what it gives and what it costs.</summary>
/// <param name="Bytes">Of the weights as a session holds them.</param>
public sealed record Alternative(
    string Pipeline,
    Effort Effort,
    Metric Metric,
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

    /// <summary>More is better, whatever is wished for; an unknown figure is the worst.</summary>
    public double Worth(Preference wish) =>
        Figure(wish)?.Value is { } value ? wish.Worth(Metric, value) : double.NegativeInfinity;

    public string Name => NameOf(Pipeline, Effort);

    public static string NameOf(string pipeline, Effort effort) =>
        effort == Effort.Full ? pipeline : $"{pipeline} at {effort}";
}

public static class Alternatives
{
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

        CheckMachine(measurements);
        return
        [
            .. measurements
                .GroupBy(m => (m.Pipeline, m.Effort))
                .Select(g =>
                    MeanPoint.Of([.. g], [], AnsweredExamples.None).Alternative
                    ?? throw new ArgumentException(
                        $"{g.Key.Pipeline} at {g.Key.Effort} has no metric; leave it out or measure it."
                    )
                ),
        ];
    }

    /// <summary>Times of one study are comparable where processor, kernels, threads and batch agree.</summary>
    static void CheckMachine(IReadOnlyList<Measurement> measurements)
    {
        string[] machines =
        [
            .. measurements
                .Select(m =>
                    $"{m.Machine.Processor} with {m.Machine.Kernels} kernels, {m.Machine.Threads} threads and batches of {m.BatchSize}"
                )
                .Distinct(),
        ];
        if (machines.Length > 1)
        {
            throw new ArgumentException(
                $"Times were taken on {machines[0]} and on {machines[1]}; analyse each by itself."
            );
        }
    }
}
