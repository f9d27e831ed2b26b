namespace Espalier.Analysis.Orders;

/// <summary>The runs of all orders on the same originals as rows of numbers: the quality of every run at the same places.</summary>
sealed class Blocks
{
    readonly CurveReading[][][] _readings;

    /// <param name="runs">[original][order].</param>
    public Blocks(IReadOnlyList<IReadOnlyList<EffortCurve>> runs, IReadOnlyList<Place> places)
    {
        Places = places;
        _readings =
        [
            .. runs.Select(original =>
                original
                    .Select(curve => places.Select(p => SharedPlaces.Read(curve, p)).ToArray())
                    .ToArray()
            ),
        ];
        Rows =
        [
            .. _readings.Select(original =>
                original.Select(run => run.Select(r => r.Worth).ToArray()).ToArray()
            ),
        ];
    }

    /// <summary>[original][order][place].</summary>
    public double[][][] Rows { get; }

    public IReadOnlyList<Place> Places { get; }

    public int Count => Rows.Length;

    public int OrderCount => Rows[0].Length;

    /// <summary>Of the split, where answers are known; else 0.</summary>
    public int Examples => _readings[0][0][0].Right?.Count ?? 0;

    /// <summary>Every two orders.</summary>
    public IEnumerable<(int A, int B)> OrderPairs =>
        from a in Enumerable.Range(0, OrderCount)
        from b in Enumerable.Range(a + 1, OrderCount - a - 1)
        select (a, b);

    /// <summary>Quality of A less that of B on one original.</summary>
    public double Difference(int original, int a, int b, int place) =>
        Rows[original][a][place] - Rows[original][b][place];

    /// <summary>
    /// Variance of the mean difference that another draw of the examples makes; null where answers are not known.
    /// </summary>
    public double? VarianceOfExamples(int a, int b, int place) =>
        AnsweredExamples.VarianceOf([
            .. _readings.Select(original =>
                original[a][place].Right is { } x && original[b][place].Right is { } y
                    ? (IReadOnlyList<double>)[.. x.Zip(y, (p, q) => p - q)]
                    : null
            ),
        ]);

    /// <summary>Distance of the mean curves of two orders, of every two; and its average.</summary>
    /// <param name="labels">[original][run]: which order the run is taken for.</param>
    public double MeanDistance(int[][] labels)
    {
        double[] means = Means(labels);
        double total = 0;
        for (int a = 0; a < OrderCount; a++)
        {
            for (int b = a + 1; b < OrderCount; b++)
            {
                total += Furthest(means, a, b);
            }
        }

        return total / (OrderCount * (OrderCount - 1) / 2);
    }

    /// <summary>
    /// Mean over originals and pairs of orders of the largest difference, after the mean difference of every place was
    /// taken out; the √(n / (n − 1)) gives back what that takes from the noise. Null for a single original.
    /// </summary>
    public double? LargestByNoise()
    {
        if (Count < 2)
        {
            return null;
        }

        double scale = Math.Sqrt(Count / (Count - 1.0));
        return OrderPairs
            .SelectMany(pair =>
            {
                double[] means =
                [
                    .. Enumerable
                        .Range(0, Places.Count)
                        .Select(p =>
                            Enumerable
                                .Range(0, Count)
                                .Average(o => Difference(o, pair.A, pair.B, p))
                        ),
                ];
                return Enumerable
                    .Range(0, Count)
                    .Select(o =>
                        means
                            .Select(
                                (mean, p) =>
                                    scale * Math.Abs(Difference(o, pair.A, pair.B, p) - mean)
                            )
                            .Max()
                    );
            })
            .Average();
    }

    public int[][] OwnLabels() =>
        [.. Enumerable.Range(0, Count).Select(_ => Enumerable.Range(0, OrderCount).ToArray())];

    /// <summary>Whether these are the same qualities at the same places: L, which only leaves out padding, changes no answer.</summary>
    public bool IsSameAs(Blocks other) =>
        Count == other.Count
        && OrderCount == other.OrderCount
        && Places.SequenceEqual(other.Places)
        && Rows.Zip(
                other.Rows,
                (a, b) => a.Zip(b, (x, y) => x.AsSpan().SequenceEqual(y)).All(same => same)
            )
            .All(same => same);

    double Furthest(double[] means, int a, int b)
    {
        double furthest = 0;
        for (int p = 0; p < Places.Count; p++)
        {
            furthest = Math.Max(
                furthest,
                Math.Abs(means[a * Places.Count + p] - means[b * Places.Count + p])
            );
        }

        return furthest;
    }

    /// <summary>[order · place], over the originals.</summary>
    double[] Means(int[][] labels)
    {
        double[] means = new double[OrderCount * Places.Count];
        for (int o = 0; o < Count; o++)
        {
            for (int r = 0; r < OrderCount; r++)
            {
                double[] row = Rows[o][r];
                int at = labels[o][r] * Places.Count;
                for (int p = 0; p < row.Length; p++)
                {
                    means[at + p] += row[p] / Count;
                }
            }
        }

        return means;
    }
}
