using Espalier.Measuring;

namespace Espalier.Analysis.Orders;

/// <summary>Distances of every two runs, and their means with intervals from resampled originals.</summary>
sealed class PairDistances
{
    readonly IReadOnlyList<OrderRun> _runs;
    readonly ulong[] _originals;

    /// <param name="runs">Of the blocks: all orders of the first original, then of the next.</param>
    public PairDistances(IReadOnlyList<OrderRun> runs, Blocks? blocks)
    {
        _runs = runs;
        _originals = [.. runs.Select(r => r.Original).Distinct()];
        double[][] rows = [.. blocks?.Rows.SelectMany(r => r) ?? []];
        All =
        [
            .. from a in Enumerable.Range(0, rows.Length)
            from b in Enumerable.Range(a + 1, rows.Length - a - 1)
            select new PairDistance(
                a,
                b,
                runs[a].Pipeline == runs[b].Pipeline,
                runs[a].Original == runs[b].Original,
                rows[a].Zip(rows[b], (x, y) => Math.Abs(x - y)).Max()
            ),
        ];
    }

    public IReadOnlyList<PairDistance> All { get; }

    /// <summary>Mean over the pairs of a kind; its interval resamples originals, for pairs share runs.</summary>
    public DistanceSummary Summary(Func<PairDistance, bool> kind, int resamples, Draws draws)
    {
        PairDistance[] pairs = [.. All.Where(kind)];
        if (pairs.Length == 0)
        {
            return new DistanceSummary(
                0,
                null,
                null,
                null,
                null,
                All.Count == 0
                    ? "the curves share no effort at which all can be read"
                    : "there is no pair of this kind"
            );
        }

        double[] values = [.. pairs.Select(p => p.Distance)];
        double mean = values.Average();
        (double? low, double? high) = Interval(pairs, mean, resamples, draws);
        return new DistanceSummary(
            values.Length,
            mean,
            Statistics.StandardDeviation(values),
            low,
            high,
            null
        );
    }

    (double? Low, double? High) Interval(
        PairDistance[] pairs,
        double mean,
        int resamples,
        Draws draws
    )
    {
        int n = _originals.Length;
        if (n < 2)
        {
            return (null, null);
        }

        List<double> drawn = [];
        for (int i = 0; i < resamples; i++)
        {
            double[] times = new double[n];
            for (int j = 0; j < n; j++)
            {
                times[draws.Below(n)]++;
            }

            // A resample of one original alone has no pair of different originals, and says nothing.
            if (Mean(pairs, times) is { } value)
            {
                drawn.Add(value);
            }
        }

        // Where all resamples agree nothing is known of the spread: of two originals there is one pair, drawn each time.
        if (drawn.Distinct().Count() < 2)
        {
            return (null, null);
        }

        (double low, double high) = Inference.StudentBootstrap(mean, [.. drawn], n);
        // No distance is below 0.
        return (Math.Max(0, low), high);
    }

    /// <summary>Weighted by how often the originals of a pair were drawn.</summary>
    double? Mean(PairDistance[] pairs, double[] times)
    {
        double weight = 0,
            total = 0;
        foreach (PairDistance pair in pairs)
        {
            double a = times[Place(pair.A)],
                w = pair.SameOriginal ? a : a * times[Place(pair.B)];
            weight += w;
            total += w * pair.Distance;
        }

        return weight > 0 ? total / weight : null;
    }

    int Place(int run) => Array.IndexOf(_originals, _runs[run].Original);
}
