using Espalier.Analysis.Choosing;
using Espalier.Analysis.Search;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Operators;
using Espalier.Tensors;

namespace Espalier.Tests.Analysis.Search;

public sealed class PlannerTests
{
    static readonly SearchSpace Space = new(
        [
            new Distill(),
            new EarlyExit(),
            .. ((double[])[0.3, 0.5, 0.7, 0.9]).Select(s => new Prune
            {
                FeedForward = Amount.Share(s),
            }),
            new Quantize(),
        ],
        [
            .. (
                (string[])["confidence:0.5", "confidence:0.7", "confidence:0.9", "confidence:0.99"]
            ).Select(Effort.Parse),
        ]
    );

    static readonly IReadOnlyList<Contender> All = Space.ContendersOf(Space.Pipelines());

    [Fact]
    public void The_space_holds_every_legal_combination_once()
    {
        IReadOnlyList<string> pipelines = Space.Pipelines();
        // D or not, E or not, none or one of four P, Q or not.
        Assert.Equal(2 * 2 * 5 * 2, pipelines.Count);
        Assert.Equal(pipelines.Count, pipelines.Distinct().Count());
        Assert.Contains("DEP(ffn=0.3)Q", pipelines);
        Assert.Equal(pipelines.Count / 2 * (1 + 5), All.Count);
    }

    [Fact]
    public void Single_operators_predict_combinations_and_options_that_were_not_measured()
    {
        Measurement[] singles = Singles(new World(1, 0.002));
        Surface surface = new(singles, All);
        World truth = new(1, 0);
        Contender[] open = [.. All.Where(c => singles.All(m => m.Pipeline != c.Pipeline))];
        IReadOnlyList<Alternative> predicted = surface.Predict(open);
        int covered = 0;
        foreach (var (contender, alternative) in open.Zip(predicted))
        {
            Measurement m = truth.Measure(contender, 1);
            Assert.InRange(
                alternative.Milliseconds!.Value / m.MillisecondsPerExample!.Value,
                0.8,
                1.25
            );
            Assert.Equal(Origin.Predicted, alternative.Quality.Origin);
            double quality = m.Metrics[0].Value!.Value;
            covered +=
                alternative.Quality.Low <= quality && quality <= alternative.Quality.High ? 1 : 0;
        }

        Assert.True(covered >= 0.9 * open.Length, $"{covered} of {open.Length} are covered");
    }

    [Fact]
    public void A_measured_combination_corrects_the_similar_ones()
    {
        World bent = new(1, 0.001, joint: 0.8);
        Measurement[] singles = Singles(bent);
        Contender near = new("P(ffn=0.7)Q", Effort.Full);
        Measurement[] more = [.. singles, bent.Measure(new Contender("PQ", Effort.Full), 1)];
        double before = Error(singles),
            after = Error(more);
        Assert.True(after < before / 2, $"{before} before, {after} after");

        double Error(Measurement[] seen) =>
            Math.Abs(
                Math.Log(
                    new Surface(seen, All).Predict([near])[0].Milliseconds!.Value
                        / bent.Measure(near, 1).MillisecondsPerExample!.Value
                )
            );
    }

    [Fact]
    public void The_planner_settles_on_the_best_or_its_equal_after_a_third_of_the_pipelines()
    {
        World world = new(3, 0.002, joint: 0.9);
        Budget budget = new(MaxMilliseconds: 3.2);
        List<Measurement> seen = [.. Singles(world)];
        PlannerDecision decision;
        int rounds = 0;
        while (true)
        {
            decision = Planner.Decide(seen, All, budget, new Rng(5));
            if (decision.Settled || rounds++ > 20)
            {
                break;
            }

            string next = decision.Next[0].Pipeline;
            Assert.DoesNotContain(seen, m => m.Pipeline == next);
            seen.AddRange(Space.ContendersOf([next]).Select(c => world.Measure(c, 1)));
        }

        string[] trained = [.. seen.Select(m => m.Pipeline).Distinct()];
        int pipelines = Space.Pipelines().Count;
        Assert.True(decision.Settled, string.Join(" ", trained));
        Assert.True(3 * trained.Length <= pipelines, string.Join(" ", trained));
        double best = All.Select(c => world.Measure(c, 1))
            .Where(m => m.MillisecondsPerExample!.Value <= 3.2)
            .Max(m => m.Metrics[0].Value!.Value);
        Assert.InRange(decision.Answer.Best!.Quality.Value, best * (1 - decision.Margin), best);
        Assert.Equal(pipelines - trained.Length, decision.NotTrained.Count);
        Assert.All(decision.NotTrained, r => Assert.Contains("predicted", r.Sentence));
    }

    [Fact]
    public void A_budget_that_nothing_can_meet_is_settled_without_training()
    {
        PlannerDecision decision = Planner.Decide(
            Singles(new World(1, 0.002)),
            All,
            new Budget(MaxMilliseconds: 0.05, MinQuality: 0.79),
            new Rng(1)
        );
        Assert.True(decision.Settled, $"{decision.ProbabilityBeaten}");
        Assert.Null(decision.Answer.Best);
        Assert.NotNull(decision.Answer.Nearest);
        Assert.Empty(decision.Next);
    }

    [Fact]
    public void The_same_measurements_and_chance_give_the_same_decision()
    {
        Measurement[] singles = Singles(new World(1, 0.002));
        string[] decisions =
        [
            .. Enumerable
                .Range(0, 2)
                .Select(_ => Planner.Decide(singles, All, new Budget(4), new Rng(2)))
                .Select(d => $"{d.ProbabilityBeaten} {d.ExpectedLoss} {string.Join(" ", d.Next)}"),
        ];
        Assert.Equal(decisions[0], decisions[1]);
    }

