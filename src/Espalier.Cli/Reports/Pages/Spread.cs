using Espalier.Measuring;

namespace Espalier.Cli.Reports.Pages;

/// <summary>The mean of something over seeds, and between which bounds it lies.</summary>
/// <param name="N">Seeds.</param>
/// <param name="IsOverSeeds">Whether the bounds are of the mean over seeds, or what the one measurement said of itself.</param>
sealed record Spread(double Mean, double? Low, double? High, int N, bool IsOverSeeds)
{
    // Student's t, two-sided 95 %, for 1 to 30 degrees of freedom.
    // csharpier-ignore
    static readonly double[] Student =
    [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
        2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
        2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
    ];

    const double NormalQuantile = 1.96;

    /// <summary>Mean over seeds with Student's 95 % interval; of a single seed what its measurement says.</summary>
    /// <param name="isRatio">Of a time or an energy, which multiply and are never below 0: the interval is of the logarithms.</param>
    public static Spread Over(
        IReadOnlyList<(double Value, double? Low, double? High)> seeds,
        bool isRatio
    )
    {
        if (seeds is [var only])
        {
            return new Spread(only.Value, only.Low, only.High, 1, false);
        }

        double[] values = [.. seeds.Select(s => s.Value)];
        double mean = Statistics.Mean(values);
        if (isRatio && values.All(v => v > 0))
        {
            var (middle, wide) = Interval([.. values.Select(v => Math.Log(v))]);
            return new Spread(
                mean,
                Math.Exp(middle - wide),
                Math.Exp(middle + wide),
                values.Length,
                true
            );
        }

        // No share is above 1, and no correlation below −1.
        var (_, half) = Interval(values);
        double least = values.Min() < 0 ? -1 : 0;
        return new Spread(
            mean,
            Math.Max(least, mean - half),
            Math.Min(1, mean + half),
            values.Length,
            true
        );
    }

    static (double Mean, double Half) Interval(double[] values)
    {
        double t = values.Length - 2 < Student.Length ? Student[values.Length - 2] : NormalQuantile;
        return (
            Statistics.Mean(values),
            t * (Statistics.StandardDeviation(values) ?? 0) / Math.Sqrt(values.Length)
        );
    }
}
