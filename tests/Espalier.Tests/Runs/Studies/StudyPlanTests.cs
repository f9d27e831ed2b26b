using Espalier.Operators;
using Espalier.Runs;
using Espalier.Runs.Studies;
using Espalier.Tests.Models;
using Espalier.Training;
using FsCheck;
using FsCheck.Fluent;

namespace Espalier.Tests.Runs.Studies;

public sealed class StudyPlanTests
{
    static readonly string[] Legal =
    [
        .. PipelineSet
            .Of("", "DEP", [1, 2, 3], ["", "L", "Q", "LQ"])
            .Concat(PipelineSet.Of("O(pool=mean)", "DE", null, ["Q"]))
            .Select(p => $"{p}"),
    ];

    static readonly Gen<string[]> Choices = Gen.Elements(Legal)
        .NonEmptyListOf()
        .Select(l => l.Distinct().ToArray());

    [Fact]
    public void Each_prefix_is_one_stage_whatever_pipelines_share_it() =>
        Check(
            (pipelines, plan) =>
            {
                // What was to be made once is what differs in task, seed or the operators so far.
                HashSet<string> prefixes =
                [
                    .. pipelines
                        .Select(Pipeline.Parse)
                        .SelectMany(p =>
                            Enumerable.Range(1, p.Operators.Length).Select(n => $"{p.Prefix(n)}")
                        ),
                ];
                Assert.Equal(
                    prefixes.Order(),
                    plan.Stages.Where(s => s.Recipe.Seed == 1).Select(s => $"{s.Pipeline}").Order()
                );
                Assert.Equal(
                    plan.Stages.Count,
                    plan.Stages.Select(s => s.Key.Hex).Distinct().Count()
                );
            }
        );

    [Fact]
    public void Inputs_stand_before_what_is_made_of_them() =>
        Check(
            (_, plan) =>
            {
                HashSet<StageKey> before = [];
                foreach (PlannedStage stage in plan.Stages)
                {
                    Assert.True(
                        stage.Parent is { } parent
                            ? before.Contains(parent)
                            : stage.Operator is FineTune,
                        $"{stage.Pipeline} stands before its input"
                    );
                    before.Add(stage.Key);
                }
            }
        );

    [Fact]
    public void Every_pipeline_and_its_original_is_measured_once_for_each_seed_and_batch() =>
        Check(
            (pipelines, plan) =>
            {
                Assert.Equal(2 * 2, plan.Groups.Count);
                string[] wanted =
                [
                    .. pipelines
                        .Select(Pipeline.Parse)
                        .SelectMany(p => new[] { $"{p.Prefix(1)}", $"{p}" })
                        .Distinct()
                        .Order(),
                ];
                Assert.All(
                    plan.Groups,
                    g => Assert.Equal(wanted, g.Models.Select(m => $"{m.Pipeline}").Order())
                );
                Assert.Equal([1, 8, 1, 8], plan.Groups.Select(g => g.Recipe.BatchSize));
            }
        );

    [Fact]
    public void A_stage_has_the_key_that_a_run_of_its_pipeline_gives_it()
    {
        Recipe recipe = Recipe("DEPLQ", 1);
        StudyPlan plan = StudyPlan.Of([Cell(1)], [recipe.Pipeline], [1]);
        StageKey key = Cell(1).Root;
        foreach (Operator next in recipe.Pipeline.Operators)
        {
            key = key.Then(next);
        }

        Assert.Equal(key, plan.Stages[^1].Key);
    }

    [Theory]
    [InlineData("DEP", null, "DEP DPE EDP")]
    [InlineData("PE", null, "PE EP")]
    [InlineData("EDP", new[] { 1 }, "E D P")]
    [InlineData("DEP", new[] { 2 }, "DE DP ED EP PE")]
    [InlineData("DP(heads=2)", null, "DP(heads=2)")]
    public void A_set_gives_every_order_that_makes_sense(string set, int[]? sizes, string expected)
    {
        Assert.Equal(
            expected.Split(' ').Order(),
            PipelineSet.Of("", set, sizes, [""]).Select(p => $"{p}").Order()
        );
    }

    [Fact]
    public void Endings_and_beginnings_go_with_every_order()
    {
        Assert.Equal(
            ["O(pool=mean)DE", "O(pool=mean)DELQ", "O(pool=mean)ED", "O(pool=mean)EDLQ"],
            PipelineSet.Of("O(pool=mean)", "DE", null, ["", "LQ"]).Select(p => $"{p}")
        );
    }

    [Fact]
    public void A_set_without_an_order_that_makes_sense_is_refused_with_the_reason()
    {
        string why = Assert
            .Throws<ArgumentException>(() => PipelineSet.Of("L", "DE", null, [""]))
            .Message;
        Assert.Contains("D, E and P come before L and Q", why);
    }

    static void Check(Action<string[], StudyPlan> holds) =>
        Prop.ForAll(
                Choices.ToArbitrary(),
                pipelines =>
                    holds(
                        pipelines,
                        StudyPlan.Of(
                            [Cell(1), Cell(2)],
                            [.. pipelines.Select(Pipeline.Parse)],
                            [1, 8]
                        )
                    )
            )
            .QuickCheckThrowOnFailure();

    static Recipe Recipe(string pipeline, ulong seed) =>
        new(Pipeline.Parse(pipeline), Toy.Data, "nowhere", TrainingOptions.Fast, seed);

    static StudyCell Cell(ulong seed) => new(Recipe("O", seed), new StageKey($"{seed:x64}"));
}
