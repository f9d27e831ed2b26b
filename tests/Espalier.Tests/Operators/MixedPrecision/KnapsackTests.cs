using Espalier.Operators.MixedPrecision;
using FsCheck;
using FsCheck.Fluent;

namespace Espalier.Tests.Operators.MixedPrecision;

/// <summary>One choice for each item against all combinations there are.</summary>
public sealed class KnapsackTests
{
    [Fact]
    public void No_combination_within_the_budget_loses_less() =>
        Prop.ForAll(
                (
                    from counts in Gen.Choose(1, 3).ArrayOf(6)
                    from choices in Gen.Choose(-3, 20)
                        .Two()
                        .Select(p => new Choice(p.Item1 + 4, p.Item2))
                        .ArrayOf(18)
                    from budget in Gen.Choose(0, 90)
                    select (counts, choices, budget)
                ).ToArbitrary(),
                a =>
                {
                    Choice[][] items =
                    [
                        .. a.counts.Select((n, i) => a.choices[(3 * i)..(3 * i + n)]),
                    ];
                    (double Loss, double Cost)? best = null;
                    foreach (int[] taken in Combinations(items))
                    {
                        var (cost, loss) = Sum(items, taken);
                        if (
                            cost <= a.budget
                            && (best is null || (loss, cost).CompareTo(best.Value) < 0)
                        )
                        {
                            best = (loss, cost);
                        }
                    }

                    int[]? found = Knapsack.Least(items, a.budget);
                    Assert.Equal(best is null, found is null);
                    if (found is not null)
                    {
                        var (cost, loss) = Sum(items, found);
                        Assert.Equal(best, (loss, cost));
                    }
                }
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Hundreds_of_layers_of_a_few_sizes_take_no_time()
    {
        Choice[][] items =
        [
            .. Enumerable
                .Range(0, 400)
                .Select(i =>
                    (Choice[])
                        [
                            new(5 + i % 4, 1.0 / (1 + i * 7 % 13)),
                            new(10 + i % 4, 0.1 / (1 + i * 5 % 11)),
                            new(40 + i % 4, 0),
                        ]
                ),
        ];
        int[] taken = Knapsack.Least(items, 4_600)!;
        Assert.InRange(Sum(items, taken).Cost, 4_590, 4_600);
    }

    static IEnumerable<int[]> Combinations(Choice[][] items) =>
        items.Aggregate(
            (IEnumerable<int[]>)
                [
                    [],
                ],
            (all, item) => all.SelectMany(head => item.Select((_, i) => (int[])[.. head, i]))
        );

    static (double Cost, double Loss) Sum(Choice[][] items, int[] taken) =>
        (
            items.Select((item, i) => item[taken[i]].Cost).Sum(),
            items.Select((item, i) => item[taken[i]].Loss).Sum()
        );
}
