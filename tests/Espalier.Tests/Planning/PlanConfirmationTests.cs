using System.Globalization;
using Espalier.Analysis.Choosing;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Operators;
using Espalier.Planning;
using Espalier.Tensors;
using Espalier.Tests.Goldens;

namespace Espalier.Tests.Planning;

/// <summary>Finalists of one seed, decided among by three.</summary>
public sealed class PlanConfirmationTests
{
    static readonly PlanSpace Space = PlanSpace.Of(
        new FineTune(),
        PlanSpaceTests.SixLayers,
        PlanSpace.Efforts(regression: false),
        fixedOptions: true,
        orders: true
    );

    static readonly Budget Budget = new(MaxMilliseconds: 2);

    [Fact]
    public void The_answer_rests_on_every_seed_and_the_finalists_are_few()
    {
        PlanResult result = Plan(new MadeUpStudy(1).Of(Space, 1, 2, 3));
        Assert.Equal([1UL, 2UL, 3UL], result.Seeds);
        Assert.Equal(3, result.Chosen.Quality.N);
        Assert.Contains(result.Chosen.Pipeline, result.Confirmed);
        Assert.Contains("O", result.Confirmed);
        var (first, further, all) = result.ModelsTrained;
        Assert.True(further <= first && first < all, $"{further}, {first}, {all}");
        Assert.Null(PlanSureness.Caution(result));
    }

    [Fact]
    public void What_seed_1_alone_makes_shine_does_not_win()
    {
        IReadOnlyList<Measurement> honest = new MadeUpStudy(1).Of(Space, 1, 2, 3);
        string winner = Plan(honest, seeds: [1]).Chosen.Pipeline;
        Measurement[] unlucky =
        [
            .. honest.Select(m =>
                m.Pipeline == winner && m.Seeds[0] != 1
                    ? m with
                    {
                        Metrics = [m.Metrics[0] with { Value = m.Metrics[0].Value - 0.2 }],
                    }
                    : m
            ),
        ];
        Assert.Equal(winner, Plan(unlucky, seeds: [1]).Chosen.Pipeline);
        PlanResult result = Plan(unlucky);
        Assert.NotEqual(winner, result.Chosen.Pipeline);
        Assert.Contains(winner, result.Confirmed);
    }

    [Fact]
    public void Where_the_finalists_break_the_budget_with_other_seeds_others_are_confirmed()
    {
        IReadOnlyList<Measurement> honest = new MadeUpStudy(1).Of(Space, 1, 2, 3);
        string winner = Plan(honest, seeds: [1]).Chosen.Pipeline;
        Measurement[] slow =
        [
            .. honest.Select(m =>
                m.Pipeline == winner && m.Seeds[0] != 1
                    ? m with
                    {
                        MillisecondsPerExample = new Estimate(50, 49, 51, 9, Origin.Measured),
                    }
                    : m
            ),
        ];
        PlanResult result = Plan(slow);
        Assert.True(result.MeetsBudget, $"{result.Chosen}");
        Assert.NotEqual(winner, result.Chosen.Pipeline);
        Assert.Equal(3, result.Chosen.Milliseconds!.N);
    }

    [Fact]
    public void One_seed_is_told_what_it_costs_and_more_are_not()
    {
        PlanResult one = Plan(new MadeUpStudy(1).Of(Space, 4));
        Assert.Empty(one.Confirmed);
        string caution = PlanSureness.Caution(one)!;
        Assert.Contains("winner of seed 4 alone", caution);
        Assert.Contains("--seeds 1,2,3", caution);
    }

    /// <summary>Its figures are those of the page, which are measured anew with the studies.</summary>
    [Fact]
    public void The_caution_holds_the_figures_of_the_sentiment_study()
    {
        string[] page = File.ReadAllLines(
            Path.Combine(Repository.Root, "studies/planning/README.md")
        );
        int sentiment = Array.FindIndex(
            page,
            l => l.StartsWith("sentiment: ", StringComparison.Ordinal)
        );
        double[] one = Row("plan, one seed"),
            three = Row("plan, the default");
        string caution = PlanSureness.Caution(Plan(new MadeUpStudy(1).Of(Space, 1)))!;
        // Cells: trials, models, short, 19 of 20, worst, broken, by.
        Assert.Contains(
            $"{one[2]:0.0} % short of the best on average, one in twenty by {one[3]:0.0} % or more, and {one[5]:0} % of them broke the budget, by {one[6]:0.0} %",
            caution
        );
        Assert.Contains(
            $"{three[2]:0.0} %, {three[3]:0.0} %, and {three[5]:0} % by {three[6]:0.0} %",
            caution
        );

        double[] Row(string way) =>
            [
                .. page.Skip(sentiment)
                    .First(l => l.StartsWith($"| {way} |", StringComparison.Ordinal))
                    .Split(
                        '|',
                        StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries
                    )
                    .Skip(1)
                    .Select(c => double.Parse(c, NumberStyles.Float, CultureInfo.InvariantCulture)),
            ];
    }

    [Fact]
    public void Points_that_have_a_quality_and_no_time_are_not_chosen()
    {
        MadeUpStudy study = new(1);
        Measurement[] dense =
        [
            .. Space
                .Pipelines.Where(p => p.Contains('E'))
                .Select(p =>
                    study.Measure(p, Effort.Parse("confidence:0.85"), 1) with
                    {
                        Metrics = [new Quality("accuracy", 0.999, null, null, 400, null)],
                        MillisecondsPerExample = null,
                        Absent = [new AbsentFigure("milliseconds_per_example", "not timed")],
                    }
                ),
        ];
        RecordedTrials trials = new("x", [.. study.Of(Space, 1), .. dense]);
        Assert.Equal(dense.Length, trials.Untimed);
        Assert.Equal(Space.Contenders.Count, trials.Space.Contenders.Count);
        PlanResult result = new PlanSearch(Space, Budget, new Rng(1)).Run(tried => new Tried(
            [.. study.Of(Space, 1).Concat(dense).Where(m => tried.Contains(m.Pipeline))],
            []
        ));
        Assert.NotNull(result.Chosen.Milliseconds);
        Assert.DoesNotContain(result.Measurements, m => m.MillisecondsPerExample is null);
    }

    [Fact]
    public void What_is_expected_of_another_training_is_wider_than_what_was_measured()
    {
        IReadOnlyList<Measurement> all = new MadeUpStudy(1, sitting: 0.08).Of(Space, 1, 2, 3);
        foreach (
            ulong[] seeds in (ulong[][])
                [
                    [1],
                    [1, 2, 3],
                ]
        )
        {
            PlanResult result = Plan(all, seeds);
            PlanSureness sure = PlanSureness.Of(result, new Rng(3));
            Estimate expected = sure.Outlook.Expected.Milliseconds!,
                measured = result.Chosen.Milliseconds!;
            Assert.True(
                expected.High - expected.Low > measured.High - measured.Low || seeds.Length > 1,
                $"{expected} of another, {measured} measured"
            );
            Assert.InRange(sure.Outlook.ChanceKept, 0.3, 1);
            Assert.Equal(1, sure.Standing.Sum(s => s.ChanceBest), 1e-9);
            Assert.NotEqual(result.Chosen.Pipeline, sure.RunnerUp?.Pipeline);
        }
    }

    static PlanResult Plan(IReadOnlyList<Measurement> all, IReadOnlyList<ulong>? seeds = null) =>
        new RecordedTrials("made up", all, seeds: seeds).Plan(Budget, new Rng(1).Split("plan"));
}
