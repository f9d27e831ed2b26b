using Espalier.Analysis.Choosing;
using Espalier.Data.Metrics;
using Espalier.Tensors;

namespace Espalier.Tests.Analysis.Choosing;

public sealed class WinnerSharesTests
{
    static readonly SeededRow Base = new("O", [0.9, 0.91, 0.92, 0.9], [1, 1, 1, 1]);

    [Fact]
    public void A_row_that_is_better_on_every_seed_always_wins_and_two_alike_share()
    {
        SeededRow fast = new("A", [0.9, 0.91, 0.92, 0.9], [0.1, 0.11, 0.1, 0.1]),
            worse = new("B", [0.8, 0.81, 0.82, 0.8], [0.3, 0.3, 0.3, 0.3]),
            // Better than A in quality on two seeds and worse on two, at the same time.
            alike = new("C", [0.92, 0.89, 0.94, 0.88], [0.1, 0.11, 0.1, 0.1]);
        WinnerShares sure = new([fast, worse], Base, Metric.Accuracy, new Rng(1)),
            split = new([fast, alike], Base, Metric.Accuracy, new Rng(1));
        Assert.Equal(1, sure.At(5, "A"));
        Assert.Equal(0, sure.At(5, "B"));
        Assert.InRange(split.At(5, "A"), 0.3, 0.7);
    }

    [Fact]
    public void The_exponent_moves_the_win_from_the_fast_row_to_the_good_one()
    {
        SeededRow fast = new("fast", [0.8, 0.82, 0.81, 0.79], [0.1, 0.1, 0.1, 0.1]),
            good = new("good", [0.9, 0.91, 0.92, 0.9], [0.3, 0.3, 0.3, 0.3]);
        WinnerShares shares = new([fast, good], Base, Metric.Accuracy, new Rng(1));
        // Even at ln 3 / ln(0.9075 / 0.805) = 9.2.
        Assert.Equal(1, shares.At(6, "fast"));
        Assert.InRange(shares.At(9.2, "fast"), 0.2, 0.8);
        Assert.Equal(1, shares.At(14, "good"));
    }

    [Fact]
    public void The_weight_of_energy_moves_the_win_to_the_row_that_needs_least()
    {
        SeededRow fast = new("fast", [10, 10.1], [0.2, 0.21], [0.9, 0.92]),
            frugal = new("frugal", [10, 10.1], [0.9, 0.91], [0.1, 0.11]),
            @base = new("O", [10, 10.1], [1, 1], [1, 1]);
        WinnerShares shares = new([fast, frugal], @base, Metric.Perplexity, new Rng(1));
        Assert.Equal(1, shares.At(1.5, "fast", 0.1));
        Assert.Equal(1, shares.At(1.5, "frugal", 0.9));
    }

    [Fact]
    public void Of_one_seed_windows_say_how_sure_a_winner_is()
    {
        double[] worths = [.. Enumerable.Range(0, 200).Select(i => -3 - 0.1 * (i % 7))];
        WindowedRow @base = new("O", worths, 1, null, 0.01),
            // Worse in every window, and by no more than half of what it saves.
            sure = new("sure", [.. worths.Select(w => w - 0.1)], 0.5, null, 0.01),
            // As good as that on average, by windows that are much better or worse.
            wild =
                new(
                    "wild",
                    [.. worths.Select((w, i) => w - 0.1 + (i % 2 == 0 ? 2 : -2))],
                    0.5,
                    null,
                    0.01
                );
        WinnerShares one = new([@base, sure], @base, Metric.Perplexity, new Rng(1)),
            two = new([@base, sure, wild], @base, Metric.Perplexity, new Rng(1));
        Assert.Equal(1, one.At(1.5, "sure"));
        Assert.InRange(two.At(1.5, "wild"), 0.3, 0.7);
        Assert.Equal(0, two.At(1.5, "O"));
    }
}
