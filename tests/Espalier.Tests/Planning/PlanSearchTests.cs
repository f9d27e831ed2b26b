using System.Text.Json;
using Espalier.Analysis;
using Espalier.Analysis.Choosing;
using Espalier.Measuring;
using Espalier.Operators;
using Espalier.Planning;
using Espalier.Tensors;
using Espalier.Tests.Goldens;

namespace Espalier.Tests.Planning;

/// <summary>The planner against studies in which everything was measured, so that its answers can be judged.</summary>
public sealed class PlanSearchTests
{
    static readonly PlanSpace Orders = Space(fixedOptions: true);
    static readonly PlanSpace Options = Space(fixedOptions: false);

    [Theory]
    [InlineData(20.0, null)]
    [InlineData(6.0, null)]
    [InlineData(2.0, null)]
    [InlineData(1.0, 0.85)]
    [InlineData(0.5, null)]
    [InlineData(null, 0.9)]
    [InlineData(null, 0.87)]
    public void Among_all_orders_the_answer_is_within_the_noise_of_the_best_after_a_third(
        double? milliseconds,
        double? quality
    )
    {
        for (ulong world = 1; world <= 2; world++)
        {
            Judge(Orders, world, new Budget(milliseconds, quality), 1 / 3.0);
        }
    }

    /// <summary>Before anything of them is known, both orders of D and E look alike.</summary>
    [Theory]
    [InlineData(1.0)]
    [InlineData(0.3)]
    public void Where_orders_differ_the_better_one_is_found(double milliseconds)
    {
        for (ulong world = 1; world <= 2; world++)
        {
            Judge(Orders, new MadeUpStudy(world, lateStudent: 0.97), new Budget(milliseconds), 0.4);
        }
    }

    /// <summary>The study of orders that was really run.</summary>
    [Theory]
    [InlineData(0.15)]
    [InlineData(0.2)]
    [InlineData(0.5)]
    [InlineData(2.0)]
    public void In_a_real_study_the_answer_is_within_the_noise_of_the_best_after_a_third(
        double milliseconds
    )
    {
        Judge(Sentiment(), new Budget(milliseconds), 1 / 3.0);
    }

    [Theory]
    [InlineData(5.0, null)]
    [InlineData(0.6, null)]
    [InlineData(null, 0.88)]
    [Trait("tier", "slow")]
    public void With_options_a_fifth_of_the_pipelines_and_under_half_of_the_models_will_do(
        double? milliseconds,
        double? quality
    )
    {
        PlanResult result = Judge(Options, 4, new Budget(milliseconds, quality), 0.2);
        var (needed, _, all) = result.ModelsTrained;
        Assert.True(2 * needed < all, $"{needed} of {all} models");
    }

    [Fact]
    public void Where_nothing_fits_the_answer_is_nearer_than_every_single_operator()
    {
        RecordedTrials trials = new("made up", new MadeUpStudy(1).Of(Orders, 1));
        Budget budget = new(MaxMilliseconds: 0.01);
        PlanResult result = Run(trials, budget);
        Assert.False(result.MeetsBudget);
        Assert.True(result.Chosen.Milliseconds!.Value < 1, $"{result.Chosen}");
        Assert.Contains("come nearest", result.Rounds[^1].Why);
    }

    [Fact]
    public void A_pipeline_that_fails_takes_with_it_those_that_begin_with_it()
    {
        IReadOnlyList<Measurement> all = new MadeUpStudy(1).Of(Orders, 1);
        PlanResult result = new PlanSearch(
            Orders,
            new Budget(MaxMilliseconds: 1.5),
            new Rng(1)
        ).Run(tried =>
        {
            Assert.DoesNotContain("DE", tried);
            return new Tried(
                [
                    .. all.Where(m =>
                        tried.Contains(m.Pipeline) && !Trainings.Begins(m.Pipeline, "D")
                    ),
                ],
                [new FailedTrial("D", "its loss is NaN")]
            );
        });
        Assert.False(Trainings.Begins(result.Chosen.Pipeline, "D"));
        Assert.DoesNotContain(result.Tried, p => p != "D" && Trainings.Begins(p, "D"));
        Assert.Single(result.Failures);
    }

    [Fact]
    public void No_more_models_are_trained_than_allowed()
    {
        RecordedTrials trials = new("made up", new MadeUpStudy(1).Of(Orders, 1));
        PlanResult result = new PlanSearch(
            trials.Space,
            new Budget(MaxMilliseconds: 0.6),
            new Rng(1),
            most: 5
        ).Run(p => trials.Try(p));
        Assert.True(result.ModelsTrained.First <= 5, string.Join(" ", result.Tried));
        Assert.False(result.Decision.Settled);
    }

    /// <summary>At 0.25 ms what wins with the best chance needs a fifth model, and ELQ none.</summary>
    [Fact]
    public void What_needs_no_training_is_tried_where_no_more_are_allowed()
    {
        RecordedTrials trials = Sentiment();
        int start = Trainings.Of(trials.Space.Start).Count;
        PlanResult result = new PlanSearch(
            trials.Space,
            new Budget(MaxMilliseconds: 0.25),
            new Rng(1),
            most: start
        ).Run(p => trials.Try(p));
        Assert.Equal(start, result.ModelsTrained.First);
        Assert.Contains("ELQ", result.Tried);
        Assert.False(result.Decision.Settled);
    }

