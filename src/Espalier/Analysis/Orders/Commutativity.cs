using Espalier.Measuring;
using Espalier.Operators;
using Espalier.Tensors;

namespace Espalier.Analysis.Orders;

/// <summary>
/// Does the order of operators matter (Xin et al. 2022, section 5)? Not by a p value alone, which more seeds always push
/// down: signed differences of quality at equal effort are held against a margin that was stated before, in regions of
/// the curve.
/// </summary>
public static class Commutativity
{
    /// <summary>
    /// A comparison for each task and each set of operators that was run in two orders or more. Measurements without a
    /// time take part by their layers.
    /// </summary>
    /// <param name="answers">Where known, intervals hold another draw of the examples too.</param>
    /// <param name="rng">Draws resamples, simulated studies, and relabellings where there are too many to count.</param>
    public static IReadOnlyList<OrderComparison> Of(
        IReadOnlyList<Measurement> measurements,
        CommutativityOptions options,
        Rng rng,
        AnsweredExamples? answers = null
    ) =>
        [
            .. measurements
                .GroupBy(m => m.Task)
                .OrderBy(g => g.Key, StringComparer.Ordinal)
                .SelectMany(task =>
                    OfTask(task.Key, [.. task], options, rng, answers ?? AnsweredExamples.None)
                ),
        ];

    static IEnumerable<OrderComparison> OfTask(
        string task,
        IReadOnlyList<Measurement> measurements,
        CommutativityOptions options,
        Rng rng,
        AnsweredExamples answers
    )
    {
        OrderRuns runs = new(measurements, answers);
        OrderDraft[] drafts =
        [
            .. measurements
                .Select(m => m.Pipeline)
                .Distinct()
                .GroupBy(SetOf)
                .Where(g => g.Count() > 1)
                .OrderBy(g => g.Key.Count(c => c == '+'))
                .ThenBy(g => g.Key, StringComparer.Ordinal)
                .Select(g =>
                    OrderDraft.Of(
                        task,
                        g.Key,
                        [.. g.Order(StringComparer.Ordinal)],
                        runs,
                        options,
                        rng.Split($"{task} {g.Key}")
                    )
                ),
        ];
        for (int i = 0; i < drafts.Length; i++)
        {
            drafts[i] = drafts[i] with
            {
                SameAs = drafts
                    .Take(i)
                    .FirstOrDefault(d => d.SameAs is null && d.IsSameAs(drafts[i])),
            };
        }

        // What training decides is asked once; what trains nothing asks no further question of the same trained models, and has
        // a family of its own.
        Dictionary<OrderDraft, OrderComparison> judged = [];
        foreach (
            IGrouping<bool, OrderDraft> family in drafts
                .Where(d => d.SameAs is null)
                .GroupBy(d => IsOfTraining(d.Found.Orders[0]))
        )
        {
            foreach (var (draft, found) in OrderSentence.Judged([.. family], options))
            {
                judged.Add(draft, found);
            }
        }

        return drafts.Select(d =>
            d.SameAs is { } same ? OrderSentence.Repeated(d, judged[same], options) : judged[d]
        );
    }

    static bool IsOfTraining(string pipeline) =>
        Pipeline.Parse(pipeline).Operators.All(o => o.Group == Group.I || o.IsOriginal);

    /// <summary>The operators of a pipeline in the one order of <see cref="Operator.All"/>, joined by +; without O.</summary>
    static string SetOf(string pipeline) =>
        string.Join(
            "+",
            Pipeline
                .Parse(pipeline)
                .Operators.Where(o => o != Operator.Original)
                .OrderBy(o => o.Place)
                .ThenBy(o => $"{o}", StringComparer.Ordinal)
        );
}
