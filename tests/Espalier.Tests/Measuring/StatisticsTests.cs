using Espalier.Measuring;

namespace Espalier.Tests.Measuring;

public sealed class StatisticsTests
{
    /// <summary>Ranks and coverages from the table of the binomial distribution with p = ½.</summary>
    [Theory]
    [InlineData(2, 1, 0.5)]
    [InlineData(5, 1, 0.9375)]
    [InlineData(6, 1, 0.96875)]
    [InlineData(8, 1, 0.9921875)]
    [InlineData(9, 2, 0.9609375)]
    [InlineData(10, 2, 0.978515625)]
    [InlineData(20, 6, 0.958610534667969)]
    [InlineData(100, 40, 0.964799799782086)]
    public void Interval_of_the_median_takes_the_exact_binomial_ranks(
        int n,
        int rank,
        double coverage
    )
    {
        double[] values = [.. Enumerable.Range(1, n).Reverse().Select(i => (double)i)];
        Estimate median = Statistics.Median(values);
        Assert.Equal((n + 1) / 2.0, median.Value);
        Assert.Equal(rank, median.Low);
        Assert.Equal(n + 1 - rank, median.High);
        Assert.Equal(coverage, median.Coverage!.Value, 1e-12);
        Assert.Equal(n, median.N);
    }

    [Fact]
    public void Coverage_is_at_least_95_percent_from_six_on_and_one_rank_further_in_is_less()
    {
        for (int n = 6; n <= 2500; n += n < 60 ? 1 : 61)
        {
            var (rank, coverage) = Statistics.LowerRank(n);
            Assert.InRange(coverage, 0.95, 1);
            Assert.True(rank <= n / 2, $"rank {rank} of {n}");
            double next = coverage - 2 * Math.Exp(LogBinomial(n, rank) - n * Math.Log(2));
            Assert.True(rank + 1 > n / 2 || next < 0.95, $"n {n}: rank {rank + 1} has {next}");
        }

        static double LogBinomial(int n, int k) =>
            Enumerable.Range(1, k).Sum(i => Math.Log((double)(n - k + i) / i));
    }

    [Fact]
    public void A_single_value_has_no_interval()
    {
        Estimate one = Statistics.Median([3.5]);
        Assert.Equal(new Estimate(3.5, null, null, 1, Origin.Measured), one);
        Assert.False(one.IsWithin(1e9));
    }

    [Fact]
    public void Five_equal_values_are_not_yet_95_percent_and_six_are()
    {
        Assert.False(Statistics.Median([2, 2, 2, 2, 2]).IsWithin(0.05));
        Assert.True(Statistics.Median([2, 2, 2, 2, 2, 2]).IsWithin(0.05));
    }

    [Fact]
    public void A_ratio_within_rounds_is_untouched_by_what_slows_whole_rounds()
    {
        double[] load = [1, 1, 4, 2, 9, 1, 3];
        Estimate ratio = Statistics.Ratio(
            [.. load.Select(l => 3 * l)],
            [.. load.Select(l => 2 * l)]
        );
        Assert.Equal(1.5, ratio.Value);
        Assert.Equal(1.5, ratio.Low);
        Assert.Equal(1.5, ratio.High);
        Assert.Equal(7, ratio.N);
    }

    [Fact]
    public void Mean_and_deviation_of_a_sample()
    {
        double[] values = [2, 4, 4, 4, 5, 5, 7, 9];
        Assert.Equal(5, Statistics.Mean(values));
        Assert.Equal(Math.Sqrt(32.0 / 7), Statistics.StandardDeviation(values)!.Value, 1e-12);
        Assert.Null(Statistics.StandardDeviation([1]));
    }

    [Fact]
    public void What_is_not_finite_or_not_there_is_refused_with_its_place()
    {
        Assert.Contains(
            "no value",
            Assert.Throws<ArgumentException>(() => Statistics.Median([])).Message
        );
        Assert.Contains(
            "Value 1 of 2",
            Assert.Throws<ArgumentException>(() => Statistics.Median([1, double.NaN])).Message
        );
        Assert.Contains(
            "Round 1",
            Assert.Throws<ArgumentException>(() => Statistics.Ratio([1, 1], [1, 0])).Message
        );
        Assert.Contains(
            "2 and 1",
            Assert.Throws<ArgumentException>(() => Statistics.Ratio([1, 1], [1])).Message
        );
        Assert.Contains(
            "High",
            Assert
                .Throws<ArgumentException>(() =>
                    new Estimate(1, 0, double.PositiveInfinity, 1, Origin.Measured)
                )
                .Message
        );
    }

    [Theory]
    [InlineData(1, 12.706205)]
    [InlineData(10, 2.228139)]
    [InlineData(9_999, 1.960201)]
    [InlineData(10_000, 1.960201)]
    [InlineData(1e9, 1.959964)]
    [InlineData(1e300, 1.959964)]
    [InlineData(double.PositiveInfinity, 1.959964)]
    public void Students_reach_is_known_for_few_and_for_endless_degrees_of_freedom(
        double freedom,
        double expected
    ) => Assert.Equal(expected, Statistics.StudentReach(freedom), 2e-6);
}
