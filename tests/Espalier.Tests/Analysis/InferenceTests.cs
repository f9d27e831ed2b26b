using Espalier.Analysis;

namespace Espalier.Tests.Analysis;

public sealed class InferenceTests
{
    /// <summary>All 27 resamples of three values, as a bootstrap without chance draws them.</summary>
    [Fact]
    public void The_bootstrap_interval_of_a_mean_is_Students()
    {
        double[] values = [2.40, 3.02, 3.26],
            resampled =
            [.. from a in values from b in values from c in values select (a + b + c) / 3];
        double mean = values.Average(),
            sd = Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / 2);
        (double low, double high) = Inference.StudentBootstrap(mean, resampled, 3);
        // t(0.975, 2) = 4.3027; the standard deviation of 27 values is √(27/26) of that of all resamples.
        double reach = 4.3027 * sd / Math.Sqrt(3) * Math.Sqrt(27 / 26.0);
        Assert.Equal(mean - reach, low, 1e-4);
        Assert.Equal(mean + reach, high, 1e-4);
    }

    [Fact]
    public void Holm_multiplies_the_least_p_most_and_never_lets_a_larger_p_fall_behind()
    {
        Assert.Equal(
            [0.03, 0.06, 0.06],
            Inference.Holm([0.01, 0.04, 0.03]),
            (a, b) => Math.Abs(a - b) < 1e-12
        );
    }

    [Theory]
    [InlineData(0.0001, "< 0.001")]
    [InlineData(0.0005, "0.001")]
    [InlineData(0.03125, "0.031")]
    public void No_p_is_shown_as_zero(double p, string shown) =>
        Assert.Equal(shown, Inference.Shown(p));

    /// <summary>t(0.975, 5) = 2.5706, and between two variances the freedom of the larger has more weight.</summary>
    [Fact]
    public void Independent_errors_add_and_share_their_degrees_of_freedom()
    {
        Assert.Equal(2.5706, Inference.Half([(1, 5)]), 1e-4);
        Assert.Equal(1.96, Inference.Half([(1, double.PositiveInfinity)]), 1e-4);
        double both = Inference.Half([(0.5, 5), (0.5, double.PositiveInfinity)]);
        Assert.InRange(both, 1.96, 2.5706);
        Assert.Equal(0, Inference.Half([(0, 5)]));
    }
}