    [Fact]
    public void One_training_seen_through_L_and_Q_as_well_counts_once()
    {
        Measurement[] alone = [.. "ODEPLQ".Select(o => Unlucky($"{o}"))],
            copies = [.. alone, Unlucky("EL"), Unlucky("EQ"), Unlucky("ELQ")];
        Contender asked = new("EP", Effort.Full);
        double before = Width(alone),
            after = Width(copies);
        Assert.True(after > 0.9 * before, $"{before} before, {after} with copies");

        double Width(Measurement[] seen)
        {
            Estimate quality = new Surface(seen, [asked, .. seen.Select(Of)])
                .Predict([asked])[0]
                .Quality;
            return Math.Log(quality.High!.Value / quality.Low!.Value);
        }

        static Contender Of(Measurement m) => new(m.Pipeline, m.Effort);
        static Measurement Unlucky(string pipeline) =>
            Records.Of(
                pipeline,
                pipeline.Contains('E') ? 0.87
                    : pipeline.Contains('D') ? 0.88
                    : 0.9,
                5
            );
    }

    [Fact]
    public void One_order_says_only_in_part_what_the_other_gives()
    {
        Measurement[] seen =
        [
            .. "ODEPLQ".Select(o => Records.Of($"{o}", 0.9, 5)),
            Records.Of("ED", 0.85, 5),
        ];
        Contender same = new("EDQ", Effort.Full),
            other = new("DEQ", Effort.Full);
        IReadOnlyList<Alternative> predicted = new Surface(
            seen,
            [same, other, .. seen.Select(m => new Contender(m.Pipeline, m.Effort))]
        ).Predict([same, other]);
        Estimate like = predicted[0].Quality,
            unlike = predicted[1].Quality;
        Assert.InRange(like.Value, 0.85, 0.88);
        Assert.InRange(unlike.Value, like.Value + 0.003, 0.9);
        Assert.True(
            unlike.High - unlike.Low > 1.03 * (like.High - like.Low),
            $"{like} in the same order, {unlike} in the other"
        );
    }

    [Fact]
    public void Where_a_curve_of_exits_falls_steeply_every_point_of_it_is_believed()
    {
        (string Effort, double Quality)[] curve =
        [
            ("confidence:0.5", 0.798),
            ("confidence:0.6", 0.878),
            ("confidence:0.7", 0.907),
            ("confidence:0.8", 0.919),
            ("confidence:0.9", 0.922),
            ("full", 0.926),
        ];
        double[] luck = [-0.004, 0.001, 0.003];
        List<Measurement> seen = [];
        for (int seed = 0; seed < luck.Length; seed++)
        {
            ulong name = (ulong)seed + 1;
            seen.Add(Records.Of("O", 0.93, 14, name));
            seen.Add(Records.Of("Q", 0.93, 4, name));
            seen.AddRange(
                curve.Select(c => Records.Of("E", c.Quality + luck[seed], 5, name, c.Effort))
            );
        }

        Contender[] asked = [.. curve.Select(c => new Contender("EQ", Effort.Parse(c.Effort)))];
        Surface surface = new(
            seen,
            [.. asked, .. seen.Select(m => new Contender(m.Pipeline, m.Effort))]
        );
        foreach (var (point, predicted) in curve.Zip(surface.Predict(asked)))
        {
            Assert.Equal(point.Quality, predicted.Quality.Value, 0.015);
        }

        Alternative original = Alternatives.Of([.. seen.Where(m => m.Pipeline == "O")])[0];
        Assert.InRange(surface.Luck(Preference.Quality, original), 0.001, 0.008);
    }

    [Fact]
    public void Measurements_without_their_original_are_refused()
    {
        Assert.Contains(
            "original O was not measured with seed 2",
            Assert
                .Throws<ArgumentException>(() => new Surface([Records.Of("P", 0.8, 5, 2)], All))
                .Message
        );
    }

    static Measurement[] Singles(World world) =>
        [
            .. Space
                .ContendersOf(["O", "D", "E", "P(ffn=0.3)", "P(ffn=0.9)", "P", "Q"])
                .Select(c => world.Measure(c, 1)),
        ];

    /// <summary>Effects of operators on quality and time, with a bend of P and Q in time and noise for each run.</summary>
    sealed class World(ulong key, double noise, double joint = 1)
    {
        public Measurement Measure(Contender contender, ulong seed)
        {
            double time = 10,
                quality = 0.85,
                student = 1,
                exit = 1;
            bool pruned = false;
            foreach (Operator o in Pipeline.Parse(contender.Pipeline).Operators)
            {
                switch (o)
                {
                    case Distill:
                        student = 0.5;
                        quality *= 0.94;
                        break;
                    case EarlyExit:
                        double threshold =
                            contender.Effort == Effort.Full ? 1 : contender.Effort.Threshold;
                        exit = 0.1 + 0.9 * Math.Pow(2 * threshold - 1, 2);
                        quality *= 1 - 0.1 * (1 - threshold);
                        break;
                    case Prune p:
                        time *= 0.4 + 0.6 * p.FeedForward.Value;
                        quality *= 1 - 0.06 * Math.Pow(1 - p.FeedForward.Value, 2);
                        pruned = true;
                        break;
                    case Quantize:
                        time *= 0.6 * (pruned ? joint : 1);
                        quality *= 0.995;
                        break;
                }
            }

            time *= contender.Pipeline.Contains('E') ? 0.1 + (exit - 0.1) * student : student;
            Rng rng = new Rng(key).Split($"{contender.Pipeline} {seed}");
            return Records.Of(
                contender.Pipeline,
                quality * Math.Exp(noise * rng.Normal(0)),
                time * Math.Exp(noise * rng.Normal(1)),
                seed,
                $"{contender.Effort}"
            );
        }
    }
}
