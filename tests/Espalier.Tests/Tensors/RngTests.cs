using Espalier.Tensors;

namespace Espalier.Tests.Tensors;

public sealed class RngTests
{
    [Fact]
    public void Philox_gives_the_known_answers_of_its_authors()
    {
        // Random123's kat_vectors: philox4x32-10, counter 0 and key 0.
        Assert.Equal((0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u), new Rng(0).Block(0));
    }

    [Fact]
    public void Streams_split_by_different_names_differ_and_by_the_same_name_agree()
    {
        Rng rng = new(7);
        Assert.Equal(rng.Split("dropout"), rng.Split("dropout"));
        Assert.NotEqual(rng.Split("dropout"), rng.Split("shuffle"));
        Assert.NotEqual(rng.Split("dropout"), rng);
    }

    [Fact]
    public void A_shuffle_is_a_permutation()
    {
        int[] items = [.. Enumerable.Range(0, 1000)];
        new Rng(3).Shuffle<int>(items);
        Assert.NotEqual(Enumerable.Range(0, 1000), items);
        Assert.Equal(Enumerable.Range(0, 1000), items.Order());
    }

    [Fact]
    public void Normals_have_mean_zero_and_variance_one()
    {
        Rng rng = new(11);
        double[] draws =
        [
            .. Enumerable.Range(0, 100_000).Select(i => (double)rng.Normal((ulong)i)),
        ];
        double mean = draws.Average();
        double variance = draws.Sum(d => (d - mean) * (d - mean)) / draws.Length;
        Assert.InRange(mean, -0.02, 0.02);
        Assert.InRange(variance, 0.98, 1.02);
    }
}
