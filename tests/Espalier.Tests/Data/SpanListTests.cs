using Espalier.Data;
using Espalier.Tensors;

namespace Espalier.Tests.Data;

public sealed class SpanListTests
{
    [Fact]
    public void Spans_of_every_length_come_back_the_empty_and_the_longer_than_a_block_too()
    {
        Rng rng = new(3);
        int[] lengths =
        [
            0,
            0,
            1,
            255,
            256,
            0,
            1 << 16,
            0,
            (1 << 16) - 1,
            3 << 16,
            0,
            .. Enumerable.Range(0, 40_000).Select(i => rng.Below(9, (ulong)i)),
            200_000,
            0,
        ];
        SpanList<int> list = new();
        for (int i = 0; i < lengths.Length; i++)
        {
            list.Add([.. Enumerable.Repeat(i, lengths[i])]);
        }

        Assert.Equal(lengths.Length, list.Count);
        Assert.Equal(lengths.Sum(l => (long)l), list.Total);
        for (int i = 0; i < lengths.Length; i++)
        {
            Assert.True(lengths[i] == list[i].Length, $"{i}: {list[i].Length}, not {lengths[i]}");
            Assert.False(list[i].ContainsAnyExcept(i), $"{i}");
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => list[lengths.Length].Length);
    }
}
