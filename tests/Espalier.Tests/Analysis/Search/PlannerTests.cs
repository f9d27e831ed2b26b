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

    [Fact]
    public void The_space_holds_every_legal_combination_once()
    {
        IReadOnlyList<string> pipelines = Space.Pipelines();
        // D or not, E or not, none or one of four P, Q or not.
        Assert.Equal(2 * 2 * 5 * 2, pipelines.Count);
        Assert.Equal(pipelines.Count, pipelines.Distinct().Count());
        Assert.Contains("DEP(ffn=0.3)Q", pipelines);
        Assert.Equal(pipelines.Count / 2 * (1 + 5), Space.Contenders().Count);
    }

    [Fact]
    public void Single_operators_predict_combinations_and_options_that_were_not_measured()
    {
        Measurement[] singles = Singles(new World(1, 0.002));
        Surface surface = new(singles, Space.Contenders());
        World truth = new(1, 0);
        Contender[] open =
        [
            .. Space.Contenders().Where(c => singles.All(m => m.Pipeline != c.Pipeline)),
        ];
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
                    new Surface(seen, Space.Contenders()).Predict([near])[0].Milliseconds!.Value
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
            decision = Planner.Decide(seen, Space.Contenders(), budget, new Rng(5));
            if (decision.Settled || rounds++ > 20)
            {
                break;
            }

            string next = decision.Next[0].Pipeline;
            Assert.DoesNotContain(seen, m => m.Pipeline == next);
            seen.AddRange(Space.ContendersOf([next]).Select(c => world.Measure(c, 1)));
        }

        Assert.True(decision.Settled, decision.Sentence);
        Assert.True(3 * decision.Trained <= decision.Pipelines, decision.Sentence);
        double best = Space
            .Contenders()
            .Select(c => world.Measure(c, 1))
            .Where(m => m.MillisecondsPerExample!.Value <= 3.2)
            .Max(m => m.Metrics[0].Value!.Value);
        Assert.InRange(decision.Answer.Best!.Quality.Value, best * (1 - decision.Margin), best);
        Assert.Equal(decision.Pipelines - decision.Trained, decision.NotTrained.Count);
        Assert.All(decision.NotTrained, r => Assert.Contains("predicted", r.Sentence));
    }

    [Fact]
    public void A_budget_that_nothing_can_meet_is_settled_without_training()
    {
        PlannerDecision decision = Planner.Decide(
            Singles(new World(1, 0.002)),
            Space.Contenders(),
            new Budget(MaxMilliseconds: 0.05, MinQuality: 0.79),
            new Rng(1)
        );
        Assert.True(decision.Settled, decision.Sentence);
        Assert.Null(decision.Answer.Best);
        Assert.NotNull(decision.Answer.Nearest);
        Assert.Empty(decision.Next);
    }

    [Fact]
    public void The_same_measurements_and_chance_give_the_same_decision()
    {
        Measurement[] singles = Singles(new World(1, 0.002));
        string[] sentences =
        [
            .. Enumerable
                .Range(0, 2)
                .Select(_ =>
                    Planner.Decide(singles, Space.Contenders(), new Budget(4), new Rng(2)).Sentence
                ),
        ];
        Assert.Equal(sentences[0], sentences[1]);
    }

    [Fact]
    public void Measurements_without_their_original_are_refused()
    {
        Assert.Contains(
            "original O was not measured with seed 2",
            Assert
                .Throws<ArgumentException>(() =>
                    new Surface([Records.Of("P", 0.8, 5, 2)], Space.Contenders())
                )
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