    [Fact]
    public void The_same_trials_give_the_same_bytes()
    {
        RecordedTrials trials = new("made up", new MadeUpStudy(2).Of(Orders, 1, 2));
        byte[][] both =
        [
            .. Enumerable
                .Range(0, 2)
                .Select(_ => PlanJson.Of(Run(trials, new Budget(2)), new PlanFacts())),
        ];
        Assert.Equal(both[0], both[1]);
    }

    [Fact]
    public void The_record_says_why_each_contender_was_rejected()
    {
        RecordedTrials trials = new("made up", new MadeUpStudy(2).Of(Orders, 1));
        PlanResult result = Run(trials, new Budget(MaxMilliseconds: 2, MinQuality: 0.8));
        JsonElement plan = JsonDocument
            .Parse(PlanJson.Of(result, new PlanFacts(BestOfAll: result.Chosen)))
            .RootElement;
        JsonElement[] rejected = [.. plan.GetProperty("rejected").EnumerateArray()];
        string[] named =
        [
            .. rejected.Select(r => r.GetProperty("pipeline").GetString()!).Distinct(),
            result.Chosen.Pipeline,
        ];
        Assert.Empty(Orders.Pipelines.Except(named));
        Assert.All(
            rejected,
            r =>
            {
                Assert.NotEmpty(r.GetProperty("sentence").GetString()!);
                Assert.Equal(
                    result.Tried.Contains(r.GetProperty("pipeline").GetString())
                        ? "measured"
                        : "predicted",
                    r.GetProperty("known_from").GetString()
                );
            }
        );
        Assert.Equal(
            0,
            plan.GetProperty("best_of_all").GetProperty("answer_is_short_by").GetDouble()
        );
        Assert.Equal(
            result.ModelsTrained.First,
            plan.GetProperty("effort_of_search").GetProperty("models_needed_first_seed").GetInt32()
        );
    }

    [Fact]
    public void Recorded_trials_are_of_one_task_and_hold_the_original()
    {
        MadeUpStudy study = new(1);
        Measurement[] two = [.. study.Of(Orders, 1), Records("O", "other")];
        Assert.Contains("name one of them with --task", Refused(() => new("x", two)));
        Assert.Contains("it has mrpc, other", Refused(() => new("x", two, "third")));
        Assert.Contains("lacks the original", Refused(() => new("x", [Records("D", "mrpc")])));
        Assert.Contains(
            "no measurement with seed 7",
            Refused(() => new("x", two, "mrpc", seeds: [7]))
        );
        Assert.Equal(
            Orders.Pipelines.Count,
            new RecordedTrials("x", two, "mrpc").Space.Pipelines.Count
        );

        static Measurement Records(string pipeline, string task) =>
            Tests.Analysis.Records.Of(pipeline, 0.8, 5, task: task);
        static string Refused(Func<RecordedTrials> trials) =>
            Assert
                .Throws<InvalidDataException>(() =>
                {
                    _ = trials();
                })
                .Message;
    }

    [Fact]
    public void Efforts_that_not_every_seed_has_are_left_out()
    {
        MadeUpStudy study = new(1);
        RecordedTrials trials = new(
            "x",
            [
                .. study.Of(Orders, 1, 2),
                study.Measure("E", Espalier.Models.Effort.Parse("confidence:0.55"), 2),
            ]
        );
        Assert.Equal(1, trials.LeftOut);
        Assert.Equal(Orders.Contenders.Count, trials.Space.Contenders.Count);
    }

    static PlanResult Judge(PlanSpace space, ulong world, Budget budget, double share) =>
        Judge(space, new MadeUpStudy(world), budget, share);

    static PlanResult Judge(PlanSpace space, MadeUpStudy study, Budget budget, double share) =>
        Judge(new RecordedTrials("made up", study.Of(space, 1)), budget, share);

    static PlanResult Judge(RecordedTrials trials, Budget budget, double share)
    {
        PlanSpace space = trials.Space;
        PlanResult result = Run(trials, budget);
        Alternative best = budget.Answer(Alternatives.Of(trials.All)).Best!;
        Assert.True(
            result.Short(best) <= result.Decision.Margin,
            $"{budget}: {result.Chosen} after {string.Join(" ", result.Tried)}; best is {best}"
        );
        Assert.True(
            result.Tried.Count <= share * space.Pipelines.Count,
            $"{budget}: {result.Tried.Count} of {space.Pipelines.Count}: {string.Join("\n", result.Rounds)}"
        );
        Assert.Equal(result.Tried.Count, result.Tried.Distinct().Count());
        return result;
    }

    static RecordedTrials Sentiment()
    {
        string path = Path.Combine(
            Repository.Root,
            "studies/commutativity/sentiment/measurements.json"
        );
        return new RecordedTrials(path, MeasurementFiles.Read(path));
    }

    static PlanResult Run(RecordedTrials trials, Budget budget) =>
        new PlanSearch(trials.Space, budget, new Rng(1).Split("plan")).Run(p => trials.Try(p));

    static PlanSpace Space(bool fixedOptions) =>
        PlanSpace.Of(
            new FineTune(),
            PlanSpaceTests.SixLayers,
            PlanSpace.Efforts(regression: false),
            fixedOptions,
            orders: fixedOptions
        );
}
