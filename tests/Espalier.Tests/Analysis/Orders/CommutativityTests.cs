using Espalier.Analysis.Orders;
using Espalier.Measuring;
using Espalier.Tensors;

namespace Espalier.Tests.Analysis.Orders;

public sealed class CommutativityTests
{
    static readonly CommutativityOptions Quick = new()
    {
        Resamples = 300,
        SimulatedStudies = 40,
        Relabellings = 1300,
    };

    static readonly CommutativityOptions Least = Quick with { Resamples = 2, SimulatedStudies = 1 };

    static readonly string[] Three = ["DEP", "DPE", "EDP"];

    [Theory]
    [InlineData(0.0001, "< 0.001")]
    [InlineData(0.0005, "0.001")]
    [InlineData(0.03125, "0.031")]
    public void No_p_is_shown_as_zero(double p, string shown) =>
        Assert.Equal(shown, new PermutationTest(0, 0, p, 0, false, 10_000).ShownP);

    [Fact]
    public void A_planted_effect_of_order_is_found_under_a_much_larger_spread_of_originals()
    {
        OrderComparison found = Compare(Three, 4, spread: 0.04, noise: 0.003, effect: 0.03, 7);
        Assert.Equal(OrderVerdict.DoNotCommute, found.Verdict);
        Assert.True(found.Test!.Exact);
        Assert.Equal(1296, found.Test.Relabellings);
        Assert.True(found.Test.P <= 0.05, $"{found.Test}");
        Assert.InRange(found.Contrasts.Max(c => c.Distance), 0.02, 0.04);
        Assert.Contains("do not commute", found.Sentence);
        Assert.Contains("DEP", found.Sentence);
    }

    [Fact]
    public void Orders_without_effect_commute_where_an_effect_as_large_as_seeds_would_have_been_seen()
    {
        OrderComparison found = Compare(Three, 5, spread: 0.03, noise: 0.004, effect: 0, 11);
        Assert.True(found.Verdict == OrderVerdict.Commute, found.Sentence);
        Assert.True(found.Power!.SmallestEffect < found.Margin, $"{found.Power} {found.Margin}");
        Assert.InRange(found.Power.SmallestEffect!.Value, 0.001, 0.03);
    }

    [Fact]
    public void Three_originals_and_two_orders_cannot_tell_and_say_how_many_could()
    {
        OrderComparison found = Compare(
            ["DE", "ED"],
            3,
            spread: 0.03,
            noise: 0.003,
            effect: 0.05,
            3
        );
        Assert.Equal(OrderVerdict.CannotTell, found.Verdict);
        Assert.Equal(0.25, found.Test!.SmallestP, 1e-12);
        Assert.Null(found.Power!.SmallestEffect);
        Assert.Contains("cannot give a p below 0.25", found.Sentence);
        Assert.True(found.Power.OriginalsNeeded >= 6, $"{found.Power}");
    }

    [Fact]
    public void Three_originals_and_three_orders_claim_no_effect_that_they_would_have_seen()
    {
        OrderComparison found = Compare(Three, 3, spread: 0.03, noise: 0.003, effect: 0, 3);
        Assert.Equal(1.0 / 36, found.Test!.SmallestP, 1e-12);
        Assert.Null(found.Power!.SmallestEffect);
        Assert.Contains("at most 25 % would find a shift", found.Sentence);
        Assert.Contains("4 originals at least", found.Sentence);
        Assert.InRange(found.Power.OriginalsNeeded!.Value, 4, 49);
    }

    /// <summary>Of 216 relabellings 24 keep the shifted order together, in four classes of six: p is 6/216 in one of four.</summary>
    [Fact]
    public void Three_originals_and_three_orders_miss_most_shifts_however_large()
    {
        int found = Enumerable
            .Range(0, 100)
            .Count(i =>
                Commutativity
                    .Of(
                        Study(Three, 3, 0.03, 0.003, effect: 10, 0, new Rng(2000 + (ulong)i)),
                        Least,
                        new Rng(1)
                    )[0]
                    .Test!.P <= 0.05
            );
        Assert.InRange(found, 12, 40);
    }

    [Theory]
    [InlineData(2, 5, 0)]
    [InlineData(2, 6, 1)]
    [InlineData(3, 3, 1 / 4.0)]
    [InlineData(3, 4, 1)]
    [InlineData(4, 2, 1 / 6.0)]
    [InlineData(4, 3, 28 / 36.0)]
    [InlineData(6, 2, 36 / 120.0)]
    public void The_power_against_a_huge_shift_follows_from_counting(
        int orders,
        int originals,
        double power
    )
    {
        Assert.Equal(power, Detectable.MostPower(orders, originals, 0.05), 1e-12);
    }

    [Fact]
    public void The_interval_of_three_distances_is_as_wide_as_Students()
    {
        OrderComparison found = Assert.Single(
            Commutativity.Of(
                Study(["DE", "ED"], 3, 0.03, 0.004, 0.02, 0, new Rng(5)),
                Quick with
                {
                    Resamples = 4000,
                },
                new Rng(4)
            )
        );
        DistanceSummary paired = found.Paired;
        // t(0.975, 2) = 4.3027.
        double reach = 4.3027 * paired.Sd!.Value / Math.Sqrt(3);
        Assert.Equal(3, paired.Pairs);
        Assert.InRange((paired.High!.Value - paired.Mean!.Value) / reach, 0.95, 1.05);
        Assert.Equal(
            Math.Max(0, 2 * paired.Mean.Value - paired.High.Value),
            paired.Low!.Value,
            1e-12
        );
        double[] values =
        [
            .. found
                .Pairs.Where(p => p is { SameOriginal: true })
                .Select(p => p.Distance.Value!.Value),
        ];
        Assert.True(paired.High > values.Max(), $"{paired.High} is within {values.Max()}");
    }

