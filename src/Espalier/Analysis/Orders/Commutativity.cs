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
                : Blocks.Of(
                    [
                        .. originals.Select(original =>
                            orders
                                .Select(order =>
                                    runs.First(r =>
                                        r.Original == original && r.Pipeline == order
                                    ).Curve
                                )
                                .ToArray()
                        ),
                    ]
                );
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
            Excess = pairs.Difference(IsDifferent, IsSame, n, new Draws(rng.Split("excess"))),
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
                Contrasts = Contrasts(blocks, orders, options, rng.Split("contrasts")),
                Power = Detectable.Of(blocks, margin, options, rng.Split("power")),
                Margin = margin,
            };
        }

        return OrderSentence.Judged(found, blocks, options);
    }

    static bool IsSame(PairDistance pair) => pair.SameOrder && !pair.SameOriginal;

    static bool IsDifferent(PairDistance pair) => !pair.SameOrder && !pair.SameOriginal;

    /// <summary>Two orders at a time: exact whatever prefixes they share with others.</summary>
    static OrderContrast[] Contrasts(
        Blocks blocks,
        string[] orders,
        CommutativityOptions options,
        Rng rng
    )
    {
        List<(string A, string B, double Mean, double P)> found = [];
        for (int a = 0; a < orders.Length; a++)
        {
            for (int b = a + 1; b < orders.Length; b++)
            {
                Blocks two = blocks.With(
                    [.. blocks.Rows.Select(o => new double[][] { o[a], o[b] })]
                );
                Draws draws = new(rng.Split($"{orders[a]} {orders[b]}"));
                double p = Relabelling.Test(two, options.Relabellings, draws).P,
                    mean = two.Furthest(two.Means(two.OwnLabels()), 0, 1);
                found.Add((orders[a], orders[b], mean, p));
            }
        }

        double[] adjusted = Inference.Holm([.. found.Select(f => f.P)]);
        return
        [
            .. found.Select(
                (f, i) =>
                    new OrderContrast(f.A, f.B, Math.Abs(f.Mean), f.Mean, f.P, adjusted[i])
            ),
        ];
    }
}
