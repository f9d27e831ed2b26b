using Espalier.Analysis.Choosing;
using Espalier.Analysis.Search;
using Espalier.Tensors;

namespace Espalier.Planning;

/// <summary>How far an answer may be trusted.</summary>
/// <param name="Outlook">What another training of it would give.</param>
/// <param name="Standing">All that was tried, the most likely best first.</param>
/// <param name="RunnerUp">What else fits, by what is wished for; null where nothing does.</param>
public sealed record PlanSureness(
    Outlook Outlook,
    IReadOnlyList<Standing> Standing,
    Alternative? RunnerUp
)
{
    // What judging with held-out seeds showed of the sentiment study (studies/planning/README.md, which a test compares).
    const string OneSeedCosts =
        "an answer of one seed was 0.4 % short of the best on average, one in twenty by 1.8 % or more, and 13 % of them broke the "
        + "budget, by 1.8 %; of the default, with three, 0.1 %, 0.4 %, and 3 % by 4.1 %";

    // A chance within this factor of the answer's.
    const double Close = 2;

    public double ChanceBest(string pipeline) =>
        Standing.FirstOrDefault(s => s.Pipeline == pipeline)?.ChanceBest ?? 0;

    /// <summary>Whether the runner-up may as well be the better one.</summary>
    public bool IsClose(PlanResult result) =>
        RunnerUp is { } second
        && Close * ChanceBest(second.Pipeline) >= ChanceBest(result.Chosen.Pipeline);

    /// <summary>What planning with one seed costs; null where there were more.</summary>
    public static string? Caution(PlanResult result) =>
        result.Seeds.Count > 1
            ? null
            : $"CAUTION, one seed: the answer is the winner of seed {result.Seeds[0]} alone, its luck with it. Judged by other seeds on the "
                + $"shipped sentiment study, {OneSeedCosts}. --seeds 1,2,3 trains the finalists with two more.";

    public static PlanSureness Of(PlanResult result, Rng rng) =>
        new(
            Outlook.Of(result.Measurements, result.Chosen, result.Budget),
            Analysis.Search.Standing.Of(result.Measurements, result.Budget, rng),
            Second(result)
        );

    /// <summary>Of another pipeline, measured with all seeds where any such fits.</summary>
    static Alternative? Second(PlanResult result)
    {
        Preference wish = result.Budget.Preferred;
        return result
            .Decision.Answer.Rejected.Where(r =>
                r.Violations.Count == 0 && r.Alternative.Pipeline != result.Chosen.Pipeline
            )
            .Select(r => r.Alternative)
            .OrderByDescending(a => result.Confirmed.Contains(a.Pipeline))
            .ThenByDescending(a => a.Worth(wish))
            .FirstOrDefault();
    }
}
