namespace Espalier.Analysis.Orders;

/// <summary>
/// The permutation test. Hypothesis: given its original, a run's curve has the same distribution whatever the order of
/// the operators. Then the runs on one original are exchangeable among orders, whatever that original is like; so every
/// permutation of order labels within each original, independently, leaves the joint distribution of all curves
/// unchanged, and the rank of the statistic of the labels that were really used is uniform over the relabellings. The p
/// value (share of relabellings with a statistic at least as large, the real one counted) is valid for any distribution
/// of the noise and any number of originals.
/// <para>
/// Labels are never moved between originals: an original's own luck, which is larger than all else, is in all its runs
/// and cancels in the statistic, the distance of the orders' mean curves.
/// </para>
/// <para>
/// Renaming all orders at once changes no distance, so the labels of the first original stay and k!^(n−1) relabellings
/// are all that there are: 7,776 of three orders on six originals.
/// </para>
/// <para>
/// Limits. With n originals and k orders no p below k! / k!^n exists: three originals and two orders give 1/4 at best.
/// A large p says nothing about the size of an effect, which <see cref="SimultaneousBand"/> does. Rejecting says that
/// distributions differ, most likely their means. Orders that share a trained prefix (DEP and DPE share D) are alike through it: with three or more orders of which some share, exchangeability holds within the
/// sharing ones and only approximately over all (in CommutativityTests 14 of 200 simulated studies without effect are
/// rejected at 5 % where the prefix makes 70 % of the noise, and 8 without sharing); a test of two orders alone remains
/// exact.
/// </para>
/// </summary>
static class Relabelling
{
    public static PermutationTest Test(Blocks blocks, int most, int drawn, Draws draws)
    {
        double observed = blocks.MeanDistance(blocks.OwnLabels()),
            tolerance = 1e-9 * (1 + observed),
            sum = 0;
        int atLeast = 0,
            tried = 0;
        bool exact = Count(blocks.OrderCount, blocks.Count) <= most;
        foreach (
            int[][] labels in exact
                ? All(blocks.OrderCount, blocks.Count)
                : Drawn(blocks.OrderCount, blocks.Count, drawn, draws)
        )
        {
            double statistic = blocks.MeanDistance(labels);
            sum += statistic;
            atLeast += statistic >= observed - tolerance ? 1 : 0;
            tried++;
        }

        return new PermutationTest(
            observed,
            sum / tried,
            (double)atLeast / tried,
            (double)atLeast / tried,
            SmallestP(blocks.OrderCount, blocks.Count),
            exact,
            tried
        );
    }

    public static double SmallestP(int orders, int originals) => 1 / Count(orders, originals);

    /// <summary>Of relabellings that differ; infinite where it exceeds all numbers.</summary>
    static double Count(int orders, int originals) => Math.Pow(Factorial(orders), originals - 1);

    static double Factorial(int n) => n < 2 ? 1 : n * Factorial(n - 1);

    /// <summary>Every combination of permutations, one for each original but the first.</summary>
    static IEnumerable<int[][]> All(int orders, int originals)
    {
        int[][] permutations = [.. Permutations([.. Enumerable.Range(0, orders)], 0)];
        int[] digits = new int[originals];
        while (true)
        {
            yield return [.. digits.Select(d => permutations[d])];
            int place = 1;
            while (place < originals && ++digits[place] == permutations.Length)
            {
                digits[place++] = 0;
            }

            if (place == originals)
            {
                yield break;
            }
        }
    }

    /// <summary>The real labels and drawn ones: the real ones must count, or p could be 0.</summary>
    static IEnumerable<int[][]> Drawn(int orders, int originals, int count, Draws draws)
    {
        int[][] labels =
        [
            .. Enumerable.Range(0, originals).Select(_ => Enumerable.Range(0, orders).ToArray()),
        ];
        yield return labels;
        for (int i = 1; i < count; i++)
        {
            foreach (int[] original in labels)
            {
                draws.Shuffle(original);
            }

            yield return labels;
        }
    }

    static IEnumerable<int[]> Permutations(int[] items, int from)
    {
        if (from == items.Length)
        {
            yield return [.. items];
        }

        for (int i = from; i < items.Length; i++)
        {
            (items[from], items[i]) = (items[i], items[from]);
            foreach (int[] permutation in Permutations(items, from + 1))
            {
                yield return permutation;
            }

            (items[from], items[i]) = (items[i], items[from]);
        }
    }
}
