using Espalier.Analysis.Choosing;
using Espalier.Operators;
using Espalier.Planning;
using Espalier.Planning.Judging;
using Espalier.Tensors;

namespace Espalier.Tests.Planning.Judging;

/// <summary>Simulated studies whose sittings and trainings differ as the shipped ones' do.</summary>
public sealed class HeldOutJudgeTests
{
    static readonly PlanSpace Space = PlanSpace.Of(
        new FineTune(),
        PlanSpaceTests.SixLayers,
        PlanSpace.Efforts(regression: false),
        fixedOptions: true,
        orders: false
    );

    [Fact]
    public void Intervals_of_time_cover_what_other_seeds_give()
    {
        Judgement judgement = Judge(1, new Budget(1));
        foreach (Calibration said in judgement.Calibrations.Where(c => c.What.Contains("time")))
        {
            bool own = said.What.Contains("as measured");
            Assert.True(own || said.Held >= 0.9, $"{said}");
        }

        // The interval of a timing alone knows nothing of other sittings: that is why it is widened.
        Calibration bare = judgement.Calibrations.Single(c =>
            c.What == "answer of one seed: interval of its time as measured"
        );
        Assert.True(bare.Held < 0.6, $"{bare}");
    }

    [Fact]
    public void A_budget_that_is_said_to_be_surely_kept_is_kept()
    {
        Calibration sure = Judge(2, new Budget(6))
            .Calibrations.Single(c =>
                c.What == "answer of one seed: the budget is kept, said to be sure (90 % or more)"
            );
        Assert.True(sure.Cases > 0 && sure.Held >= 0.85, $"{sure}");
    }

    [Fact]
    public void The_planner_comes_nearer_than_chance_with_as_many_trials()
    {
        Judgement judgement = Judge(3, new Budget(2));
        WayOfPlanning plan = Way("plan, the default"),
            one = Way("plan, one seed"),
            random = Way("random, one seed");
        Assert.Equal(4, plan.Cases);
        Assert.Equal(one.Trials, random.Trials);
        Assert.True(
            plan.MeanShort < random.MeanShort || random.Broken > plan.Broken,
            $"{plan} against {random}"
        );
        Assert.All(judgement.Verdicts, v => Assert.Empty(v.Planned.Intersect(v.Held)));

        WayOfPlanning Way(string name) => judgement.Ways.Single(w => w.Name == name);
    }

    [Fact]
    public void One_seed_alone_judges_nothing()
    {
        RecordedTrials trials = new("x", new MadeUpStudy(1).Of(Space, 1));
        Assert.Contains(
            "two at least are needed",
            Assert
                .Throws<InvalidDataException>(() => new HeldOutJudge(trials, new Rng(1)).Judge([]))
                .Message
        );
    }

    static Judgement Judge(ulong world, params IReadOnlyList<Budget> budgets) =>
        new HeldOutJudge(
            new RecordedTrials(
                "made up",
                new MadeUpStudy(world, noise: 0.006, sitting: 0.08, timing: 0.03).Of(
                    Space,
                    1,
                    2,
                    3,
                    4
                )
            ),
            new Rng(1)
        ).Judge(budgets);
}
