using Espalier.Analysis;
using Espalier.Analysis.Orders;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Tensors;

namespace Espalier.Tests.Analysis;

/// <summary>Models with two exits on 400 examples: right answers are drawn, so that what is true of them is known.</summary>
public sealed class AnsweredExamplesTests
{
    const int Examples = 400;
    static readonly Effort First = new(ExitRule.Confidence, 0.5);

    [Fact]
    public void Pairs_of_answers_give_the_sampling_error_of_a_difference()
    {
        // The pipeline answers as O does but for 20 examples that it gets wrong: a loss of five points.
        bool[] o = [.. Enumerable.Range(0, Examples).Select(i => i % 10 != 0)],
            p = [.. o.Select((right, i) => right && i % 20 != 1)];
        AnsweredExamples answers = new([Answers(1, ("O", o, o), ("P", p, p))]);
        PairedDifference found = PairedDifference.Of([Of("P", 1, p)], [Of("O", 1, o)], answers)!;
        Assert.True(found.CoversExamples);
        Assert.Equal(-0.05, found.Mean, 1e-12);
        // Discordant pairs: √(0.05 · 0.95 / 400), not the binomials of two models, √(2 · 0.09 / 400).
        double error = Math.Sqrt(0.05 * 0.95 / Examples);
        Assert.Equal(-0.05 - 1.96 * error, found.Low!.Value, 2e-4);
        Assert.True(found.IsSure);
    }

    [Fact]
    public void Seeds_that_answer_alike_do_not_make_the_split_larger()
    {
        bool[] right = [.. Enumerable.Range(0, Examples).Select(i => i % 10 != 0)];
        ulong[] seeds = [1, 2, 3, 4, 5, 6];
        AnsweredExamples answers = new([.. seeds.Select(s => Answers(s, ("P", right, right)))]);
        Estimate over = SeedMean.OfQuality([.. seeds.Select(s => Of("P", s, right))], answers)!;
        double binomial = 1.96 * Math.Sqrt(0.09 / Examples);
        Assert.Equal(binomial, over.High!.Value - over.Value, 1e-4);
    }

    [Fact]
    public void The_largest_class_and_missing_answers_are_known()
    {
        bool[] right = [.. Enumerable.Repeat(true, Examples)];
        AnsweredExamples answers = new([Answers(1, ("P", right, right))]);
        Assert.Equal(0.75, answers.MajorityShare("mrpc", "test"));
        Assert.Null(answers.MajorityShare("other", "test"));
        Assert.Null(answers.Each(Of("D", 1, right)));
        Assert.Null(answers.Each(Of("P", 2, right)));
        Assert.Null(
            answers.Each(
                Of("P", 1, right) with
                {
                    Metrics = [new Quality("f1", 0.5, null, null, 400, null)],
                }
            )
        );
    }

    /// <summary>Examples are drawn anew for each study: what holds of all of them lies in the intervals that know the answers.</summary>
    [Fact]
    public void With_answers_the_intervals_of_orders_hold_another_draw_of_the_examples()
    {
        const double Truth = 0.01;
        int missed = 0,
            missedWithout = 0;
        for (int study = 0; study < 200; study++)
        {
            Rng rng = new(500 + (ulong)study);
            (Measurement[] measured, AnsweredExamples answers) = Study(rng, Truth);
            missed += Misses(measured, answers, Truth);
            missedWithout += Misses(measured, AnsweredExamples.None, Truth);
        }

        Assert.InRange(missed, 0, 20);
        Assert.True(missedWithout > 30, $"without answers {missedWithout} of 200 miss it");
    }

    /// <summary>Six originals agree on what these examples show; which examples these are is half a point of it by itself.</summary>
    [Fact]
    public void Where_examples_are_in_the_interval_originals_alone_show_no_equivalence()
    {
        (Measurement[] measured, AnsweredExamples answers) = Swapped(20);
        OrderComparison found = Comparison(measured, answers),
            without = Comparison(measured, AnsweredExamples.None);
        RegionFinding full = Full(found);
        Assert.Equal(OrderVerdict.Undecided, found.Verdict);
        Assert.Equal(OrderVerdict.Equivalent, full.Here.Verdict);
        Assert.Equal(OrderVerdict.Equivalent, without.Verdict);
        Assert.Equal(full.Here.Bound, Full(without).Bound, 1e-12);
        Assert.True(full.Needed!.Examples > 2 * Examples, $"{full.Needed}");
        Assert.Contains("undecided over seeds and examples against a margin", found.Sentence);
        Assert.Contains(
            "test examples would show that orders are equivalent if they are: originals alone would not",
            found.Sentence
        );
        Assert.Contains("over seeds on these 400 examples equivalent within", found.Sentence);
        Assert.DoesNotContain("over seeds", without.Sentence);
    }

    [Fact]
    public void Where_neither_is_decided_both_verdicts_say_what_they_would_take()
    {
        (Measurement[] measured, AnsweredExamples answers) = Study(new Rng(500), 0);
        OrderComparison found = Comparison([.. measured.Where(m => m.Seeds[0] < 4)], answers);
        RegionFinding full = Full(found);
        Assert.Equal(
            (OrderVerdict.Undecided, OrderVerdict.Undecided),
            (full.Verdict, full.Here.Verdict)
        );
        Assert.Matches(
            "about [0-9]+ originals and [0-9,]+ test examples would show that orders are equivalent",
            found.Sentence
        );
        Assert.Matches(
            "over seeds on these 400 examples undecided, and about [0-9]+ originals would show",
            found.Sentence
        );
    }

