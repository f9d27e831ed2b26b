using Espalier.Analysis;
using Espalier.Measuring;

namespace Espalier.Tests.Analysis;

public sealed class SittingTests
{
    [Fact]
    public void Sittings_that_differ_widen_the_interval_of_a_time_and_leave_that_of_a_ratio()
    {
        // Three seeds in each of two sittings; in the second the machine takes a quarter longer.
        Measurement[] Of(string pipeline, double ms, bool told) =>
            [
                .. Enumerable
                    .Range(0, 6)
                    .Select(i =>
                        Records.Of(
                            pipeline,
                            0.9,
                            ms * (1 + 0.01 * (i % 3)) * (i < 3 ? 1 : 1.25),
                            (ulong)i
                        ) with
                        {
                            Sitting = told ? $"{i / 3}" : null,
                        }
                    ),
            ];
        Estimate told = SeedMean.OfCost(Of("P", 4, true), m => m.MillisecondsPerExample)!,
            untold = SeedMean.OfCost(Of("P", 4, false), m => m.MillisecondsPerExample)!;
        Assert.True(
            told.High / told.Low > 2 * untold.High / untold.Low,
            $"{told} is no wider than {untold}"
        );
        Estimate times = SpeedUp.Of(Of("P", 4, true), Of("O", 12, true))!;
        Assert.Equal(3, times.Value, 1e-9);
        Assert.InRange(times.High!.Value / times.Low!.Value, 1, 1.001);
    }

    [Fact]
    public void A_time_is_never_set_against_that_of_another_sitting()
    {
        Measurement o = Records.Of("O", 0.9, 12) with { Sitting = "a" },
            p = Records.Of("P", 0.9, 4) with { Sitting = "b" };
        Assert.Null(SpeedUp.Of([p], [o]));
        Assert.Equal(3, SpeedUp.Of([p with { Sitting = "a" }], [o])!.Value, 1e-9);
    }
}
