using Espalier.Analysis;
using Espalier.Measuring;

namespace Espalier.Tests.Analysis;

public sealed class SeedMeanTests
{
    // Values half and half at 0.4 and 0.6; Student's t for n - 1 degrees of freedom from R's qt(0.975, n - 1).
    [Theory]
    [InlineData(4, 3.182446)]
    [InlineData(40, 2.022691)]
    [InlineData(200, 1.971957)]
    public void An_interval_over_seeds_alone_is_Students_however_many_there_are(int n, double t)
    {
        Estimate over = Quality([
            .. Enumerable
                .Range(0, n)
                .Select(i => Records.Of("P", 0.4 + 0.2 * (i % 2), 1, (ulong)i)),
        ]);
        double deviation = 0.1 * Math.Sqrt(n / (n - 1.0));
        Assert.Equal(0.5 + t * deviation / Math.Sqrt(n), over.High!.Value, 1e-6);
    }

    /// <summary>Six seeds of one split: 600 sentences at 92.9 % move it by ±2.06, however many seeds there are.</summary>
    [Fact]
    public void The_sampling_error_of_the_split_does_not_shrink_with_the_number_of_seeds()
    {
        double[] seeds = [0.925, 0.93, 0.932, 0.926, 0.929, 0.932];
        Estimate own = Quality([.. seeds.Select((q, i) => Records.Of("P", q, 1, (ulong)i))]),
            both = Quality([
                .. seeds.Select(
                    (q, i) =>
                        Records.Of("P", q, 1, (ulong)i) with
                        {
                            Metrics =
                            [
                                new Quality("accuracy", q, q - 0.0206, q + 0.0206, 600, null),
                            ],
                        }
                ),
            ]);
        double HalfOf(Estimate e) => (e.High!.Value - e.Low!.Value) / 2;
        Assert.InRange(HalfOf(own), 0.002, 0.004);
        Assert.InRange(HalfOf(both), 0.0206, 0.0225);
    }

    /// <summary>Seeds differ by six points, the pipeline from O by one on each.</summary>
    [Fact]
    public void A_difference_in_pairs_does_not_know_what_seeds_share()
    {
        double[] o = [0.75, 0.78, 0.81],
            gain = [0.009, 0.0124, 0.0158];
        PairedDifference found = PairedDifference.Of(
            [.. o.Select((q, i) => Records.Of("PLQ", q + gain[i], 1, (ulong)i))],
            [.. o.Select((q, i) => Records.Of("O", q, 9, (ulong)i))],
            AnsweredExamples.None
        )!;
        Assert.Equal(0.0124, found.Mean, 1e-9);
        // t(0.975, 2) = 4.3027 times 0.0034 / √3.
        Assert.Equal(0.0124 - 4.3027 * 0.0034 / Math.Sqrt(3), found.Low!.Value, 1e-6);
        Assert.True(found.IsSure);
        Assert.Null(
            PairedDifference.Of(
                [Records.Of("P", 0.9, 1, 7)],
                [Records.Of("O", 0.9, 1, 8)],
                AnsweredExamples.None
            )
        );
    }

    static Estimate Quality(Measurement[] measurements) =>
        SeedMean.OfQuality(measurements, AnsweredExamples.None)!;
}