    [Fact]
    public void Two_originals_give_no_interval_where_only_one_pair_can_be_drawn()
    {
        DistanceSummary same = Compare(["DE", "ED"], 2, 0.03, 0.003, 0, 3).Same;
        Assert.Equal(2, same.Pairs);
        Assert.NotNull(same.Mean);
        Assert.Null(same.Low);
        Assert.Null(same.High);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1.5)]
    public void A_power_that_is_no_share_is_refused(double power)
    {
        Assert.Contains(
            $"{power}",
            Assert
                .Throws<ArgumentException>(() => new CommutativityOptions { AgainstPower = power })
                .Message
        );
    }

    [Fact]
    public void Without_effect_five_studies_in_a_hundred_are_rejected()
    {
        Assert.InRange(RejectedOf200(shared: 0), 3, 20);
    }

    /// <summary>What the limits of the test say: a shared prefix breaks exchangeability over all three orders.</summary>
    [Fact]
    public void Orders_that_share_a_trained_prefix_are_rejected_little_more_often()
    {
        Assert.InRange(RejectedOf200(shared: 0.7), 0, 26);
    }

    [Fact]
    public void Table_1_has_same_orders_across_seeds_and_different_orders_in_pairs()
    {
        OrderComparison found = Compare(Three, 4, spread: 0.04, noise: 0.003, effect: 0, 5);
        // 3 orders x 4·3/2 originals; 3 pairs of orders x 4·3 originals; 3 pairs x 4 originals.
        Assert.Equal(18, found.Same.Pairs);
        Assert.Equal(36, found.Different.Pairs);
        Assert.Equal(12, found.Paired.Pairs);
        Assert.InRange(found.Same.Mean!.Value, found.Same.Low!.Value, found.Same.High!.Value);
        Assert.True(found.Paired.Mean < found.Same.Mean, "pairs lack the originals' spread");
    }

    [Fact]
    public void Curves_without_a_common_cost_are_compared_at_the_same_effort()
    {
        Measurement[] single =
        [
            .. from seed in Enumerable.Range(1, 7)
            from order in (string[])["LQ", "QL"]
            select Records.Of(
                order,
                0.8 + 0.001 * seed + (order == "LQ" ? 0.02 : 0),
                1 + 0.01 * seed,
                (ulong)seed
            ),
        ];
        OrderComparison found = Assert.Single(Commutativity.Of(single, Quick, new Rng(1)));
        Assert.Equal(OrderVerdict.DoNotCommute, found.Verdict);
        Assert.Contains("at the same effort", found.Sentence);
    }

    [Fact]
    public void The_same_measurements_and_chance_give_the_same_sentence()
    {
        Measurement[] study = Study(Three, 4, 0.04, 0.003, 0.005, 0, new Rng(2));
        string[] sentences =
        [
            .. Enumerable
                .Range(0, 2)
                .Select(i =>
                    Commutativity
                        .Of(i == 0 ? study : [.. study.Reverse()], Quick, new Rng(9))[0]
                        .Sentence
                ),
        ];
        Assert.Equal(sentences[0], sentences[1]);
    }

    static int RejectedOf200(double shared)
    {
        int rejected = 0;
        for (int i = 0; i < 200; i++)
        {
            Measurement[] study = Study(
                Three,
                4,
                spread: 0.04,
                noise: 0.005,
                effect: 0,
                shared,
                new Rng(1000 + (ulong)i)
            );
            OrderComparison found = Commutativity.Of(study, Least, new Rng(1))[0];
            rejected += found.Test!.P <= 0.05 ? 1 : 0;
        }

        return rejected;
    }

    static OrderComparison Compare(
        string[] orders,
        int originals,
        double spread,
        double noise,
        double effect,
        ulong key
    ) =>
        Assert.Single(
            Commutativity.Of(
                Study(orders, originals, spread, noise, effect, 0, new Rng(key)),
                Quick,
                new Rng(4)
            )
        );

    /// <summary>
    /// Curves of five points that rise with cost: the original's luck, each run's luck, a little of each point's.
    /// </summary>
    /// <param name="effect">Added to the first order.</param>
    /// <param name="shared">Share of the noise's variance that orders which begin alike have in common.</param>
    static Measurement[] Study(
        string[] orders,
        int originals,
        double spread,
        double noise,
        double effect,
        double shared,
        Rng rng
    )
    {
        string[] efforts =
        [
            "confidence:0.5",
            "confidence:0.7",
            "confidence:0.9",
            "confidence:0.99",
            "full",
        ];
        return
        [
            .. from o in Enumerable.Range(0, originals)
            let luck = spread * rng.Split("original").Normal((ulong)o)
            from order in orders
            let prefix = noise
                * Math.Sqrt(shared)
                * rng.Split($"prefix {order[0]}").Normal((ulong)o)
            let own = noise * Math.Sqrt(1 - shared) * rng.Split($"run {order}").Normal((ulong)o)
            from e in Enumerable.Range(0, efforts.Length)
            let point = 0.2 * noise * rng.Split($"point {order} {e}").Normal((ulong)o)
            select Records.Of(
                order,
                0.7 + 0.03 * e + luck + prefix + own + point + (order == orders[0] ? effect : 0),
                1 + 0.25 * e,
                (ulong)o + 1,
                efforts[e]
            ),
        ];
    }
}
