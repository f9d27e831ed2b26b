using Espalier.Models;

namespace Espalier.Analysis.Orders;

/// <summary>
/// The runs of all orders on the same originals as rows of numbers: the quality of every run at the same costs, or,
/// where curves share no cost (pipelines without exits are single points), at the same efforts.
/// </summary>
sealed class Blocks
{
    // Curves of a study have some ten points each; more places than this do not move a largest difference.
    const int MostPlaces = 48;

    Blocks(double[][][] rows, int places, bool byEffort) =>
        (Rows, Places, ByEffort) = (rows, places, byEffort);

    /// <summary>[original][order][place].</summary>
    public double[][][] Rows { get; }

    public int Places { get; }

    public bool ByEffort { get; }

    public int Count => Rows.Length;

    public int Orders => Rows[0].Length;

    /// <param name="runs">[original][order].</param>
    /// <returns>Null where the curves share neither a cost nor an effort.</returns>
    public static Blocks? Of(IReadOnlyList<IReadOnlyList<TradeoffCurve>> runs)
    {
        TradeoffCurve[] all = [.. runs.SelectMany(r => r)];
        double[] costs = Thinned(Distance.SharedCosts(all));
        if (costs.Length > 0)
        {
            return new Blocks(
                Read(runs, curve => [.. costs.Select(c => curve.At(c)!.Value)]),
                costs.Length,
                false
            );
        }

        Effort[] efforts =
        [
            .. all[0]
                .Points.Select(p => p.Effort)
                .Where(e => all.All(c => c.Points.Any(p => p.Effort == e))),
        ];
        return efforts.Length == 0
            ? null
            : new Blocks(
                Read(
                    runs,
                    curve =>
                        [.. efforts.Select(e => curve.Points.First(p => p.Effort == e).Quality)]
                ),
                efforts.Length,
                true
            );
    }

    public Blocks With(double[][][] rows) => new(rows, Places, ByEffort);

    /// <summary>Distance of the mean curves of two orders, of every two; and its average.</summary>
    /// <param name="labels">[original][run]: which order the run is taken for.</param>
    public double MeanDistance(int[][] labels)
    {
        double[] means = Means(labels);
        double total = 0;
        for (int a = 0; a < Orders; a++)
        {
            for (int b = a + 1; b < Orders; b++)
            {
                total += Furthest(means, a, b);
            }
        }

        return total / (Orders * (Orders - 1) / 2);
    }

    /// <summary>Distance of the means of a and b: at the place where they are furthest apart.</summary>
    public double Furthest(double[] means, int a, int b)
    {
        double furthest = 0;
        for (int p = 0; p < Places; p++)
        {
            furthest = Math.Max(furthest, Math.Abs(means[a * Places + p] - means[b * Places + p]));
        }

        return furthest;
    }

    /// <summary>[order · place], over the originals.</summary>
    public double[] Means(int[][] labels)
    {
        double[] means = new double[Orders * Places];
        for (int o = 0; o < Count; o++)
        {
            for (int r = 0; r < Orders; r++)
            {
                double[] row = Rows[o][r];
                int at = labels[o][r] * Places;
                for (int p = 0; p < row.Length; p++)
                {
                    means[at + p] += row[p] / Count;
                }
            }
        }

        return means;
    }

    public int[][] OwnLabels() =>
        [.. Enumerable.Range(0, Count).Select(_ => Enumerable.Range(0, Orders).ToArray())];

    static double[][][] Read(
        IReadOnlyList<IReadOnlyList<TradeoffCurve>> runs,
        Func<TradeoffCurve, double[]> row
    ) => [.. runs.Select(block => block.Select(row).ToArray())];

    static double[] Thinned(double[] costs) =>
        costs.Length <= MostPlaces
            ? costs
            :
            [
                .. Enumerable
                    .Range(0, MostPlaces)
                    .Select(i => costs[(int)((long)i * (costs.Length - 1) / (MostPlaces - 1))]),
            ];
}
