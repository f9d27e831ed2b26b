using Espalier.Measuring;
using Espalier.Operators;
using Espalier.Tensors;

namespace Espalier.Analysis.Orders;

/// <summary>
/// Are operators commutative: are different orders no further apart than different seeds of the same order (Xin et al.
/// 2022, section 4)?
/// </summary>
public static class Commutativity
{
    /// <summary>A comparison for each task and each set of operators that was run in two orders or more.</summary>
    /// <param name="rng">Draws resamples, relabellings where there are too many to try all, and simulated studies.</param>
    public static IReadOnlyList<OrderComparison> Of(
        IReadOnlyList<Measurement> measurements,
        CommutativityOptions options,
        Rng rng
    ) =>
        [
            .. StudyRuns
                .Of(measurements, options.Axes, options.Gaps)
                .GroupBy(run => (run.Task, Operators: SetOf(run.Pipeline)))
                .Where(g => g.Select(r => r.Pipeline).Distinct().Count() > 1)
                .OrderBy(g => g.Key.Task, StringComparer.Ordinal)
                .ThenBy(g => g.Key.Operators.Count(c => c == '+'))
                .ThenBy(g => g.Key.Operators, StringComparer.Ordinal)
                .Select(g =>
                    Compare(
                        g.Key.Task,
                        g.Key.Operators,
                        [.. g],
                        options,
                        rng.Split($"{g.Key.Task} {g.Key.Operators}")
                    )
                ),
        ];

    /// <summary>The operators of a pipeline in the one order of <see cref="Operator.All"/>, joined by +; without O.</summary>
    static string SetOf(string pipeline) =>
        string.Join(
            "+",
            Pipeline
                .Parse(pipeline)
                .Operators.Where(o => o != new FineTune())
                .OrderBy(o => Operator.All.ToList().FindIndex(known => known.Letter == o.Letter))
                .ThenBy(o => $"{o}", StringComparer.Ordinal)
        );

    static OrderComparison Compare(
        string task,
        string operators,
        StudyRun[] runs,
        CommutativityOptions options,
        Rng rng
    )
    {
        string[] orders =
        [
            .. runs.Select(r => r.Pipeline).Distinct().Order(StringComparer.Ordinal),
        ];
        ulong[] originals =
        [
            .. runs.GroupBy(r => r.Original)
                .Where(g => orders.All(o => g.Any(r => r.Pipeline == o)))
                .Select(g => g.Key)
                .Order(),
        ];
        Blocks? blocks =
            originals.Length == 0
                ? null
                : Blocks.Of([
                    .. originals.Select(original =>
                        orders
                            .Select(order =>
                                runs.First(r => r.Original == original && r.Pipeline == order).Curve
                            )
                            .ToArray()
                    ),
                ]);
        PairDistances pairs = new(runs, blocks?.ByEffort ?? false);
        int n = options.Resamples;
        OrderComparison found = new()
        {
            Task = task,
            Operators = operators,
            Orders = orders,
            Originals = originals,
            Runs = runs,
            Pairs = pairs.All,
            Same = pairs.Summary(IsSame, n, new Draws(rng.Split("same"))),
            Different = pairs.Summary(IsDifferent, n, new Draws(rng.Split("different"))),
            Paired = pairs.Summary(
                p => !p.SameOrder && p.SameOriginal,
                n,
                new Draws(rng.Split("paired"))
            ),
            Verdict = OrderVerdict.CannotTell,
            Sentence = "",
        };
        double? margin = options.Margin ?? found.Same.Mean;
        if (blocks is { Count: > 1 })
        {
            found = found with
            {
                Test = Relabelling.Test(
                    blocks,
                    options.Relabellings,
                    new Draws(rng.Split("relabelling"))
                ),
                Contrasts = Contrasts(blocks, orders),
                Power = Detectable.Of(blocks, margin, options, rng.Split("power")),
                Margin = margin,
            };
        }

        return OrderSentence.Judged(found, blocks, options);
    }

    static bool IsSame(PairDistance pair) => pair.SameOrder && !pair.SameOriginal;

    static bool IsDifferent(PairDistance pair) => !pair.SameOrder && !pair.SameOriginal;

    static OrderContrast[] Contrasts(Blocks blocks, string[] orders)
    {
        double[] means = blocks.Means(blocks.OwnLabels());
        return
        [
            .. from a in Enumerable.Range(0, orders.Length)
            from b in Enumerable.Range(a + 1, orders.Length - a - 1)
            select new OrderContrast(orders[a], orders[b], blocks.Furthest(means, a, b)),
        ];
    }
}
