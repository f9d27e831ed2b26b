using Espalier.Measuring;

namespace Espalier.Analysis;

/// <summary>Measurements sorted into runs.</summary>
public static class StudyRuns
{
    /// <summary>
    /// Runs by task, pipeline and seeds. A model that was measured several times at one effort (a shared prefix) gives
    /// one point, at the mean of the costs.
    /// </summary>
    /// <exception cref="ArgumentException">A figure is missing, or costs come from more than one machine.</exception>
    public static IReadOnlyList<StudyRun> Of(
        IReadOnlyList<Measurement> measurements,
        Axes axes,
        GapRule? gaps = null
    )
    {
        if (axes.IsOfMachine)
        {
            CheckMachine(measurements, axes);
        }

        return
        [
            .. measurements
                .GroupBy(m => (m.Task, m.Pipeline, Seeds: string.Join("/", m.Seeds)))
                .OrderBy(g => g.Key.Task, StringComparer.Ordinal)
                .ThenBy(g => g.Key.Pipeline, StringComparer.Ordinal)
                .ThenBy(g => g.First().Seeds, Comparer<IReadOnlyList<ulong>>.Create(BySeeds))
                .Select(g => Run([.. g], axes, gaps)),
        ];
    }

    static StudyRun Run(Measurement[] all, Axes axes, GapRule? gaps) =>
        new(
            all[0].Task,
            all[0].Pipeline,
            [.. all[0].Seeds],
            new TradeoffCurve(
                all.GroupBy(m => m.Effort)
                    .Select(same => new OperatingPoint(
                        same.Average(m => axes.CostOf(m) ?? throw Missing(m, axes.CostTitle)),
                        same.Average(m =>
                            axes.QualityOf(m) ?? throw Missing(m, axes.Metric ?? "a metric")
                        ),
                        same.Key
                    )),
                gaps
            ),
            all
        );

    /// <summary>Times of one study are comparable where processor, kernels, threads and batch agree.</summary>
    static void CheckMachine(IReadOnlyList<Measurement> measurements, Axes axes)
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
                $"{axes.CostTitle} were taken on {machines[0]} and on {machines[1]}; analyse each by itself, or "
                    + "use multiply-adds, which do not depend on the machine."
            );
        }
    }

    static int BySeeds(IReadOnlyList<ulong> a, IReadOnlyList<ulong> b)
    {
        ulong[] left = [.. a],
            right = [.. b];
        return left.AsSpan().SequenceCompareTo(right);
    }

    static ArgumentException Missing(Measurement m, string what) =>
        new(
            $"{m.Pipeline} on {m.Task} at {m.Effort} with seeds {string.Join("/", m.Seeds)} has no {what}; "
                + "leave this measurement out or measure it."
        );
}
