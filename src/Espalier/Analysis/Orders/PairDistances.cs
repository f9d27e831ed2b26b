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
        double mean = values.Average();
        (double? low, double? high) = Interval(defined, mean, resamples, draws);
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
            total += w * pair.Distance.Value!.Value;
        }

        return weight > 0 ? total / weight : null;
    }

    int Place(int run) => Array.IndexOf(_originals, _runs[run].Original);
}
