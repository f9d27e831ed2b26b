using Espalier.Measuring;

namespace Espalier.Analysis.Orders;

/// <summary>Distances of every two runs, and their means with intervals from resampled originals.</summary>
sealed class PairDistances
{
    readonly IReadOnlyList<StudyRun> _runs;
    readonly ulong[] _originals;

    public PairDistances(IReadOnlyList<StudyRun> runs, bool byEffort)
    {
        (_runs, ByEffort) = (runs, byEffort);
        _originals = [.. runs.Select(r => r.Original).Distinct()];
        List<PairDistance> pairs = [];
        for (int a = 0; a < runs.Count; a++)
        {
            for (int b = a + 1; b < runs.Count; b++)
            {
                pairs.Add(
                    new PairDistance(
                        a,
                        b,
                        runs[a].Pipeline == runs[b].Pipeline,
                        runs[a].Original == runs[b].Original,
                        byEffort
                            ? Distance.ByEffort(runs[a].Curve, runs[b].Curve)
                            : Distance.Between(runs[a].Curve, runs[b].Curve)
                    )
                );
            }
        }

        All = pairs;
    }

    public bool ByEffort { get; }

    public IReadOnlyList<PairDistance> All { get; }

    /// <summary>Mean over the pairs of a kind; its interval resamples originals, for pairs share runs.</summary>
    public DistanceSummary Summary(Func<PairDistance, bool> kind, int resamples, Draws draws)
    {
        PairDistance[] defined = [.. All.Where(p => kind(p) && p.Distance.Value is not null)];
        if (defined.Length == 0)
        {
            string why =
                All.FirstOrDefault(kind)?.Distance.WhyUndefined ?? "there is no pair of this kind";
            return new DistanceSummary(0, null, null, null, null, why);
        }

        double[] values = [.. defined.Select(p => p.Distance.Value!.Value)];
        (double? low, double? high) = Interval(w => Mean(defined, w), resamples, draws);
        return new DistanceSummary(
            values.Length,
            values.Average(),
            Statistics.StandardDeviation(values),
            low,
            high,
            null
        );
    }

    /// <summary>Mean of one kind less mean of another.</summary>
    public DistanceSummary Difference(
        Func<PairDistance, bool> kind,
        Func<PairDistance, bool> less,
        int resamples,
        Draws draws
    )
    {
        PairDistance[] a = [.. All.Where(p => kind(p) && p.Distance.Value is not null)],
            b = [.. All.Where(p => less(p) && p.Distance.Value is not null)];
        double[] once = [.. _originals.Select(_ => 1.0)];
        if (Mean(a, once) - Mean(b, once) is not { } mean)
        {
            return new DistanceSummary(
                0,
                null,
                null,
                null,
                null,
                "one of the two kinds of pairs has no distance"
            );
        }

        (double? low, double? high) = Interval(w => Mean(a, w) - Mean(b, w), resamples, draws);
        return new DistanceSummary(a.Length + b.Length, mean, null, low, high, null);
    }

    (double? Low, double? High) Interval(
        Func<double[], double?> statistic,
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
            if (statistic(times) is { } value)
            {
                drawn.Add(value);
            }
        }

        return drawn.Count < 2 ? (null, null) : Inference.ExpandedPercentile([.. drawn], n);
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
            total += w * pair.Distance.Value!.Value;
        }

        return weight > 0 ? total / weight : null;
    }

    int Place(int run) => Array.IndexOf(_originals, _runs[run].Original);
}
