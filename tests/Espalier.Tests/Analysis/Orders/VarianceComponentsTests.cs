using Espalier.Analysis.Orders;
using Espalier.Tensors;

namespace Espalier.Tests.Analysis.Orders;

public sealed class VarianceComponentsTests
{
    /// <summary>Many originals: spread 3 points, an order 2 points above two others (SD 1.155), a run's noise 0.4.</summary>
    [Fact]
    public void What_originals_orders_and_training_do_is_told_apart()
    {
        VarianceComponents at = Of(
            new OrderStudy(["DEP", "DPE", "EDP"], 60, Spread: 0.03, Noise: 0.004, Behind: 0.02)
        );
        Assert.InRange(at.Original, 0.022, 0.038);
        Assert.InRange(at.Order, 0.0108, 0.0123);
        Assert.InRange(at.Training, 0.0036, 0.0048);
        Assert.InRange(at.Training, at.TrainingLow, at.TrainingHigh);
        Assert.Null(at.OrderByTask);
    }

    [Fact]
    public void Without_an_effect_of_order_there_is_next_to_no_component_of_it()
    {
        Assert.InRange(Of(new OrderStudy(["DE", "ED"], 60)).Order, 0, 0.0015);
    }

    [Fact]
    public void An_order_that_is_better_on_one_task_and_worse_on_another_is_order_by_task()
    {
        IReadOnlyList<OrderComparison> one = Compared(
                new OrderStudy(["DE", "ED"], 20, Behind: 0.02)
            ),
            other = Compared(new OrderStudy(["DE", "ED"], 20, Behind: -0.02));
        VarianceComponents at = VarianceComponents
            .Of(one, [.. one, .. other])
            .Single(c => c.Place == "full effort");
        // Effects of ±1 point: variance 2 · 1² over one degree of freedom, for each of two orders.
        Assert.InRange(at.OrderByTask!.Value, 0.018, 0.022);
    }

    static VarianceComponents Of(OrderStudy study) =>
        VarianceComponents
            .Of(Compared(study), Compared(study))
            .Single(c => c.Place == "full effort");

    static IReadOnlyList<OrderComparison> Compared(OrderStudy study) =>
        Commutativity.Of(
            study.Measured(new Rng(3)),
            new CommutativityOptions
            {
                Resamples = 2,
                SimulatedStudies = 50,
                MostCounted = 50,
                Drawn = 50,
            },
            new Rng(1)
        );
}
