using Espalier.Measuring;

namespace Espalier.Analysis;

/// <summary>What few observations of equal standing allow to say: intervals and corrections for many tests.</summary>
public static class Inference
{
    /// <summary>Half the width of Student's 95 % interval of a mean, in standard errors.</summary>
    public static double StudentReach(int n) => Statistics.StudentReach(n - 1);

    /// <summary>With n − 1; of two values at least.</summary>
    public static double Variance(IReadOnlyList<double> values) =>
        Math.Pow(Statistics.StandardDeviation(values)!.Value, 2);

    /// <summary>An interval of 95 % reaches about two standard errors to each side.</summary>
    public const double Reach = 1.96;

    /// <summary>
    /// Half the width of the 95 % interval of a sum of independent errors, each a variance of the mean with its degrees
    /// of freedom (Satterthwaite 1946).
    /// </summary>
    public static double Half(ReadOnlySpan<(double Variance, double Freedom)> parts)
    {
        double sum = 0,
            quarters = 0;
        foreach (var (variance, freedom) in parts)
        {
            sum += variance;
            quarters += variance * variance / freedom;
        }

        return sum == 0 ? 0
            : quarters == 0 ? Reach * Math.Sqrt(sum)
            : Statistics.StudentReach(sum * sum / quarters) * Math.Sqrt(sum);
    }

    /// <summary>That a 95 % interval of many observations stands for.</summary>
    public static double StandardError(double low, double high) => (high - low) / (2 * Reach);

    /// <summary>p to three digits; never zero, which no test can show.</summary>
    public static string Shown(double p) => p < 0.0005 ? "< 0.001" : $"{p:0.###}";

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
    /// 95 % interval of a statistic of n clusters from resampled values of it: Student's reach times the bootstrap's
    /// standard error, which √(n / (n − 1)) makes Student's own interval of a mean. Percentiles cannot do that: no
    /// resample of three clusters lies outside them, so at three seeds percentiles of simulated mean distances covered
    /// the true one in 63 to 75 of 100 studies, this interval in 92.
    /// </summary>
    public static (double Low, double High) StudentBootstrap(
        double value,
        double[] resampled,
        int n
    )
    {
        double reach =
            StudentReach(n)
            * Math.Sqrt(n / (n - 1.0))
            * Statistics.StandardDeviation(resampled)!.Value;
        return (value - reach, value + reach);
    }
}
