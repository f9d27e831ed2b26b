using MathNet.Numerics.Distributions;

namespace Espalier.Measuring;

/// <summary>Few and plain: what repeated, noisy, skewed observations of one thing allow to say.</summary>
public static class Statistics
{
    /// <summary>What intervals aim at.</summary>
    public const double Confidence = 0.95;

    // From here on the two first terms of the expansion about the normal agree with Student to eight digits.
    const double Many = 1e4;

    /// <summary>
    /// Student's quantile of a probability above one half. For very many degrees of freedom by its expansion about the
    /// normal's (Fisher 1925): the search for a root of the distribution does not end there.
    /// </summary>
    public static double Student(double freedom, double probability)
    {
        if (freedom < Many)
        {
            return StudentT.InvCDF(0, 1, freedom, probability);
        }

        double z = Normal.InvCDF(0, 1, probability);
        return z + z * (z * z + 1) / (4 * freedom);
    }

    /// <summary>Half the width of Student's 95 % interval, in standard errors.</summary>
    public static double StudentReach(double freedom) => Student(freedom, 1 - (1 - Confidence) / 2);

    /// <summary>
    /// Median with an interval between two order statistics (Conover 1999, section 3.2): no shape of the
    /// distribution is assumed, only that the observations are independent. Its coverage is exact, from the
    /// binomial with p = ½: the smallest that is at least 95 %, or what the extremes give when there are fewer
    /// than six (0.9375 for five, 0.5 for two).
    /// </summary>
    public static Estimate Median(IReadOnlyList<double> values)
    {
        double[] sorted = Sorted(values);
        int n = sorted.Length;
        double middle = n % 2 == 1 ? sorted[n / 2] : sorted[n / 2 - 1] / 2 + sorted[n / 2] / 2;
        if (n == 1)
        {
            return new Estimate(middle, null, null, 1, Origin.Measured);
        }

        (int rank, double coverage) = LowerRank(n);
        return new Estimate(middle, sorted[rank - 1], sorted[n - rank], n, Origin.Measured)
        {
            Coverage = coverage,
        };
    }

    /// <summary>
    /// a / b where observation i of both comes from one round: the median of the quotients of each round, with its
    /// interval. What slows a whole round cancels within it, which the quotient of two medians cannot do.
    /// </summary>
    public static Estimate Ratio(IReadOnlyList<double> a, IReadOnlyList<double> b)
    {
        if (a.Count != b.Count)
        {
            throw new ArgumentException(
                $"A ratio over rounds needs both in each round; there are {a.Count} and {b.Count} observations."
            );
        }

        int zero = b.ToList().IndexOf(0);
        return zero < 0
            ? Median([.. a.Select((value, i) => value / b[i])])
            : throw new ArgumentException(
                $"Round {zero} of the denominator is 0, so its ratio is undefined; give each round more work."
            );
    }

    public static double Mean(IReadOnlyList<double> values) => Sorted(values).Average();

    /// <summary>Of the sample, with n − 1; null for a single value.</summary>
    public static double? StandardDeviation(IReadOnlyList<double> values)
    {
        double[] sorted = Sorted(values);
        if (sorted.Length == 1)
        {
            return null;
        }

        double mean = sorted.Average();
        return Math.Sqrt(sorted.Sum(v => (v - mean) * (v - mean)) / (sorted.Length - 1));
    }

    /// <summary>
    /// The largest rank k for which [k-th smallest, k-th largest] of n holds the median with at least 95 %; 1 where
    /// none does. Coverage = 1 − 2 P(Binomial(n, ½) ≤ k − 1).
    /// </summary>
    internal static (int Rank, double Coverage) LowerRank(int n)
    {
        // In logarithms: 2^-n is below the smallest double from n = 1075 on.
        double log = -n * Math.Log(2),
            below = Math.Exp(log);
        int rank = 1;
        for (int next = 2; next <= n / 2; next++)
        {
            log += Math.Log((double)(n - next + 2) / (next - 1));
            double more = below + Math.Exp(log);
            if (1 - 2 * more < Confidence)
            {
                break;
            }

            (rank, below) = (next, more);
        }

        return (rank, 1 - 2 * below);
    }

    static double[] Sorted(IReadOnlyList<double> values)
    {
        if (values.Count == 0)
        {
            throw new ArgumentException("There is no value; statistics need one at least.");
        }

        for (int i = 0; i < values.Count; i++)
        {
            if (!double.IsFinite(values[i]))
            {
                throw new ArgumentException(
                    $"Value {i} of {values.Count} is {values[i]}; statistics are of finite values."
                );
            }
        }

        return [.. values.Order()];
    }
}
