using Espalier.Measuring;

namespace Espalier.Analysis;

/// <summary>
/// Quality against O's on the same seeds: what a seed gave O it gave the pipeline that was made of it, so that the
/// differences know less noise than two means do. Above 0 it is the better.
/// </summary>
/// <param name="Mean">On the scale on which the metric is compared.</param>
/// <param name="Low">95 %, Student's over seeds; null for a single one whose answers are not known.</param>
/// <param name="CoversExamples">The choice of the split's examples is in the interval.</param>
public sealed record PairedDifference(double Mean, double? Low, double? High, bool CoversExamples)
{
    /// <summary>Whether the interval lies wholly on one side of 0; null where there is none.</summary>
    public bool? IsSure => Low is { } low && High is { } high ? low > 0 || high < 0 : null;

    /// <summary>Null where no seed has both.</summary>
    public static PairedDifference? Of(
        IReadOnlyList<Measurement> measurements,
        IReadOnlyList<Measurement> originals,
        AnsweredExamples answers
    )
    {
        (double Difference, IReadOnlyList<double>? Examples)[] seeds =
        [
            .. from same in measurements.GroupBy(m => string.Join('/', m.Seeds))
            let m = same.First()
            let o = originals.FirstOrDefault(o =>
                o.Task == m.Task && string.Join('/', o.Seeds) == same.Key
            )
            where o is not null
            let difference = m.Primary.Worth - o.Primary.Worth
            where difference is not null
            select (difference.Value, Less(answers.Each(m), answers.Each(o))),
        ];
        if (seeds.Length == 0)
        {
            return null;
        }

        double[] differences = [.. seeds.Select(s => s.Difference)];
        double? examples = AnsweredExamples.VarianceOf([.. seeds.Select(s => s.Examples)]);
        double mean = differences.Average();
        if (seeds.Length == 1 && examples is null)
        {
            return new PairedDifference(mean, null, null, false);
        }

        double half = Inference.Half([
            seeds.Length == 1
                ? (0, 1)
                : (Inference.Variance(differences) / seeds.Length, seeds.Length - 1),
            (examples ?? 0, double.PositiveInfinity),
        ]);
        return new PairedDifference(mean, mean - half, mean + half, examples is not null);
    }

    static double[]? Less(IReadOnlyList<double>? a, IReadOnlyList<double>? b) =>
        a is null || b is null || a.Count != b.Count ? null : [.. a.Zip(b, (x, y) => x - y)];
}