    [Fact]
    public void More_examples_are_asked_for_only_where_originals_are_not_enough()
    {
        Needed alone = Needed.Of(0.01, 0, 400, 0.01)!,
            some = Needed.Of(0.01, 1e-6, 400, 0.01)!,
            both = Needed.Of(0.01, 1e-4, 400, 0.01)!;
        // Of two one-sided t tests: (t(0.95, 9) + 1.2816) · 0.01 / √10 = 0.0099.
        Assert.Equal(new Needed(10, 400), alone);
        Assert.Equal(400, some.Examples);
        Assert.InRange(some.Originals, alone.Originals, 13);
        Assert.True(both.Examples > 1600 && both.Originals > alone.Originals, $"{both}");
        Assert.Null(Needed.Of(1, 0, 400, 0.01));
    }

    /// <summary>Two orders that get as many examples right, so many of them others, the same on six originals but for one each.</summary>
    static (Measurement[], AnsweredExamples) Swapped(int examples)
    {
        List<Measurement> measured = [];
        List<StoredAnswers> answers = [];
        for (int seed = 1; seed <= 6; seed++)
        {
            bool[] de =
                [.. Enumerable.Range(0, Examples).Select(i => i >= 2 * examples || i < examples)],
                ed = [.. Enumerable.Range(0, Examples).Select(i => i >= examples)];
            de[Examples - seed] = seed % 2 == 0;
            answers.Add(Answers((ulong)seed, ("DE", de, de), ("ED", ed, ed)));
            foreach (var (pipeline, right) in ((string, bool[])[])[("DE", de), ("ED", ed)])
            {
                measured.Add(Of(pipeline, (ulong)seed, right, First, 1));
                measured.Add(Of(pipeline, (ulong)seed, right, Effort.Full, 2));
            }
        }

        return ([.. measured], new AnsweredExamples(answers));
    }

    static RegionFinding Full(OrderComparison found) =>
        found.Regions.Single(r => r.Region == CurveRegion.FromSecondExit);

    static OrderComparison Comparison(Measurement[] measured, AnsweredExamples answers) =>
        Commutativity.Of(
            measured,
            new CommutativityOptions { Resamples = 2, SimulatedStudies = 200 },
            new Rng(1),
            answers
        )[0];

    static int Misses(Measurement[] measured, AnsweredExamples answers, double truth)
    {
        RegionFinding full = Full(Comparison(measured, answers));
        Assert.Equal(answers != AnsweredExamples.None, full.CoversExamples);
        OrderDifference d = full.Differences.MaxBy(d => d.Place)!;
        return d.Low > truth || d.High < truth ? 1 : 0;
    }

    /// <summary>Each order gets an example right by the example's own chance, the same on all seeds; seeds differ in few.</summary>
    static (Measurement[], AnsweredExamples) Study(Rng rng, double effect)
    {
        List<Measurement> measured = [];
        List<StoredAnswers> answers = [];
        Draws draws = new(rng);
        double[] one = Chances(draws, 0.8 + effect),
            other = Chances(draws, 0.8);
        for (ulong seed = 1; seed <= 6; seed++)
        {
            bool[] de = Answered(draws, one),
                ed = Answered(draws, other);
            answers.Add(Answers(seed, ("DE", de, de), ("ED", ed, ed)));
            foreach (var (pipeline, right) in ((string, bool[])[])[("DE", de), ("ED", ed)])
            {
                measured.Add(Of(pipeline, seed, right, First, 1));
                measured.Add(Of(pipeline, seed, right, Effort.Full, 2));
            }
        }

        return ([.. measured], new AnsweredExamples(answers));
    }

    /// <summary>Of nearly 0 or 1: an example is hard or easy for an order.</summary>
    static double[] Chances(Draws draws, double easy) =>
        [.. Enumerable.Range(0, Examples).Select(_ => draws.Below(1000) < 1000 * easy ? 1.0 : 0)];

    static bool[] Answered(Draws draws, double[] chances) =>
        [.. chances.Select(c => draws.Below(100) < 3 ? c < 0.5 : c > 0.5)];

    static Measurement Of(string pipeline, ulong seed, bool[] right) =>
        Of(pipeline, seed, right, Effort.Full, 2);

    static Measurement Of(
        string pipeline,
        ulong seed,
        bool[] right,
        Effort effort,
        double layers
    ) => Records.Of(pipeline, right.Average(r => r ? 1.0 : 0), layers, seed, $"{effort}");

    /// <summary>Of the truth three in four are of class 1.</summary>
    static StoredAnswers Answers(
        ulong seed,
        params (string Pipeline, bool[] AtFirst, bool[] AtFull)[] models
    )
    {
        byte[] truth = [.. Enumerable.Range(0, Examples).Select(i => (byte)(i % 4 == 0 ? 0 : 1))];
        byte[] Said(bool[] right) =>
            [.. right.Select((r, i) => (byte)(r ? truth[i] : 1 - truth[i]))];
        return new StoredAnswers
        {
            Task = "mrpc",
            Split = "test",
            Seeds = [seed],
            DataSha256 = "made up",
            Labels = ["no", "yes"],
            Examples = Examples,
            Truth = truth,
            Models =
            [
                .. models.Select(m => new ModelAnswers(
                    m.Pipeline,
                    2,
                    [.. Said(m.AtFirst), .. Said(m.AtFull)],
                    [First, Effort.Full],
                    [.. new byte[Examples], .. Enumerable.Repeat((byte)1, Examples)]
                )),
            ],
        };
    }
}
