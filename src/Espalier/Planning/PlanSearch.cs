using Espalier.Analysis.Choosing;
using Espalier.Analysis.Search;
using Espalier.Measuring;
using Espalier.Tensors;

namespace Espalier.Planning;

/// <summary>Pipelines tried together and why.</summary>
public sealed record PlanRound(IReadOnlyList<string> Pipelines, string Why)
{
    public override string ToString() => $"{string.Join(", ", Pipelines)}: {Why}.";
}

/// <summary>How a search ended.</summary>
/// <param name="Decision">After the last round.</param>
/// <param name="Tried">All pipelines that were tried, those that failed too.</param>
/// <param name="Measurements">Of the last round: all models side by side.</param>
public sealed record PlanResult(
    PlanSpace Space,
    Budget Budget,
    PlannerDecision Decision,
    IReadOnlyList<PlanRound> Rounds,
    IReadOnlyList<string> Tried,
    IReadOnlyList<FailedTrial> Failures,
    IReadOnlyList<Measurement> Measurements
)
{
    /// <summary>Pipelines that were measured with all seeds, where the search used the first alone; the answer is one of them.</summary>
    public IReadOnlyList<string> Confirmed { get; init; } = [];

    /// <summary>Which the search used.</summary>
    public ulong FirstSeed => Measurements[0].Seeds[0];

    public IReadOnlyList<ulong> Seeds =>
        [.. Measurements.Select(m => m.Seeds[0]).Distinct().Order()];

    public bool MeetsBudget => Decision.Answer.Best is not null;

    /// <summary>The best, or the nearest where none fits.</summary>
    public Alternative Chosen => Decision.Answer.Best ?? Decision.Answer.Nearest!;

    /// <summary>
    /// Models that the search needs with its seed, those of the finalists with each further one, and those that trying everything
    /// needs for each seed.
    /// </summary>
    public (int First, int Further, int All) ModelsTrained =>
        (
            Trainings.Of(Tried).Count,
            Trainings.Of(Confirmed).Count,
            Trainings.Of(Space.Pipelines).Count
        );
}

/// <summary>
/// Tries the start of a space, predicts all of it, tries what may win, and so on until the answer is settled within the
/// noise. What trying means is the caller's: training and measuring, or looking up.
/// </summary>
/// <param name="most">Models for each seed beyond which nothing more is trained; the start needs some.</param>
public sealed class PlanSearch(PlanSpace space, Budget budget, Rng rng, int most = int.MaxValue)
{
    // A prediction must be that much nearer to the budget than the nearest measured one to be worth a training.
    const double Nearer = 0.9;

    readonly List<string> _tried = [];
    readonly List<PlanRound> _rounds = [];

    /// <param name="attempt">Measures all of these pipelines side by side.</param>
    /// <param name="told">Is told of every round before it is tried.</param>
    public PlanResult Run(
        Func<IReadOnlyList<string>, Tried> attempt,
        Action<PlanRound>? told = null
    )
    {
        Next(space.Start, "the original, and single operators at a few option points");
        while (true)
        {
            told?.Invoke(_rounds[^1]);
            Tried tried = attempt(_tried);
            Contender[] able =
            [
                .. space.Contenders.Where(c =>
                    tried.Failures.All(f => !Trainings.Begins(c.Pipeline, f.Pipeline))
                ),
            ];
            IReadOnlyList<Measurement> measured = tried.Measurements.Timed();
            PlannerDecision decision = Planner.Decide(
                measured,
                able,
                budget,
                rng.Split((ulong)_rounds.Count)
            );
            if (!Continue(decision))
            {
                return new PlanResult(
                    space,
                    budget,
                    decision,
                    _rounds,
                    _tried,
                    tried.Failures,
                    measured
                );
            }
        }
    }

    bool Continue(PlannerDecision decision)
    {
        Proposal[] next =
        [
            .. decision.Next.Where(p => !_tried.Contains(p.Pipeline) && IsAllowed(p.Pipeline)),
        ];
        if (next.Sum(p => p.ProbabilityBest) >= Planner.Floor)
        {
            // One training at a time teaches most; what shares it costs no other.
            IReadOnlySet<string> models = Trainings.Of(_tried.Append(next[0].Pipeline));
            Proposal[] together =
            [
                next[0],
                .. next.Skip(1)
                    .Where(p =>
                        p.ProbabilityBest >= Planner.Floor
                        && Trainings.Of([p.Pipeline]).IsSubsetOf(models)
                    ),
            ];
            return Next(
                [.. together.Select(p => p.Pipeline)],
                string.Join(
                    ", ",
                    together.Select(p =>
                        $"{p.Predicted.Name} wins with a chance of {100 * p.ProbabilityBest:0.#} %"
                    )
                )
            );
        }

        return decision.Answer is { Best: null, Nearest: { } nearest }
            && Nearest(decision) is { } nearer
            && Excess(nearer.Violations) < Nearer * Excess(budget.Violations(nearest))
            && Next(
                [nearer.Alternative.Pipeline],
                $"nothing is likely to meet the budget, and {nearer.Alternative.Name} is predicted to come nearest"
            );
    }

    Rejection? Nearest(PlannerDecision decision) =>
        decision
            .NotTrained.Where(r =>
                !_tried.Contains(r.Alternative.Pipeline) && IsAllowed(r.Alternative.Pipeline)
            )
            .MinBy(r => Excess(r.Violations));

    /// <summary>Whether no more models than allowed would be trained with it.</summary>
    bool IsAllowed(string pipeline) => Trainings.Of(_tried.Append(pipeline)).Count <= most;

    static double Excess(IReadOnlyList<Violation> violations) =>
        violations.Select(v => v.Excess).DefaultIfEmpty(0).Max();

    bool Next(IReadOnlyList<string> pipelines, string why)
    {
        _tried.AddRange(pipelines);
        _rounds.Add(new PlanRound(pipelines, why));
        return true;
    }
}
