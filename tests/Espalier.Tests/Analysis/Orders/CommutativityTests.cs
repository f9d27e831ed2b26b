using Espalier.Analysis.Orders;
using Espalier.Measuring;
using Espalier.Tensors;

namespace Espalier.Tests.Analysis.Orders;

public sealed class CommutativityTests
{
    static readonly CommutativityOptions Quick = new() { Resamples = 300, SimulatedStudies = 500 };
    static readonly string[] Two = ["DE", "ED"];
    static readonly string[] Three = ["DEP", "DPE", "EDP"];

    [Fact]
    public void An_effect_at_the_first_exit_alone_is_found_there_and_the_rest_is_equivalent()
    {
        OrderComparison found = Compare(new OrderStudy(Two, 8, AtFirstExit: 0.03), 7);
        Assert.Equal(OrderVerdict.Equivalent, found.Verdict);
        Assert.Equal(OrderVerdict.Equivalent, Of(found, CurveRegion.BetweenFirstAndSecond).Verdict);
        RegionFinding first = Of(found, CurveRegion.FirstExit);
        Assert.Equal(OrderVerdict.Different, first.Verdict);
        OrderDifference only = Assert.Single(first.Differences);
        Assert.Equal(("DE", "ED"), (only.A, only.B));
        Assert.InRange(only.Mean, 0.02, 0.04);
        Assert.Equal(1.4, found.From!.Layers);
        Assert.Contains("equivalent within", found.Sentence);
        Assert.Contains("different by more than 1.0 point", found.Sentence);
    }

    [Fact]
    public void An_effect_on_the_whole_curve_is_found_under_a_much_larger_spread_of_originals()
    {
        OrderComparison found = Compare(
            new OrderStudy(Three, 5, Spread: 0.04, AtFirstExit: 0.03, Behind: 0.03, Noise: 0.003),
            7
        );
        Assert.True(found.Verdict == OrderVerdict.Different, found.Sentence);
        Assert.True(found.Test!.Exact);
        Assert.Equal(6 * 6 * 6 * 6, found.Test.Relabellings);
        Assert.True(found.Test.P <= 0.05, $"{found.Test}");
        Assert.Contains("DEP is", found.Sentence);
        Assert.Null(found.From);
    }

    [Fact]
    public void The_sign_of_a_difference_says_which_order_is_better()
    {
        RegionFinding better = Of(
                Compare(new OrderStudy(Two, 6, Behind: 0.03), 3),
                CurveRegion.FromSecondExit
            ),
            worse = Of(
                Compare(new OrderStudy(Two, 6, Behind: -0.03), 3),
                CurveRegion.FromSecondExit
            );
        Assert.All(better.Differences, d => Assert.InRange(d.Low, 0.01, d.Mean));
        Assert.All(worse.Differences, d => Assert.InRange(d.High, d.Mean, -0.01));
    }

    /// <summary>Between the first exit and 1.3 layers a threshold could have been measured, and was not.</summary>
    [Fact]
    public void No_line_is_read_from_the_first_exit_or_over_more_than_a_layer()
    {
        OrderComparison found = Compare(new OrderStudy(Two, 4), 1);
        double[] places = [.. found.Regions.SelectMany(r => r.Differences).Select(d => d.Place)];
        Assert.Equal([1, 1.4, 1.6, 1.8, 2, 2.2, 2.4, 2.6, 2.8, 3], places.Order());
        OrderComparison sparse = Comparison([
            .. new OrderStudy(Two, 4)
                .Measured(new Rng(1))
                .Where(m => m.AverageLayers is 1 or 1.6 or 3),
        ]);
        Assert.Equal(
            [1.0, 1.6, 3],
            [.. sparse.Regions.SelectMany(r => r.Differences).Select(d => d.Place).Order()]
        );
    }

    [Fact]
    public void Efforts_without_a_time_take_part_by_their_layers()
    {
        Measurement[] study =
        [
            .. new OrderStudy(Two, 4)
                .Measured(new Rng(1))
                .Select(m => m.AverageLayers == 1.9 ? m with { MillisecondsPerExample = null } : m),
        ];
        Assert.Equal(
            Compare(new OrderStudy(Two, 4), 1).Regions.SelectMany(r => r.Differences),
            Comparison(study).Regions.SelectMany(r => r.Differences)
        );
    }

