using Espalier.Analysis.Choosing;

namespace Espalier.Planning.Judging;

/// <summary>What one way of planning chose, and what it cost.</summary>
/// <param name="Trials">Pipelines measured, once for each seed.</param>
/// <param name="Trainings">Models trained for them, of all seeds.</param>
public sealed record Attempt(Alternative Chosen, int Trials, int Trainings);

/// <summary>An attempt on some seeds, judged by the means of others.</summary>
/// <param name="Short">By how much the quality is below the best that keeps the budget there, as a share; null where it does not keep it.</param>
/// <param name="Excess">By how much the worst limit is broken there, as a share of it; 0 where it is kept.</param>
public sealed record Verdict(
    string Way,
    IReadOnlyList<ulong> Planned,
    IReadOnlyList<ulong> Held,
    Attempt Attempt,
    double? Short,
    double Excess
);

/// <summary>A way of planning over all budgets and seeds.</summary>
/// <param name="Broken">Share of answers that break their budget on the seeds that they were not planned with.</param>
/// <param name="MeanExcess">Of those that break it, as a share of the limit.</param>
public sealed record WayOfPlanning(
    string Name,
    int Cases,
    double Trials,
    double Trainings,
    double MeanShort,
    double LateShort,
    double WorstShort,
    double Broken,
    double MeanExcess
)
{
    // One answer in twenty is worse.
    const double Late = 0.95;

    public static WayOfPlanning Of(string name, IReadOnlyList<Verdict> verdicts)
    {
        double[] kept = [.. verdicts.Select(v => v.Short).OfType<double>().Order()],
            broken = [.. verdicts.Where(v => v.Short is null).Select(v => v.Excess)];
        return new WayOfPlanning(
            name,
            verdicts.Count,
            verdicts.Average(v => v.Attempt.Trials),
            verdicts.Average(v => v.Attempt.Trainings),
            kept.DefaultIfEmpty(double.NaN).Average(),
            kept.Length == 0 ? double.NaN : kept[(int)(Late * (kept.Length - 1))],
            kept.DefaultIfEmpty(double.NaN).Max(),
            (double)broken.Length / verdicts.Count,
            broken.DefaultIfEmpty(0).Average()
        );
    }
}
