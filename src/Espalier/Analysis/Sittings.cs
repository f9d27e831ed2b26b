using Espalier.Measuring;

namespace Espalier.Analysis;

/// <summary>
/// The mean of figures that were taken in sittings, each with its own luck: a machine is faster on one day than on
/// another, which rounds within a sitting do not show. Variances of sittings and of figures within one by the method of
/// moments.
/// </summary>
sealed class Sittings
{
    public Sittings(IReadOnlyList<(string Sitting, double Value)> figures)
    {
        double[] all = [.. figures.Select(f => f.Value)];
        double[][] sittings =
        [
            .. figures.GroupBy(f => f.Sitting).Select(g => g.Select(f => f.Value).ToArray()),
        ];
        int n = all.Length,
            freedom = n - sittings.Length;
        Mean = Statistics.Mean(all);
        if (sittings.Length < 2 || freedom == 0)
        {
            // One sitting, or as many as figures: then their spread holds both.
            Half = Inference.Half([(Inference.Variance(all) / n, n - 1)]);
            return;
        }

        double within =
                sittings.Sum(s => s.Sum(v => Math.Pow(v - Statistics.Mean(s), 2))) / freedom,
            between =
                sittings.Sum(s => s.Length * Math.Pow(Statistics.Mean(s) - Mean, 2))
                / (sittings.Length - 1),
            squares = sittings.Sum(s => (double)s.Length * s.Length),
            each = (n - squares / n) / (sittings.Length - 1);
        Variance = Math.Max(0, (between - within) / each);
        Half = Inference.Half([
            (Variance * squares / n / n, sittings.Length - 1),
            (within / n, freedom),
        ]);
    }

    public double Mean { get; }

    /// <summary>Of sittings alone.</summary>
    public double Variance { get; }

    /// <summary>Of the 95 % interval.</summary>
    public double Half { get; }
}