    [Fact]
    public void Few_noisy_originals_decide_nothing_and_say_how_many_would()
    {
        OrderComparison found = Compare(new OrderStudy(Two, 3, Noise: 0.01), 3);
        Assert.Equal(OrderVerdict.Undecided, found.Verdict);
        Assert.InRange(Of(found, CurveRegion.FromSecondExit).Here.Originals!.Value, 4, 100);
        Assert.Contains("originals would show", found.Sentence);
        Assert.Equal(0.25, found.Test!.SmallestP, 1e-12);
    }

    [Fact]
    public void One_original_shows_no_noise_and_no_verdict_is_given()
    {
        OrderComparison found = Compare(new OrderStudy(Two, 1), 3);
        Assert.Equal(OrderVerdict.Undecided, found.Verdict);
        Assert.Empty(found.Regions);
        Assert.Contains("2 are the least", found.Sentence);
    }

    [Fact]
    public void Three_orders_of_six_originals_have_7776_relabellings_and_all_are_counted()
    {
        PermutationTest test = Compare(new OrderStudy(Three, 6), 2).Test!;
        Assert.Equal(7776, test.Relabellings);
        Assert.True(test.Exact);
        Assert.Equal(1 / 7776.0, test.SmallestP, 1e-15);
    }

    [Fact]
    public void The_tests_of_a_task_are_corrected_for_their_number()
    {
        Measurement[] study =
        [
            .. new OrderStudy(Two, 6, AtFirstExit: 0.03).Measured(new Rng(1)),
            .. new OrderStudy(["EP", "PE"], 6).Measured(new Rng(2)),
            .. new OrderStudy(Three, 6).Measured(new Rng(3)),
        ];
        IReadOnlyList<OrderComparison> all = Commutativity.Of(study, Quick, new Rng(4));
        Assert.Equal(3, all.Count);
        OrderComparison least = all.MinBy(c => c.Test!.P)!;
        Assert.Equal(Math.Min(1, 3 * least.Test!.P), least.Test.Adjusted, 1e-12);
        double[] alone =
        [
            .. all.Select(c =>
                Of(
                    Comparison([.. study.Where(m => c.Orders.Contains(m.Pipeline))]),
                    CurveRegion.FromSecondExit
                ).Equivalent
            ),
        ];
        Assert.Equal(
            Espalier.Analysis.Inference.Holm(alone),
            all.Select(c => Of(c, CurveRegion.FromSecondExit).Equivalent),
            (a, b) => Math.Abs(a - b) < 1e-12
        );
    }

    [Fact]
    public void L_changes_no_answer_and_asks_no_question_of_its_own()
    {
        Measurement[] study = new OrderStudy(Two, 5).Measured(new Rng(1));
        IReadOnlyList<OrderComparison> all = Commutativity.Of(
            [.. study, .. study.Select(m => m with { Pipeline = m.Pipeline + "L" })],
            Quick,
            new Rng(4)
        );
        Assert.Equal([null, "D+E"], all.Select(c => c.SameAs));
        Assert.Equal(all[0].Verdict, all[1].Verdict);
        Assert.Equal(
            Of(all[0], CurveRegion.FromSecondExit),
            Of(all[1], CurveRegion.FromSecondExit)
        );
    }

    [Fact]
    public void Largest_distances_are_told_beside_what_noise_alone_makes_of_them()
    {
        OrderComparison none = Compare(new OrderStudy(Two, 40), 5),
            some = Compare(new OrderStudy(Two, 40, AtFirstExit: 0.05), 5);
        Assert.InRange(none.PairedByNoise!.Value / none.Paired.Mean!.Value, 0.9, 1.1);
        Assert.Equal(none.PairedByNoise.Value, some.PairedByNoise!.Value, 1e-3);
        Assert.True(some.Paired.Mean > 4 * some.PairedByNoise, $"{some.Paired}");
    }

