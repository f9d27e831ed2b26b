using Espalier.Analysis;
using Espalier.Measuring;
using Espalier.Models;

namespace Espalier.Tests.Analysis;

public sealed class TradeoffCurveTests
{
    [Fact]
    public void A_curve_is_at_distance_0_from_itself()
    {
        TradeoffCurve curve = Curve((1, 0.7), (1.3, 0.8), (1.7, 0.85));
        Assert.Equal(0, Distance.Between(curve, curve).Value);
    }

    [Fact]
    public void The_distance_is_the_largest_gap_at_the_same_cost_and_not_at_the_same_point()
    {
        TradeoffCurve low = Curve((1, 0.6), (1.5, 0.7), (2, 0.8)),
            high = Curve((1.25, 0.75), (1.75, 0.85), (2.25, 0.9));
        // At 1.25 and 1.75 the lower one has 0.65 and 0.75; at 2 the upper one has 0.875.
        Distance distance = Distance.Between(low, high);
        Assert.Equal(0.1, distance.Value!.Value, 1e-12);
        Assert.Equal(distance, Distance.Between(high, low));
    }

    [Fact]
    public void A_chord_between_far_points_is_not_read()
    {
        TradeoffCurve dead = Curve((1, 0.68), (4, 0.70), (5, 0.80), (6, 0.85)),
            other = Curve((2, 0.75), (3, 0.78));
        Assert.Equal([new CostSpan(1, 1), new CostSpan(4, 6)], dead.Covered.AsEnumerable());
        Assert.Null(dead.At(2.5));
        Assert.Equal(0.75, dead.At(4.5)!.Value, 1e-12);
        Distance none = Distance.Between(dead, other);
        Assert.Null(none.Value);
        Assert.Contains("1 and 4 to 6", none.WhyUndefined);
        TradeoffCurve bridged = new(dead.Points, new GapRule(0.5));
        Assert.Equal(0.08667, Distance.Between(bridged, other).Value!.Value, 1e-4);
    }

    [Fact]
    public void Nothing_is_read_outside_the_operating_points()
    {
        TradeoffCurve curve = Curve((1, 0.7), (1.2, 0.8));
        Assert.Null(curve.At(0.99));
        Assert.Null(curve.At(1.21));
        Assert.Equal(0.8, curve.At(1.2));
    }

    [Fact]
    public void Single_points_are_compared_at_the_same_effort()
    {
        TradeoffCurve a = Curve((1, 0.70)),
            b = Curve((1.01, 0.74));
        Assert.Null(Distance.Between(a, b).Value);
        Assert.Equal(0.04, Distance.ByEffort(a, b).Value!.Value, 1e-12);
    }

    [Fact]
    public void Times_of_two_machines_are_not_laid_on_one_curve()
    {
        Measurement here = Records.Of("E", 0.8, 1),
            there = Records.Of("E", 0.8, 2, effort: "confidence:0.9");
        there = there with { Machine = there.Machine with { Processor = "another" } };
        string message = Assert
            .Throws<ArgumentException>(() => StudyRuns.Of([here, there], new Axes()))
            .Message;
        Assert.Contains("another", message);
        Assert.Single(StudyRuns.Of([here, there], new Axes(Cost.MultiplyAdds)));
    }

    static TradeoffCurve Curve(params (double Cost, double Quality)[] points) =>
        new(
            points.Select(
                (p, i) =>
                    new OperatingPoint(p.Cost, p.Quality, new Effort(ExitRule.Confidence, i / 10.0))
            )
        );
}
