using Espalier.Measuring;

namespace Espalier.Analysis;

/// <summary>One figure over its seeds.</summary>
public static class SeedMean
{
    /// <summary>
    /// The mean with Student's 95 % interval. Several measurements with the same seeds are one model measured again, and
    /// count once; of a single seed the interval is the measurement's own. Null where a figure is absent.
    /// </summary>
    /// <param name="isRatio">Of a time or an energy, which multiply and are never below 0: the interval is of the logarithms.</param>
    public static Estimate? Over(
        IReadOnlyList<Measurement> measurements,
        Func<Measurement, Estimate?> figure,
        bool isRatio
    )
    {
        List<Estimate> seeds = [];
        foreach (var same in measurements.GroupBy(m => string.Join('/', m.Seeds)))
        {
            Estimate?[] again = [.. same.Select(figure)];
            if (again.Contains(null))
            {
                return null;
            }

            seeds.Add(
                again is [{ } only]
                    ? only
                    : again[0]! with
                    {
                        Value = again.Average(e => e!.Value),
                        Low = again.Average(e => e!.Low),
                        High = again.Average(e => e!.High),
                    }
            );
        }

        return seeds is [var one] ? one : Over(seeds, isRatio);
    }

    static Estimate Over(List<Estimate> seeds, bool isRatio)
    {
        double[] values = [.. seeds.Select(s => s.Value)];
        double mean = Statistics.Mean(values),
            low,
            high;
        if (isRatio && values.All(v => v > 0))
        {
            double[] logarithms = [.. values.Select(v => Math.Log(v))];
            double middle = Statistics.Mean(logarithms),
                half = Half(logarithms);
            (low, high) =
                half > 0 ? (Math.Exp(middle - half), Math.Exp(middle + half)) : (mean, mean);
        }
        else
        {
            // No share is above 1, and no correlation below −1.
            double half = Half(values);
            (low, high) = (
                Math.Max(values.Min() < 0 ? -1 : 0, mean - half),
                Math.Min(1, mean + half)
            );
        }

        return new Estimate(mean, low, high, values.Length, seeds.Max(s => s.Origin))
        {
            Coverage = Statistics.Confidence,
        };
    }

    static double Half(double[] values) =>
        Inference.StudentReach(values.Length)
        * Statistics.StandardDeviation(values)!.Value
        / Math.Sqrt(values.Length);
}
