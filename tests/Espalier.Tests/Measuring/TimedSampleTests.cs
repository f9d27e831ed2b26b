using Espalier.Measuring;
using Espalier.Tensors;

namespace Espalier.Tests.Measuring;

public sealed class TimedSampleTests
{
    [Theory]
    [InlineData(600, 1)]
    [InlineData(1725, 1)]
    [InlineData(3000, 8)]
    [InlineData(5000, 32)]
    public void Lengths_of_the_sample_and_of_each_block_are_those_of_the_split(int count, int batch)
    {
        int[] tokens = Lengths(count);
        TimedSample sample = TimedSample.Of(tokens, batch);
        double all = tokens.Average();
        Assert.True(sample.Examples >= 200, $"{sample.Examples}");
        Assert.Equal(10, sample.Blocks.Count);
        Assert.Equal(sample.Examples, sample.Batches.SelectMany(b => b).Distinct().Count());
        Assert.InRange(sample.Batches.SelectMany(b => b).Average(i => tokens[i]) / all, 0.99, 1.01);
        Assert.All(
            sample.Blocks,
            block =>
                Assert.InRange(block.SelectMany(b => b).Average(i => tokens[i]) / all, 0.9, 1.1)
        );
        Assert.All(sample.Batches.SkipLast(1), b => Assert.InRange(b.Length, batch - 1, batch));
    }

    [Fact]
    public void A_small_split_is_timed_whole_and_the_sample_is_the_same_each_time()
    {
        int[] tokens = Lengths(150);
        TimedSample sample = TimedSample.Of(tokens, 1);
        Assert.True(sample.IsWhole);
        Assert.Equal(Enumerable.Range(0, 150), sample.Batches.SelectMany(b => b).Order());
        Assert.Equal(
            sample.Batches.SelectMany(b => b),
            TimedSample.Of(tokens, 1).Batches.SelectMany(b => b)
        );
        Assert.Equal(1, TimedSample.Of([7], 32).Examples);
    }

    [Fact]
    public void Where_all_cost_the_same_a_few_of_each_block_are_enough()
    {
        TimedSample few = TimedSample.Of(Lengths(600), 1).Few();
        Assert.Equal((10, 40), (few.Blocks.Count, few.Examples));
        Assert.Equal(10, TimedSample.Of(Lengths(600), 16).Few().Batches.Count());
    }

    [Fact]
    public void Weights_make_tokens_and_layers_those_of_the_split_and_stay_near_one()
    {
        int[] tokens = Lengths(1725);
        Rng rng = new(3);

        // As early exits do: most leave at once, long texts later.
        double[] layers =
        [
            .. tokens.Select(
                (t, i) => 1 + (int)(6 * Math.Pow(rng.Uniform((ulong)i), 60.0 / t) % 6)
            ),
        ];
        TimedSample sample = TimedSample.Of(tokens, 1);
        SplitCandidate candidate = new("x", sample, tokens, layers, false, (_, _) => { });
        TimedSet set = candidate.Describe(candidate.Calibrate(), 5);
        Assert.Null(set.Problem());
        Assert.Equal(tokens.Average(), set.Tokens, 1e-6);
        Assert.Equal(layers.Average(), set.Layers, 1e-6);
        Assert.NotEqual(set.SplitLayers, set.PlainLayers, 1e-3);
        Assert.InRange(set.HeaviestWeight, 1, 2);
    }

    [Fact]
    public void A_sample_that_cannot_be_weighted_to_its_split_says_so()
    {
        int[] tokens = Lengths(600);
        TimedSample sample = TimedSample.Of(tokens, 1);
        HashSet<int> chosen = [.. sample.Batches.SelectMany(b => b)];

        // Only examples that were not chosen go deep.
        double[] layers = [.. Enumerable.Range(0, 600).Select(i => chosen.Contains(i) ? 1.0 : 6)];
        SplitCandidate candidate = new("x", sample, tokens, layers, false, (_, _) => { });
        Assert.Contains("layers", candidate.Describe(candidate.Calibrate(), 5).Problem());
    }

    static int[] Lengths(int count)
    {
        Rng rng = new(11);
        return
        [
            .. Enumerable
                .Range(0, count)
                .Select(i => Math.Clamp((int)Math.Exp(3 + 0.5 * rng.Normal((ulong)i)), 4, 128)),
        ];
    }
}
