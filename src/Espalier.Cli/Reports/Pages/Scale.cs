using Espalier.Data.Metrics;

namespace Espalier.Cli.Reports.Pages;

/// <summary>From values to places in a picture, even or logarithmic.</summary>
/// <param name="From">Place of <paramref name="Low"/>.</param>
/// <param name="To">Place of <paramref name="High"/>.</param>
sealed record Scale(double Low, double High, double From, double To, bool IsLogarithmic = false)
{
    static readonly double[] Steps = [1, 2, 5];

    // Perplexities a few per cent apart are told apart; times are not.
    const double QualityDecades = 0.015;

    /// <summary>Around the values with some air; a single value gets room on both sides.</summary>
    /// <param name="leastDecades">Of air on each side of a logarithmic scale.</param>
    public static Scale Around(
        IEnumerable<double> values,
        double from,
        double to,
        bool isLogarithmic = false,
        double leastDecades = 0.06
    )
    {
        double[] all = [.. values.Select(v => isLogarithmic ? Math.Log10(v) : v)];
        var (low, high) = all.Length == 0 ? (0, 1) : (all.Min(), all.Max());
        double air = Math.Max(
            0.06 * (high - low),
            isLogarithmic ? leastDecades : Math.Max(1e-6, 0.01 * Math.Abs(high))
        );
        (low, high) = (low - air, high + air);
        return isLogarithmic
            ? new Scale(Math.Pow(10, low), Math.Pow(10, high), from, to, true)
            : new Scale(low, high, from, to);
    }

    /// <summary>Around values of a metric, as it counts them: better is up.</summary>
    public static Scale Of(Metric metric, IEnumerable<double> values, double bottom, double top) =>
        Around(
            values.Select(v => metric.Factor() * v),
            metric.MoreIsBetter ? bottom : top,
            metric.MoreIsBetter ? top : bottom,
            metric.IsLogarithmic,
            QualityDecades
        );

    public double At(double value) => From + (To - From) * (Place(value) - Left) / (Right - Left);

    /// <summary>Round values, about as many as asked.</summary>
    public IReadOnlyList<double> Ticks(int about)
    {
        if (IsLogarithmic && Right - Left > 0.7)
        {
            double[] fine =
            [
                .. Enumerable
                    .Range((int)Math.Floor(Left), (int)Math.Ceiling(Right - Left) + 2)
                    .SelectMany(e => Steps.Select(s => s * Math.Pow(10, e)))
                    .Where(v => v >= Low && v <= High),
            ];
            return fine.Length <= about + 3
                ? fine
                : [.. fine.Where(v => Math.Abs(Math.Log10(v) - Math.Round(Math.Log10(v))) < 1e-6)];
        }

        double raw = (High - Low) / about,
            power = Math.Pow(10, Math.Floor(Math.Log10(raw))),
            step = power * (Steps.FirstOrDefault(s => s * power >= raw) is > 0 and var s ? s : 10);
        int first = (int)Math.Ceiling(Low / step - 1e-9),
            last = (int)Math.Floor(High / step + 1e-9);
        return [.. Enumerable.Range(first, Math.Max(0, last - first + 1)).Select(i => i * step)];
    }

    double Left => Place(Low);
    double Right => Place(High);

    double Place(double value) => IsLogarithmic ? Math.Log10(value) : value;
}
