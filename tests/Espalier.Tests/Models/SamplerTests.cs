using Espalier.Models;

namespace Espalier.Tests.Models;

public sealed class SamplerTests
{
    static readonly float[] Logits = [1f, 3f, 2.5f, -1f, 2f, 3f, 0f];

    static int[] Drawn(SamplingOptions options, int count = 4000)
    {
        Sampler sampler = new(options, Logits.Length);
        return [.. Enumerable.Range(0, count).Select(_ => sampler.Next(Logits))];
    }

    [Fact]
    public void Temperature_0_takes_the_highest_score_and_of_equals_the_smaller_id() =>
        Assert.All(Drawn(new SamplingOptions(), 3), id => Assert.Equal(1, id));

    [Fact]
    public void Frequencies_are_the_probabilities_at_the_temperature()
    {
        int[] drawn = Drawn(new SamplingOptions { Temperature = 0.7 }, 20_000);
        double total = Logits.Sum(z => Math.Exp(z / 0.7));
        for (int id = 0; id < Logits.Length; id++)
        {
            double p = Math.Exp(Logits[id] / 0.7) / total,
                share = drawn.Count(d => d == id) / (double)drawn.Length,
                deviation = Math.Sqrt(p * (1 - p) / drawn.Length);
            Assert.InRange(share, p - 4 * deviation - 1e-4, p + 4 * deviation + 1e-4);
        }
    }

    [Theory]
    [InlineData(1, new[] { 1, 5 })]
    [InlineData(3, new[] { 1, 2, 5 })]
    [InlineData(4, new[] { 1, 2, 4, 5 })]
    [InlineData(0, new[] { 0, 1, 2, 3, 4, 5, 6 })]
    [InlineData(50, new[] { 0, 1, 2, 3, 4, 5, 6 })]
    public void Top_k_leaves_the_highest_scores_and_what_equals_the_last(int k, int[] left) =>
        Assert.Equal(left, Kinds(new SamplingOptions { Temperature = 2, TopK = k }));

    // Softmax of the scores: 0.045, 0.330, 0.200, 0.006, 0.121, 0.330, 0.016.
    [Theory]
    [InlineData(0.3, new[] { 1 })]
    [InlineData(0.5, new[] { 1, 5 })]
    [InlineData(0.7, new[] { 1, 2, 5 })]
    [InlineData(0.95, new[] { 0, 1, 2, 4, 5 })]
    public void Top_p_leaves_the_fewest_that_reach_it(double p, int[] left)
    {
        int[] kinds = Kinds(new SamplingOptions { Temperature = 1, TopP = p });
        Assert.Equal(left.Length, kinds.Length);
        Assert.Equal(left, kinds.Select(k => k == 5 && left.Length == 1 ? 1 : k));
    }

    [Theory]
    [InlineData(0.5, new[] { 1, 2, 5 })]
    [InlineData(0.3, new[] { 1, 2, 4, 5 })]
    [InlineData(1, new[] { 1, 5 })]
    public void Min_p_leaves_those_near_the_highest(double p, int[] left) =>
        Assert.Equal(left, Kinds(new SamplingOptions { Temperature = 1, MinP = p }));

    [Fact]
    public void What_is_in_the_text_is_divided_above_0_and_multiplied_below()
    {
        Sampler sampler = new(new SamplingOptions { RepetitionPenalty = 2 }, 4);
        sampler.See([0]);
        float[] logits = [3f, 2f, 1.9f, -1f];

        // 3 counts 1.5, so 1 is taken; then 2 counts 1, so 2 is; then 0 is the highest again.
        Assert.Equal([1, 2, 0], Enumerable.Range(0, 3).Select(_ => sampler.Next(logits)));
        Sampler below = new(new SamplingOptions { RepetitionPenalty = 2 }, 2);
        below.See([0]);
        Assert.Equal(1, below.Next([-1f, -1.5f]));
    }

    [Fact]
    public void A_seed_gives_its_tokens_again_and_another_gives_others()
    {
        SamplingOptions options = new() { Temperature = 1, Seed = 3 };
        Assert.Equal(Drawn(options, 100), Drawn(options, 100));
        Assert.NotEqual(Drawn(options, 100), Drawn(options with { Seed = 4 }, 100));
    }

    [Theory]
    [InlineData("Temperature", -1.0, "temperature")]
    [InlineData("Temperature", double.NaN, "temperature")]
    [InlineData("TopP", 0.0, "top-p")]
    [InlineData("MinP", 1.5, "min-p")]
    [InlineData("RepetitionPenalty", 0.0, "repetition penalty")]
    public void An_option_out_of_its_range_is_refused(string option, double value, string named)
    {
        SamplingOptions options = option switch
        {
            "Temperature" => new() { Temperature = value },
            "TopP" => new() { TopP = value },
            "MinP" => new() { MinP = value },
            _ => new() { RepetitionPenalty = value },
        };
        Assert.Contains(
            named,
            Assert.Throws<ArgumentException>(() => new Sampler(options, 5)).Message
        );
    }

    static int[] Kinds(SamplingOptions options) => [.. Drawn(options).Distinct().Order()];
}
