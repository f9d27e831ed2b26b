using Espalier.Analysis.Search;
using Espalier.Measuring;
using Espalier.Models;

namespace Espalier.Tests.Analysis.Search;

public sealed class ProductForecastTests
{
    /// <summary>Exits in four layers of 2 ms behind 1 ms of embeddings; D halves the layers.</summary>
    static readonly Measurement[] Singles =
    [
        Of("O", 0.9, 9, 4),
        Of("D", 0.88, 5, 2),
        Of("E", 0.7, 3, 1, "confidence:0.5"),
        Of("E", 0.85, 5, 2, "confidence:0.8"),
        Of("E", 0.9, 9, 4),
        Of("Q", 0.9, 3, 4),
    ];

    [Fact]
    public void A_student_with_exits_takes_the_students_time_in_full_and_one_exits_at_the_first()
    {
        Assert.Equal(5, Time(Singles, "DE", "full"), 1e-9);
        Assert.Equal(3, Time(Singles, "DE", "confidence:0.5"), 1e-9);
        // Behind the first exit the student has a third of the original's: (5 − 3) / (9 − 3) of 2 ms.
        Assert.Equal(3 + 2.0 / 3, Time(Singles, "DE", "confidence:0.8"), 1e-9);
    }

    [Fact]
    public void Where_the_first_exit_was_not_measured_it_is_read_from_time_over_layers()
    {
        Measurement[] without = [.. Singles.Where(m => $"{m.Effort}" != "confidence:0.5")];
        Assert.Equal(5, Time(without, "DE", "full"), 1e-9);
        Assert.Equal(3 + 2.0 / 3, Time(without, "DE", "confidence:0.8"), 1e-9);
    }

    [Fact]
    public void Other_operators_multiply_and_those_not_measured_alone_are_left_out()
    {
        Assert.Equal(5 * 3 / 9.0, Time(Singles, "DQ", "full"), 1e-9);
        Assert.Empty(ProductForecast.Of(Singles, [new Contender("DP", Effort.Full)]));
    }

    static double Time(Measurement[] measured, string pipeline, string effort) =>
        ProductForecast
            .Of(measured, [new Contender(pipeline, Effort.Parse(effort))])
            .Single()
            .Milliseconds!.Value;

    static Measurement Of(
        string pipeline,
        double quality,
        double time,
        double layers,
        string effort = "full"
    ) => Records.Of(pipeline, quality, time, 1, effort) with { AverageLayers = layers };
}
