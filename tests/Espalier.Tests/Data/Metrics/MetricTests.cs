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
}
