using Espalier.Data.Metrics;

namespace Espalier.Measuring;

/// <summary>
/// Metrics of a text from what was counted in its windows. Tokens beside each other depend on each other and windows hardly do, so
/// the interval is of windows.
/// </summary>
static class WindowQuality
{
    /// <summary>
    /// The interval is the jackknife's (Tukey 1958), each window left out once, with Student's reach, on the scale on which values
    /// are compared.
    /// </summary>
    public static Quality Of(Metric metric, IReadOnlyList<TokenCounts> windows)
    {
        TokenCounts all = TokenCounts.Sum(windows);
        MetricValue found = metric.Measure(all);
        if (found.Value is not { } value || windows.Count < 2)
        {
            return new Quality(
                found.Name,
                found.Value,
                null,
                null,
                windows.Count,
                found.WhyUndefined
            );
        }

        double[] without =
        [
            .. windows
                .Select(w => metric.Measure(all - w).Value)
                .OfType<double>()
                .Select(metric.Worth),
        ];
        int n = windows.Count;
        double half =
            Statistics.StudentReach(n - 1)
            * (n - 1)
            / Math.Sqrt(n)
            * (Statistics.StandardDeviation(without) ?? 0);
        return without.Length < n || !double.IsFinite(half)
            ? new Quality(found.Name, value, null, null, n, null)
            : new Quality(
                found.Name,
                value,
                End(metric, value, half, Math.Min),
                End(metric, value, half, Math.Max),
                n,
                null
            );
    }

    static double End(
        Metric metric,
        double value,
        double half,
        Func<double, double, double> which
    ) => which(metric.Value(metric.Worth(value) - half), metric.Value(metric.Worth(value) + half));

    /// <summary>
    /// Of each window a number whose mean is the metric's worth of all, and whose variance over n is that of the worth (a quotient's,
    /// linear in its parts): so that two models are compared window by window.
    /// </summary>
    public static double[] Parts(Metric metric, IReadOnlyList<TokenCounts> windows)
    {
        TokenCounts all = TokenCounts.Sum(windows);
        double whole = metric.Worth(metric.Measure(all).Value ?? double.NaN),
            mean = all.Scored / windows.Count;
        return
        [
            .. windows.Select(w =>
                w.Scored == 0
                    ? whole
                    : whole
                        + w.Scored
                            / mean
                            * (metric.Worth(metric.Measure(w).Value ?? double.NaN) - whole)
            ),
        ];
    }
}
