using Espalier.Analysis.Choosing;
using Espalier.Measuring;

namespace Espalier.Planning;

/// <summary>What a person wants to know of a result beside the answer.</summary>
/// <param name="Model">The chosen model's folder; null where nothing was trained.</param>
/// <param name="TrainedNow">Models trained in this call, of all seeds; the others were in the store.</param>
/// <param name="SecondsSaved">Estimated for the models that were not trained; null where nothing is known.</param>
/// <param name="BestOfAll">Where everything was measured: the best of it, or the nearest.</param>
public sealed record PlanFacts(
    string? Model = null,
    int? TrainedNow = null,
    double? SecondsSaved = null,
    Alternative? BestOfAll = null
)
{
    /// <summary>How far the answer may be trusted; null where nobody asked.</summary>
    public PlanSureness? Sureness { get; init; }

    /// <summary>The answer on the test split, where it was chosen on another.</summary>
    public Alternative? Tested { get; init; }
}

/// <summary>Why a contender was not chosen, and from what that is known.</summary>
public sealed record RejectedContender(Rejection Rejection, Origin Origin)
{
    public Alternative Alternative => Rejection.Alternative;

    /// <summary>The limits that it breaks by name; empty where it fits and another is better.</summary>
    public string Breaks => string.Join(" and ", Rejection.Violations.Select(v => v.Limit));

    /// <summary>By how much the worst limit is broken, as a share of it.</summary>
    public double Excess => Rejection.Violations.Select(v => v.Excess).DefaultIfEmpty(0).Max();
}

public static class PlanReading
{
    /// <summary>All but the chosen: measured ones at every effort, predicted ones at their most promising.</summary>
    public static IReadOnlyList<RejectedContender> Rejected(this PlanResult result) =>
        [
            .. result
                .Decision.Answer.Rejected.Where(r => r.Alternative != result.Chosen)
                .Select(r => new RejectedContender(r, Origin.Measured)),
            .. result.Decision.NotTrained.Select(r => new RejectedContender(r, Origin.Predicted)),
        ];

    /// <summary>On what the choice rests: the reader should not take the winner's quality at its word.</summary>
    /// <param name="tested">The answer was measured on the test split afterwards.</param>
    public static string ChosenOn(this PlanResult result, bool tested = false)
    {
        Measurement one = result.Measurements[0];
        int compared =
            result.Decision.Answer.Rejected.Count(r => r.Alternative != result.Chosen) + 1;
        return $"Chosen among {compared} measured pipelines and efforts by their figures on the {one.Split} split "
            + $"({one.Examples} {one.Primary.Kind.Over}), "
            + (
                tested
                    ? "which nothing was trained on (pruning takes importance from it); the figures on the test split, which nothing was chosen by, are not flattered by that."
                    : "where the quality above was taken too: the winner's is optimistic, the more so the more "
                        + "were compared. Only data that nobody chose by tells what to expect; with --validation the choice is made there."
            );
    }

    /// <summary>By how much the answer is worse than the best of all in the figure that is wished for, as a share; null where only one of them fits.</summary>
    public static double? Short(this PlanResult result, Alternative bestOfAll)
    {
        if (
            result.Decision.Answer.Best is not { } best
            || result.Budget.Violations(bestOfAll).Count > 0
        )
        {
            return null;
        }

        Preference wish = result.Budget.Preferred;
        return wish.Behind(best.Metric, best.Figure(wish)!.Value, bestOfAll.Figure(wish)!.Value);
    }
}
