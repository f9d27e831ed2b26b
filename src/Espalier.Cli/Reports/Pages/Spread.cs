using Espalier.Analysis;
using Espalier.Measuring;

namespace Espalier.Cli.Reports.Pages;

/// <summary>The mean of something over seeds, and between which bounds it lies.</summary>
/// <param name="N">Seeds.</param>
/// <param name="IsOverSeeds">Whether the bounds are of the mean over seeds, or what the one measurement said of itself.</param>
sealed record Spread(double Mean, double? Low, double? High, int N, bool IsOverSeeds)
{
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

    static (double Mean, double Half) Interval(double[] values) =>
        (
            Statistics.Mean(values),
            Inference.StudentReach(values.Length)
                * (Statistics.StandardDeviation(values) ?? 0)
                / Math.Sqrt(values.Length)
        );
}