    [Fact]
    public void At_equal_time_the_share_of_O_is_read_and_not_the_clock()
    {
        Measurement[] study =
        [
            .. new OrderStudy(Two, 5).Measured(new Rng(1)),
            .. Enumerable.Range(1, 5).Select(s => Records.Of("O", 0.9, 12, (ulong)s)),
        ];
        // Every other original was measured on a day on which the machine took twice as long.
        Measurement[] uneven =
        [
            .. study.Select(m =>
                m.Seeds[0] % 2 == 0
                    ? m with
                    {
                        MillisecondsPerExample = new Estimate(
                            2 * m.MillisecondsPerExample!.Value,
                            null,
                            null,
                            11,
                            Origin.Measured
                        ),
                    }
                    : m
            ),
        ];
        RegionFinding even = Comparison(study).ByTime!;
        Assert.Equal(OrderVerdict.Equivalent, even.Verdict);
        Assert.InRange(even.Differences.Min(d => d.Place), 2.6 / 12 - 1e-9, 0.3);
        Assert.Equal(even.Differences, Comparison(uneven).ByTime!.Differences);
        Assert.Null(Comparison([.. study.Where(m => m.Pipeline != "O")]).ByTime);
    }

    [Fact]
    public void Models_without_exits_are_compared_at_full_effort()
    {
        Measurement[] single =
        [
            .. from seed in Enumerable.Range(1, 7)
            from order in (string[])["LQ", "QL"]
            select Records.Of(
                order,
                0.8 + 0.001 * seed + (order == "LQ" ? 0.02 + 0.0001 * seed : 0),
                1 + 0.01 * seed,
                (ulong)seed
            ),
        ];
        OrderComparison found = Comparison(single);
        Assert.Equal(OrderVerdict.Different, found.Verdict);
        Assert.Equal(CurveRegion.FullEffort, Assert.Single(found.Regions).Region);
        Assert.Contains("at full effort", found.Sentence);
    }

    [Fact]
    public void Table_1_has_same_orders_across_seeds_and_different_orders_in_pairs()
    {
        OrderComparison found = Compare(new OrderStudy(Three, 4, Spread: 0.04), 5);
        // 3 orders x 4·3/2 originals; 3 pairs of orders x 4·3 originals; 3 pairs x 4 originals.
        Assert.Equal(18, found.Same.Pairs);
        Assert.Equal(36, found.Different.Pairs);
        Assert.Equal(12, found.Paired.Pairs);
        Assert.InRange(found.Same.Mean!.Value, found.Same.Low!.Value, found.Same.High!.Value);
        Assert.True(found.Paired.Mean < found.Same.Mean, "pairs lack the originals' spread");
    }

    [Fact]
    public void Two_originals_give_no_interval_where_only_one_pair_can_be_drawn()
    {
        DistanceSummary same = Compare(new OrderStudy(Two, 2), 3).Same;
        Assert.Equal(2, same.Pairs);
        Assert.NotNull(same.Mean);
        Assert.Null(same.Low);
        Assert.Null(same.High);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1.5)]
    public void A_margin_that_is_no_share_is_refused(double margin)
    {
        Assert.Contains(
            $"{margin}",
            Assert
                .Throws<ArgumentException>(() => new CommutativityOptions { Margin = margin })
                .Message
        );
    }

    [Fact]
    public void The_same_measurements_and_chance_give_the_same_sentence()
    {
        Measurement[] study = new OrderStudy(Three, 4).Measured(new Rng(2));
        Assert.Equal(Comparison(study).Sentence, Comparison([.. study.Reverse()]).Sentence);
    }

    static RegionFinding Of(OrderComparison found, CurveRegion region) =>
        found.Regions.Single(r => r.Region == region);

    static OrderComparison Compare(OrderStudy study, ulong key) =>
        Comparison(study.Measured(new Rng(key)));

    static OrderComparison Comparison(Measurement[] study) =>
        Assert.Single(Commutativity.Of(study, Quick, new Rng(4)));
}
