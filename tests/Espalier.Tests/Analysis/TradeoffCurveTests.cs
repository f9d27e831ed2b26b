using Espalier.Analysis;
using Espalier.Analysis.Choosing;
using Espalier.Measuring;

namespace Espalier.Tests.Analysis;

public sealed class TradeoffCurveTests
{
    [Fact]
    public void A_chord_between_far_points_is_not_read()
    {
        double[] costs = [6, 1, 4, 5];
        Assert.Equal(
            ["1", "4 5 6"],
            TradeoffCurve.Stretches(costs, c => c).Select(s => string.Join(' ', s))
        );
        Assert.Empty(TradeoffCurve.Stretches(Array.Empty<double>(), c => c));
    }

    [Fact]
    public void Times_of_two_machines_are_not_laid_on_one_curve()
    {
        Measurement here = Records.Of("E", 0.8, 1),
            there = Records.Of("E", 0.8, 2, effort: "confidence:0.9");
        there = there with { Machine = there.Machine with { Processor = "another" } };
        string message = Assert
            .Throws<ArgumentException>(() => Alternatives.Of([here, there]))
            .Message;
        Assert.Contains("another", message);
    }
}
