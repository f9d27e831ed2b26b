namespace Espalier.Data.Metrics;

/// <summary>Between which values a proportion lies with 95 % confidence.</summary>
public sealed record Interval(double Low, double High)
{
    const double Z95 = 1.959963984540054;

    /// <summary>
    /// Wilson 1927: stays inside 0 and 1 and is honest for few examples and near the ends, where mean ±
    /// 1.96 standard errors is not.
    /// </summary>
    public static Interval Wilson(long right, long total)
    {
        if (total < 1 || right < 0 || right > total)
        {
            throw new ArgumentException(
                $"{right} right of {total} is no proportion; at least one example is needed."
            );
        }

        double p = (double)right / total;
        double z2 = Z95 * Z95 / total;
        double centre = (p + z2 / 2) / (1 + z2);
        double half = Z95 / (1 + z2) * Math.Sqrt(p * (1 - p) / total + z2 / (4 * total));
        return new Interval(
            right == 0 ? 0 : Math.Max(0, centre - half),
            right == total ? 1 : Math.Min(1, centre + half)
        );
    }
}
