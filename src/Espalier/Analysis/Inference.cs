using Espalier.Measuring;
using MathNet.Numerics.Distributions;

namespace Espalier.Analysis;

/// <summary>What few observations of equal standing allow to say: intervals and corrections for many tests.</summary>
public static class Inference
{
    /// <summary>Half the width of Student's 95 % interval of a mean, in standard errors.</summary>
    public static double StudentReach(int n) =>
        StudentT.InvCDF(0, 1, n - 1, 1 - (1 - Statistics.Confidence) / 2);

    /// <summary>
    /// Holm 1979: p values that may be compared with one level for all of them; the chance of any false alarm stays
    /// below that level however the tests depend on each other.
    /// </summary>
    public static double[] Holm(IReadOnlyList<double> p)
    {
        int[] order = [.. Enumerable.Range(0, p.Count).OrderBy(i => p[i])];
        double[] adjusted = new double[p.Count];
        double most = 0;
        for (int rank = 0; rank < order.Length; rank++)
        {
            most = Math.Max(most, Math.Min(1, (p.Count - rank) * p[order[rank]]));
            adjusted[order[rank]] = most;
        }

        return adjusted;
    }

    /// <summary>
    /// 95 % interval from resampled values of a statistic of n clusters: percentiles moved outward so that a mean gets
    /// the width of Student's interval (the expanded percentile interval, Hesterberg 2015, section 4.1.3); plain
    /// percentiles are far too narrow for the three to ten seeds of a study.
    /// </summary>
    public static (double Low, double High) ExpandedPercentile(double[] resampled, int n)
    {
        double[] sorted = [.. resampled.Order()];
        double tail = Normal.CDF(0, 1, -Math.Sqrt(n / (n - 1.0)) * StudentReach(n));
        int cut = (int)Math.Floor(tail * sorted.Length);
        return (sorted[cut], sorted[^(cut + 1)]);
    }
}
