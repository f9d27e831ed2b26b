namespace Espalier.Operators.MixedPrecision;

/// <summary>What one of the choices for an item costs, and what is lost by it; both may be any finite numbers.</summary>
readonly record struct Choice(double Cost, double Loss);

/// <summary>
/// One choice for each item, the least loss that a budget buys: the multiple-choice knapsack, solved exactly. Item by item all that
/// nothing else beats in both cost and loss is kept (Nemhauser and Ullmann 1969); layers of few sizes have few different sums.
/// </summary>
static class Knapsack
{
    // Sums of the same numbers in another order differ by less.
    const double Rounding = 1e-12;

    /// <param name="Before">Place of what it goes on from, among those kept of the item before.</param>
    /// <param name="Taken">The choice of the item.</param>
    readonly record struct Partial(double Cost, double Loss, int Before, int Taken);

    /// <summary>Of each item the number of its choice; null: nothing fits. Of equal losses the one that costs less.</summary>
    public static int[]? Least(IReadOnlyList<IReadOnlyList<Choice>> items, double budget)
    {
        double most = budget + Rounding * Math.Abs(budget);
        double[] least = new double[items.Count + 1];
        for (int i = items.Count - 1; i >= 0; i--)
        {
            least[i] = least[i + 1] + items[i].Min(c => c.Cost);
        }

        List<List<Partial>> kept =
        [
            [default],
        ];
        for (int i = 0; i < items.Count; i++)
        {
            double left = most - least[i + 1];
            kept.Add(
                Unbeaten(
                    kept[i]
                        .SelectMany(
                            (partial, before) =>
                                items[i]
                                    .Select(
                                        (c, taken) =>
                                            new Partial(
                                                partial.Cost + c.Cost,
                                                partial.Loss + c.Loss,
                                                before,
                                                taken
                                            )
                                    )
                        )
                        .Where(p => p.Cost <= left)
                )
            );
        }

        // By cost upwards, so that the last loses least.
        int at = kept[^1].Count - 1;
        if (at < 0)
        {
            return null;
        }

        int[] taken = new int[items.Count];
        for (int i = taken.Length - 1; i >= 0; i--)
        {
            (taken[i], at) = (kept[i + 1][at].Taken, kept[i + 1][at].Before);
        }

        return taken;
    }

    static List<Partial> Unbeaten(IEnumerable<Partial> all)
    {
        List<Partial> kept = [];
        foreach (Partial one in all.OrderBy(p => p.Cost).ThenBy(p => p.Loss))
        {
            if (kept.Count == 0 || one.Loss < kept[^1].Loss)
            {
                kept.Add(one);
            }
        }

        return kept;
    }
}
