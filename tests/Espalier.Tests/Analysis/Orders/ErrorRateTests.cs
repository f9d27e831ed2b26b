using Espalier.Analysis.Orders;
using Espalier.Tensors;

namespace Espalier.Tests.Analysis.Orders;

/// <summary>How often verdicts about studies whose truth is known are wrong. Fixed seeds; limits leave three standard errors.</summary>
public sealed class ErrorRateTests
{
    const int Studies = 200;
    static readonly CommutativityOptions Least = new()
    {
        Resamples = 2,
        MostCounted = 300,
        Drawn = 300,
        SimulatedStudies = 400,
    };
    static readonly string[] Two = ["DE", "ED"];
    static readonly string[] Three = ["DEP", "DPE", "EDP"];

    [Fact]
    public void Without_effect_a_difference_isSoclaimed_in_five_studies_of_a_hundred_at_most()
    {
        int any = Count(
            new OrderStudy(Two, 6),
            c => c.Regions.Any(r => r.Region != CurveRegion.FirstExit && r.Any <= 0.05)
        );
        Assert.InRange(any, 2, 20);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(6)]
    [InlineData(12)]
    public void The_band_holds_the_truth_at_all_places_in_ninety_five_studies_of_a_hundred(
        int originals
    )
    {
        int missed = Count(
            new OrderStudy(Three, originals, Behind: 0.02),
            c =>
                c.Regions.Where(r => r.Region != CurveRegion.FirstExit)
                    .SelectMany(r => r.Differences)
                    .Any(d =>
                        (d.A == "DEP" ? 0.02 : 0) is var truth && (d.Low > truth || d.High < truth)
                    )
        );
        Assert.InRange(missed, 2, 20);
    }

    /// <summary>The worst case of an equivalence test: an effect just as large as the margin.</summary>
    [Theory]
    [InlineData(0.01)]
    [InlineData(-0.01)]
    public void An_effect_of_the_margin_isSocalled_equivalent_in_five_studies_of_a_hundred_at_most(
        double effect
    )
    {
        int equivalent = Count(
                new OrderStudy(Two, 6, Behind: effect),
                c => c.Verdict == OrderVerdict.Equivalent
            ),
            different = Count(
                new OrderStudy(Two, 6, Behind: effect),
                c => c.Verdict == OrderVerdict.Different
            );
        Assert.InRange(equivalent, 0, 20);
        Assert.InRange(different, 0, 20);
    }

    [Fact]
    public void Two_points_at_the_first_exit_alone_are_seen_there_and_never_behind_it()
    {
        OrderStudy study = new(Two, 6, AtFirstExit: 0.02, Noise: 0.003);
        Assert.InRange(
            Count(study, c => First(c) is { Verdict: OrderVerdict.Different }),
            0.8 * Studies,
            Studies
        );
        Assert.Equal(0, Count(study, c => First(c) is { Verdict: OrderVerdict.Equivalent }));
        Assert.InRange(
            Count(study, c => c.Verdict == OrderVerdict.Equivalent),
            0.8 * Studies,
            Studies
        );
        Assert.Equal(0, Count(study, c => c.Verdict == OrderVerdict.Different));
    }

    [Fact]
    public void The_equivalence_from_some_layers_on_isSowrong_in_five_studies_of_a_hundred_at_most()
    {
        // The margin everywhere: every such claim is wrong.
        OrderStudy study = new(Two, 6, Behind: 0.01);
        int wrong = Count(study, c => c.From is not null);
        Assert.InRange(wrong, 0, 20);
    }

    [Fact]
    public void Relabelling_rejects_five_studies_of_a_hundred_without_effect()
    {
        Assert.InRange(Count(new OrderStudy(Three, 4), c => c.Test!.P <= 0.05), 2, 20);
    }

    /// <summary>What the limits of the test say: a shared prefix breaks exchangeability over all three orders.</summary>
    [Fact]
    public void Orders_that_share_a_trained_prefix_are_rejected_little_more_often()
    {
        Assert.InRange(Count(new OrderStudy(Three, 4, Shared: 0.7), c => c.Test!.P <= 0.05), 0, 26);
    }

    static RegionFinding First(OrderComparison c) =>
        c.Regions.Single(r => r.Region == CurveRegion.FirstExit);

    static int Count(OrderStudy study, Func<OrderComparison, bool> isSo) =>
        Enumerable
            .Range(0, Studies)
            .Count(i =>
                isSo(
                    Commutativity.Of(
                        study.Measured(new Rng(1000 + (ulong)i)),
                        Least,
                        new Rng((ulong)i)
                    )[0]
                )
            );
}
