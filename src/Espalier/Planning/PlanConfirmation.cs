using Espalier.Analysis.Choosing;
using Espalier.Analysis.Search;
using Espalier.Measuring;
using Espalier.Tensors;

namespace Espalier.Planning;

/// <summary>
/// Trains the finalists of a search with further seeds and decides among them by the mean: the winner of one seed was lucky in
/// part, and to search with three costs three times as much.
/// </summary>
/// <param name="most">Models for each seed beyond which nothing more is trained.</param>
public sealed class PlanConfirmation(Rng rng, int most = int.MaxValue)
{
    // Most pipelines that come to the final beside the answer, and in how many rounds.
    const int Others = 2;
    const int Rounds = 2;

    readonly List<string> _confirmed = [];
    readonly List<PlanRound> _rounds = [];

    /// <param name="found">With the first seed.</param>
    /// <param name="attempt">Measures all of these pipelines side by side, with each of the further seeds.</param>
    public PlanResult Run(
        PlanResult found,
        Func<IReadOnlyList<string>, Tried> attempt,
        Action<PlanRound>? told = null
    )
    {
        IReadOnlyList<Measurement> all = found.Measurements;
        PlanResult now = found;
        for (int round = 0; round < Rounds; round++)
        {
            IReadOnlyList<Standing> standing = Standing.Of(
                all,
                found.Budget,
                rng.Split((ulong)round)
            );
            string[] next = Finalists(now, standing, round == 0);
            if (next.Length == 0)
            {
                break;
            }

            _confirmed.AddRange(next);
            _confirmed.AddRange(Free(found));
            _rounds.Add(
                new PlanRound(
                    next,
                    string.Join(
                        ", ",
                        next.Select(n =>
                            $"{n} is the best of what was tried with a chance of {100 * standing.First(s => s.Pipeline == n).ChanceBest:0.#} %"
                        )
                    )
                )
            );
            told?.Invoke(_rounds[^1]);
            Tried tried = attempt(_confirmed);
            all = [.. found.Measurements, .. tried.Measurements.Timed()];
            now = Judged(found, all, tried.Failures);
            if (now.MeetsBudget)
            {
                break;
            }
        }

        return now;
    }

    /// <summary>The answer and what else may be the best; later, where all of them miss the budget, what may yet meet it.</summary>
    string[] Finalists(PlanResult now, IReadOnlyList<Standing> standing, bool first)
    {
        List<string> next = [];
        IEnumerable<string> likely = standing
            .Where(s => s.ChanceBest >= Planner.Floor)
            .Select(s => s.Pipeline);
        foreach (
            string pipeline in (first ? likely.Prepend(now.Chosen.Pipeline) : likely)
                .Distinct()
                .Where(p => !_confirmed.Contains(p))
                .Take(Others + 1)
        )
        {
            if (Trainings.Of([.. _confirmed, .. next, pipeline]).Count <= most)
            {
                next.Add(pipeline);
            }
        }

        return [.. next];
    }

    /// <summary>What was tried and needs no model beside those of the finalists, the original among them.</summary>
    IEnumerable<string> Free(PlanResult found)
    {
        IReadOnlySet<string> models = Trainings.Of(_confirmed);
        return
        [
            .. found.Tried.Where(p =>
                !_confirmed.Contains(p) && Trainings.Of([p]).IsSubsetOf(models)
            ),
        ];
    }

    PlanResult Judged(
        PlanResult found,
        IReadOnlyList<Measurement> all,
        IReadOnlyList<FailedTrial> failures
    )
    {
        int seeds = all.Select(m => m.Seeds[0]).Distinct().Count();
        ILookup<bool, Alternative> split = Alternatives
            .Of(all)
            .ToLookup(a =>
                all.Count(m => m.Pipeline == a.Pipeline && m.Effort == a.Effort) == seeds
            );
        BudgetAnswer final = found.Budget.Answer([.. split[true]]);
        Rejection[] others =
        [
            .. split[false]
                .Select(a => (Alternative: a, Violations: found.Budget.Violations(a)))
                .Select(a => new Rejection(
                    a.Alternative,
                    a.Violations,
                    $"{a.Alternative.Name}: "
                        + (
                            a.Violations.Count > 0
                                ? string.Join("; ", a.Violations.Select(v => v.Sentence))
                                : "fits with one seed, and hardly any chance was left that it is the best"
                        )
                        + "."
                )),
        ];
        return found with
        {
            Decision = found.Decision with
            {
                Answer = final with { Rejected = [.. final.Rejected, .. others] },
            },
            Rounds = [.. found.Rounds, .. _rounds],
            Failures = [.. found.Failures, .. failures],
            Measurements = all,
            Confirmed = [.. split[true].Select(a => a.Pipeline).Distinct()],
        };
    }
}
