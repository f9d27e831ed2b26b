using Espalier.Measuring;

namespace Espalier.Analysis;

/// <summary>
/// Quality against O's on the same seeds: what a seed gave O it gave the pipeline that was made of it, so that the
/// differences know less noise than two means do.
/// </summary>
/// <param name="Low">95 %, Student's over seeds; null for a single one.</param>
public sealed record PairedDifference(double Mean, double? Low, double? High, int Seeds)
{
    /// <summary>Whether an interval lies wholly on one side of 0; null where there is none.</summary>
    public bool? IsSure => Low is { } low && High is { } high ? low > 0 || high < 0 : null;

    /// <summary>Null where no seed has both.</summary>
    public static PairedDifference? Of(
        IReadOnlyList<Measurement> measurements,
        IReadOnlyList<Measurement> originals,
        Axes axes
    )
    {
        double[] differences =
        [
            .. from same in measurements.GroupBy(m => string.Join('/', m.Seeds))
            let own = same.Average(axes.QualityOf)
            let original = originals
                .Where(o => o.Task == same.First().Task && string.Join('/', o.Seeds) == same.Key)
                .Average(axes.QualityOf)
            where own is not null && original is not null
            select own.Value - original.Value,
        ];
        if (differences.Length < 2)
        {
            return differences is [var only] ? new PairedDifference(only, null, null, 1) : null;
        }

        double mean = differences.Average(),
            half = Inference.Half([
                (Inference.Variance(differences) / differences.Length, differences.Length - 1),
            ]);
        return new PairedDifference(mean, mean - half, mean + half, differences.Length);
    }
}
