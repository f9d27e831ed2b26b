using Espalier.Analysis.Choosing;
using Espalier.Analysis.Search;
using Espalier.Tensors;

namespace Espalier.Planning.Judging;

/// <summary>Ways of planning that know less, with as many trials as the planner took.</summary>
/// <param name="seeds">To plan with; the first alone where a final is not asked for.</param>
sealed class Baselines(RecordedTrials trials, Budget budget, IReadOnlyList<ulong> seeds)
{
    // Pipelines of a final, as the planner has.
    const int Finalists = 3;

    /// <summary>
    /// Single operators are measured, the rest is spent on the combinations that the product of their figures likes best, and
    /// nothing is learnt from those.
    /// </summary>
    public IReadOnlyList<string> ProductRule(int pipelines)
    {
        IReadOnlyList<string> start = trials.Space.Start;
        Alternative[] predicted =
        [
            .. ProductForecast
                .Of(trials.Try(start, [seeds[0]]).Measurements, trials.Space.Contenders)
                .Where(a => !start.Contains(a.Pipeline)),
        ];
        return [.. start, .. Ranked(predicted).Take(Math.Max(0, pipelines - start.Count))];
    }

    public IReadOnlyList<string> Random(int pipelines, Rng rng) =>
        [.. Shuffled(rng).Take(pipelines)];

    /// <summary>The best of these with the first seed.</summary>
    public Attempt OfOneSeed(IReadOnlyList<string> tried) => Of(tried, tried, [seeds[0]]);

    /// <summary>The best three with the first seed are measured with the others, and the mean decides.</summary>
    public Attempt WithFinal(IReadOnlyList<string> tried)
    {
        string[] final =
        [
            .. Ranked(Alternatives.Of(trials.Try(tried, [seeds[0]]).Measurements)).Take(Finalists),
        ];
        return Of(final, tried, seeds);
    }

    /// <summary>
    /// Random pipelines with one seed, the better half of them with another, the better half of those with a third
    /// (Jamieson and Talwalkar 2016, with seeds as the resource).
    /// </summary>
    public Attempt SuccessiveHalving(int budgetOfTrials, Rng rng)
    {
        double each = Enumerable.Range(0, seeds.Count).Sum(i => Math.Pow(0.5, i));
        List<string> left = [.. Shuffled(rng).Take(Math.Max(1, (int)(budgetOfTrials / each)))];
        int measured = 0,
            trained = 0;
        for (int i = 0; ; i++)
        {
            measured += left.Count;
            trained += Trainings.Of(left).Count;
            ulong[] known = [.. seeds.Take(i + 1)];
            IReadOnlyList<Alternative> means = Alternatives.Of(
                trials.Try(left, known).Measurements
            );
            if (i + 1 == seeds.Count)
            {
                return new Attempt(Chosen(means), measured, trained);
            }

            left = [.. Ranked(means).Take((left.Count + 1) / 2)];
        }
    }

    Attempt Of(
        IReadOnlyList<string> final,
        IReadOnlyList<string> tried,
        IReadOnlyList<ulong> with
    ) =>
        new(
            Chosen(Alternatives.Of(trials.Try(final, with).Measurements)),
            tried.Count + (with.Count - 1) * final.Count,
            Trainings.Of(tried).Count + (with.Count - 1) * Trainings.Of(final).Count
        );

    Alternative Chosen(IReadOnlyList<Alternative> all)
    {
        BudgetAnswer answer = budget.Answer(all);
        return answer.Best ?? answer.Nearest!;
    }

    /// <summary>Pipelines at their best efforts: what fits by what is wished for, then what comes nearest.</summary>
    IEnumerable<string> Ranked(IReadOnlyList<Alternative> all) =>
        all.Select(a =>
                (
                    a.Pipeline,
                    Excess: budget.Violations(a).Select(v => v.Excess).DefaultIfEmpty(0).Max(),
                    Worth: a.Worth(budget.Preferred)
                )
            )
            .OrderBy(a => a.Excess)
            .ThenByDescending(a => a.Worth)
            .ThenBy(a => a.Pipeline, StringComparer.Ordinal)
            .Select(a => a.Pipeline)
            .Distinct();

    string[] Shuffled(Rng rng)
    {
        string[] all = [.. trials.Space.Pipelines];
        rng.Shuffle<string>(all);
        return all;
    }
}
