using Espalier.Analysis.Choosing;
using Espalier.Data.Metrics;
using Espalier.Measuring;
using Espalier.Models;

namespace Espalier.Tests.Analysis.Choosing;

public sealed class ParetoTests
{
    [Fact]
    public void The_front_holds_what_nothing_beats_and_ties_what_noise_might_put_there()
    {
        Alternative[] all =
        [
            Of("O", 0.85, 10),
            Of("DQ", 0.84, 6),
            Of("Q", 0.84, 6),
            Of("P", 0.80, 5),
            Of("DL", 0.80, 5.04),
            Of("PQ", 0.79, 3),
            Of("D", 0.70, 4.99),
        ];
        Assert.Equal(
            [
                ParetoStatus.Front,
                ParetoStatus.Front,
                ParetoStatus.Front,
                ParetoStatus.Front,
                ParetoStatus.Tied,
                ParetoStatus.Front,
                ParetoStatus.Dominated,
            ],
            Pareto.Of(all)
        );
    }

    [Fact]
    public void A_point_that_is_worse_only_within_the_interval_of_its_quality_is_tied()
    {
        Alternative fast = Of("Q", 0.80, 5),
            slow = Of("P", 0.79, 5) with { Quality = new(0.79, 0.76, 0.82, 3, Origin.Measured) },
            slower = slow with { Milliseconds = new(6, 5.9, 6.1, 3, Origin.Measured) };
        Assert.Equal(
            [ParetoStatus.Front, ParetoStatus.Tied, ParetoStatus.Dominated],
            Pareto.Of([fast, slow, slower])
        );
    }

    [Fact]
    public void What_has_no_time_is_on_no_front_and_beats_nothing()
    {
        Assert.Equal(
            [null, ParetoStatus.Front],
            Pareto.Of([Of("O", 0.9, 1) with { Milliseconds = null }, Of("Q", 0.8, 5)])
        );
    }

    static Alternative Of(string pipeline, double quality, double ms) =>
        new(
            pipeline,
            Effort.Full,
            Metric.Accuracy,
            new Estimate(quality, null, null, 1, Origin.Measured),
            new Estimate(ms, 0.99 * ms, 1.01 * ms, 11, Origin.Measured),
            null,
            null
        );
}
