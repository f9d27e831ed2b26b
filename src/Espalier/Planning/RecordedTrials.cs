using Espalier.Analysis.Choosing;
using Espalier.Analysis.Search;
using Espalier.Measuring;
using Espalier.Operators;
using Espalier.Tensors;

namespace Espalier.Planning;

/// <summary>
/// Trials that are looked up in the measurements of a study: what the planner would have tried is compared with all that
/// was, and nothing is trained.
/// </summary>
public sealed class RecordedTrials
{
    readonly IReadOnlyList<Measurement> _all;

    /// <exception cref="InvalidDataException">
    /// They are of several tasks or batch sizes and none is named, or of none that is named, or O is missing.
    /// </exception>
    public RecordedTrials(
        string name,
        IReadOnlyList<Measurement> measurements,
        string? task = null,
        int? batch = null,
        IReadOnlyList<ulong>? seeds = null
    )
    {
        Measurement[] there =

            [
                .. Only(
                        name,
                        "task",
                        task,
                        Only(name, "batch", batch, measurements, m => m.BatchSize),
                        m => m.Task
                    )
                    .Where(m =>
                        m.Seeds.Count == 1 && (seeds is null || seeds.Contains(m.Seeds[0]))
                    ),
            ],
            own = [.. there.Timed()];
        Untimed = there.Length - own.Length;
        ulong[] found = [.. own.Select(m => m.Seeds[0]).Distinct().Order()];
        Seeds = seeds ?? found;
        if (Seeds.Except(found).ToArray() is [_, ..] missing)
        {
            throw new InvalidDataException(
                $"{name} has no measurement with seed {string.Join(", ", missing)}; it has {Joined(measurements.SelectMany(m => m.Seeds))}."
            );
        }

        // Means over seeds are comparable only where every seed was measured.
        _all =
        [
            .. own.GroupBy(m => new Contender(m.Pipeline, m.Effort))
                .Where(g => g.Select(m => m.Seeds[0]).Distinct().Count() == Seeds.Count)
                .SelectMany(g => g.DistinctBy(m => m.Seeds[0])),
        ];
        LeftOut = own.Length - _all.Count;
        Space = PlanSpace.Of(_all);
        if (Space.Start is not [var first, ..] || Pipeline.Parse(first).Operators.Length > 1)
        {
            throw new InvalidDataException(
                $"{name} lacks the original O with all of its seeds; figures are predicted as ratios to it."
            );
        }
    }

    /// <summary>In the order in which they were asked for: the search uses the first.</summary>
    public IReadOnlyList<ulong> Seeds { get; }
    public PlanSpace Space { get; }

    /// <summary>Measurements without a time, which nothing is chosen by.</summary>
    public int Untimed { get; }

    /// <summary>Measurements at efforts that not every seed has.</summary>
    public int LeftOut { get; }

    /// <summary>Everything, which the planner's answer is compared with.</summary>
    public IReadOnlyList<Measurement> All => _all;

    /// <param name="seeds">All of them where it is left out.</param>
    public Tried Try(IReadOnlyList<string> pipelines, IReadOnlyList<ulong>? seeds = null) =>
        new(
            [
                .. _all.Where(m =>
                    pipelines.Contains(m.Pipeline) && (seeds ?? Seeds).Contains(m.Seeds[0])
                ),
            ],
            []
        );

    /// <summary>Searches with the first seed and confirms with the others, as planning does that really trains.</summary>
    public PlanResult Plan(Budget budget, Rng rng, Action<PlanRound>? told = null)
    {
        PlanResult found = new PlanSearch(Space, budget, rng).Run(
            pipelines => Try(pipelines, Seeds.Take(1).ToArray()),
            told
        );
        return Seeds.Count == 1
            ? found
            : new PlanConfirmation(rng.Split("confirm")).Run(
                found,
                pipelines => Try(pipelines, Seeds.Skip(1).ToArray()),
                told
            );
    }

    static Measurement[] Only<T>(
        string name,
        string what,
        T? wanted,
        IReadOnlyList<Measurement> measurements,
        Func<Measurement, object> of
    )
    {
        object[] there = [.. measurements.Select(of).Distinct()];
        if (wanted is null && there.Length > 1)
        {
            throw new InvalidDataException(
                $"{name} has measurements of {what} {Joined(there)}; name one of them with --{what}."
            );
        }

        object one = wanted is null ? there[0] : wanted;
        return there.Contains(one)
            ? [.. measurements.Where(m => of(m).Equals(one))]
            : throw new InvalidDataException(
                $"{name} has no measurement of {what} {one}; it has {Joined(there)}."
            );
    }

    static string Joined<T>(IEnumerable<T> values) => string.Join(", ", values.Distinct().Order());
}
