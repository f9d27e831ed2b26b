using Espalier.Data.Metrics;

namespace Espalier.Tests.Data.Metrics;

public sealed class MetricTests
{
    [Fact]
    public void What_is_undefined_has_a_reason_and_no_value()
    {
        Assert.Equal(
            new MetricValue("matthews", null, "all 3 labels are class 1"),
            Metric.Matthews.Measure([1, 1, 1], [0, 1, 1])
        );
        Assert.Equal(
            new MetricValue("matthews", null, "all 3 predictions are class 0"),
            Metric.Matthews.Measure([1, 1, 0], [0, 0, 0])
        );
        Assert.Equal(
            new MetricValue("f1", null, "neither the 2 labels nor the predictions hold class 1"),
            Metric.F1.Measure([0, 0], [0, 0])
        );
        Assert.Equal(
            new MetricValue("pearson", null, "prediction 1 is not finite"),
            Metric.Pearson.Measure([1.0, 2.0], [1.0, double.NaN])
        );
        Assert.Equal(
            new MetricValue("spearman", null, "all 3 predictions are 0.1"),
            Metric.Spearman.Measure([1.0, 2.0, 3.0], [0.1, 0.1, 0.1])
        );
        Assert.Equal(
            "there are no examples",
            Metric.Accuracy.Measure([], Array.Empty<int>()).WhyUndefined
        );
        Assert.Equal(
            "a correlation needs two examples and there are 1",
            Metric.Pearson.Measure([1.0], [2.0]).WhyUndefined
        );
    }

    [Fact]
    public void A_wrong_model_has_F1_zero_which_is_a_value()
    {
        Assert.Equal(new MetricValue("f1", 0, null), Metric.F1.Measure([1, 1, 0], [0, 0, 0]));
    }

    [Fact]
    public void Correlations_stand_scores_of_any_size()
    {
        double[] truth = [1, 2, 3, 5];
        foreach (double scale in new[] { 1e-320, 1e-200, 1, 1e200, 3e307 })
        {
            double[] scaled = [.. truth.Select(t => t * scale)];
            double value = Metric.Pearson.Measure(truth, scaled).Value!.Value;
            Assert.True(Math.Abs(value - 1) < 1e-3, $"scale {scale}: {value:R}");
        }
    }

    [Fact]
    public void Equal_scores_share_the_mean_of_their_ranks()
    {
        // Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: 4.5 / sqrt(4.5 * 5).
        double value = Metric.Spearman.Measure([1, 2, 2, 9], [10.0, 20, 30, 40]).Value!.Value;
        Assert.Equal(4.5 / Math.Sqrt(22.5), value, 1e-12);
    }

    [Fact]
    public void What_cannot_be_compared_is_the_callers_mistake()
    {
        Assert.Contains(
            "2 labels and 1 predictions",
            Assert.Throws<ArgumentException>(() => Metric.Accuracy.Measure([0, 1], [0])).Message
        );
        Assert.Contains(
            "-1 marks",
            Assert.Throws<ArgumentException>(() => Metric.Accuracy.Measure([-1], [0])).Message
        );
        Assert.Contains(
            "compares scores",
            Assert.Throws<ArgumentException>(() => Metric.Pearson.Measure([1], [0])).Message
        );
        Assert.Contains(
            "compares classes",
            Assert.Throws<ArgumentException>(() => Metric.F1.Measure([1.0], [0.0])).Message
        );
        Assert.Contains(
            "1 scores and 2",
            Assert
                .Throws<ArgumentException>(() => Metric.Spearman.Measure([1.0], [0.0, 1.0]))
                .Message
        );
    }

    [Theory]
    // Newcombe 1998, table I: 81/263 and 15/148 and the two ends.
    [InlineData(81, 263, 0.2553, 0.3662)]
    [InlineData(15, 148, 0.0624, 0.1605)]
    [InlineData(0, 20, 0, 0.1611)]
    [InlineData(29, 29, 0.8830, 1)]
    public void Intervals_of_Wilson_are_those_in_print(
        int right,
        int total,
        double low,
        double high
    )
    {
        Interval interval = Interval.Wilson(right, total);
        Assert.Equal(low, interval.Low, 5e-5);
        Assert.Equal(high, interval.High, 5e-5);
        Assert.Throws<ArgumentException>(() => Interval.Wilson(1, 0));
    }

    [Fact]
    public void Less_perplexity_is_worth_more_and_ratios_of_it_count_alike()
    {
        Metric perplexity = Metric.Perplexity;
        Assert.True(perplexity.Worth(20) > perplexity.Worth(21));
        Assert.Equal(
            perplexity.Worth(10) - perplexity.Worth(20),
            perplexity.Worth(50) - perplexity.Worth(100),
            1e-12
        );
        Assert.Equal(20, perplexity.Value(perplexity.Worth(20)), 1e-12);
        Assert.Equal(1, perplexity.Value(0.5));
        Assert.Equal(0.05, perplexity.Behind(21, 20), 1e-12);
        Assert.Equal(40, perplexity.Combined(20, 30, 15), 1e-12);
        Assert.Equal(["9.1 %", "21.3"], [perplexity.GapIn(Math.Log(1.1)), perplexity.Shown(21.3)]);
    }

    [Fact]
    public void What_is_done_to_a_correlation_adds_and_ends_at_its_bounds()
    {
        Assert.Equal(-0.2, Metric.Spearman.Combined(0.1, 0.2, 0.5), 1e-12);
        Assert.Equal(1, Metric.Spearman.Combined(0.9, 0.9, 0.5));
        Assert.Equal(-1, Metric.Matthews.Within(-7));
        Assert.Equal(-0.3, Metric.Pearson.Effect(-0.1, 0.2)!.Value, 1e-12);
        Assert.Equal(0.3, Metric.Pearson.Behind(-0.1, 0.2), 1e-12);
        Assert.Equal(
            ["0.01 units", "−0.312"],
            [Metric.Spearman.GapIn(0.01), Metric.Spearman.Shown(-0.312)]
        );
    }

    [Fact]
    public void A_share_is_printed_as_percent_and_its_differences_as_points()
    {
        Assert.Equal("76.4 %", Metric.Accuracy.Shown(0.764));
        Assert.Equal("1.0 point", Metric.Accuracy.GapIn(0.01));
        Assert.Equal("0.52 points", Metric.F1.GapIn(0.0052));
        Assert.Equal(0.9 * 0.8 / 0.95, Metric.Accuracy.Combined(0.9, 0.8, 0.95), 1e-12);
        Assert.Null(Metric.Accuracy.Effect(0, 0.5));
        Assert.True(Metric.Accuracy.IsBinomial && !Metric.F1.IsBinomial);
    }

    [Fact]
    public void Of_a_metric_that_nobody_knows_nothing_is_cut()
    {
        Metric unknown = Metric.Named("bleurt");
        Assert.Equal(-40, unknown.Within(-40));
        Assert.False(unknown.IsPercent || unknown.HasRatios);
        Assert.Equal(Metric.Named("bleurt"), unknown);
        Assert.Same(Metric.Matthews, Metric.Named("matthews"));
    }
}
