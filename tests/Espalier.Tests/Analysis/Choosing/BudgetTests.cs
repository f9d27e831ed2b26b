using Espalier.Analysis.Choosing;
using Espalier.Measuring;

namespace Espalier.Tests.Analysis.Choosing;

public sealed class BudgetTests
{
    static readonly Measurement[] All =
    [
        Records.Of("O", 0.85, 10, bytes: 100_000_000),
        Records.Of("Q", 0.84, 6, bytes: 30_000_000),
        Records.Of("P", 0.80, 5, bytes: 60_000_000),
        Records.Of("PQ", 0.79, 3, bytes: 20_000_000),
        Records.Of("D", 0.70, 4.99, bytes: 60_000_000),
    ];

    [Fact]
    public void The_best_quality_within_the_limits_wins_and_each_other_has_its_reason()
    {
        BudgetAnswer answer = new Budget(MaxMilliseconds: 5, MaxBytes: 70e6).Answer(
            Alternatives.Of(All)
        );
        Assert.Equal("P", answer.Best!.Name);
        Assert.Null(answer.Nearest);
        Assert.Equal(4, answer.Rejected.Count);
        Assert.Equal("O: 10 ms are above 5; 100 MB are above 70.", answer.Rejected[0].Sentence);
        Assert.Contains("fits, and P is better by quality", answer.Rejected[2].Sentence);
    }

    [Fact]
    public void With_a_quality_alone_the_fastest_wins()
    {
        BudgetAnswer answer = new Budget(MinQuality: 0.795).Answer(Alternatives.Of(All));
        Assert.Equal("P", answer.Best!.Name);
    }

    [Fact]
    public void Where_none_fits_the_nearest_is_named()
    {
        BudgetAnswer answer = new Budget(MaxMilliseconds: 2.9, MinQuality: 0.78).Answer(
            Alternatives.Of(All)
        );
        Assert.Null(answer.Best);
        Assert.Equal("PQ", answer.Nearest!.Name);
        Assert.Equal(5, answer.Rejected.Count);
        Assert.StartsWith("None of 5 meets the budget; nearest is PQ", answer.Sentence);
    }

    [Fact]
    public void A_figure_that_was_not_measured_does_not_pass_a_limit()
    {
        BudgetAnswer answer = new Budget(MaxJoules: 1).Answer(Alternatives.Of(All));
        Assert.Null(answer.Best);
        Assert.Contains("J are limited to 1 and were not measured", answer.Sentence);
    }

    [Fact]
    public void A_violation_within_the_interval_says_so()
    {
        Violation violation = Assert.Single(
            new Budget(MaxMilliseconds: 4.97).Violations(Alternatives.Of([All[4]])[0])
        );
        Assert.False(violation.IsCertain);
        Assert.Contains("within its interval", violation.Sentence);
    }

    [Fact]
    public void Times_of_seeds_have_the_interval_of_their_logarithms_and_a_model_measured_again_counts_once()
    {
        Alternative one = Assert.Single(
            Alternatives.Of([
                Records.Of("Q", 0.80, 2, 1),
                Records.Of("Q", 0.80, 3, 2),
                Records.Of("Q", 0.80, 5, 2),
                Records.Of("Q", 0.80, 8, 3),
            ])
        );
        Estimate time = one.Milliseconds!;
        Assert.Equal(14 / 3.0, time.Value, 1e-12);
        Assert.Equal(3, time.N);
        // ln 2, ln 4, ln 8 with t(0.975, 2) = 4.3027.
        double reach = Math.Exp(4.3027 * Math.Log(2) / Math.Sqrt(3));
        Assert.Equal(4 / reach, time.Low!.Value, 1e-4);
        Assert.Equal(4 * reach, time.High!.Value, 1e-3);
    }

    [Fact]
    public void Seeds_are_averaged_with_Students_interval()
    {
        Alternative one = Assert.Single(
            Alternatives.Of([
                Records.Of("Q", 0.80, 4, 1),
                Records.Of("Q", 0.82, 4, 2),
                Records.Of("Q", 0.84, 4, 3),
            ])
        );
        // t(0.975, 2) = 4.3027, standard error 0.02 / √3.
        Assert.Equal(0.82, one.Quality.Value, 1e-12);
        Assert.Equal(0.82 - 4.3027 * 0.02 / Math.Sqrt(3), one.Quality.Low!.Value, 1e-5);
    }
}
