namespace Espalier.Benchmarks;

/// <summary>Medians and quartiles of a few measurements.</summary>
static class Spread
{
    public static double Median(IReadOnlyList<double> values) => At(values, 0.5);

    public static string Quartiles(IReadOnlyList<double> values) =>
        $"{At(values, 0.25):F1}-{At(values, 0.75):F1}";

    static double At(IReadOnlyList<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        return sorted[(int)Math.Round(share * (sorted.Length - 1))];
    }
}
