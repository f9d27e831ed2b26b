using Espalier.Autograd;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Operators;
using Espalier.Operators.Sparse;
using Espalier.Tensors;
using Espalier.Tests.Models;
using Espalier.Training;

namespace Espalier.Tests.Operators.Sparse;

/// <summary>Which share of each layer goes: scores against a plain loop, shares against what is asked of them.</summary>
public sealed class EcoflapTests
{
    [Fact]
    public void Scores_are_those_of_a_plain_loop_with_a_model_made_anew_for_each_step()
    {
        using Workers workers = new(2);
        OperatorContext context = Toy.Context(workers);
        string[][] sets = Trial.Layers(Toy.Config);
        double[] scores = Ecoflap.Scores(Toy.Model, sets, context);
        EncodedSplit split = context.Task.Training;
        Rng rng = context.Rng.Split("allocation");
        int[] examples = [.. split.Shuffled(rng.Split("examples")).Take(32)];
        for (int set = 0; set < sets.Length; set++)
        {
            double sum = 0;
            for (int i = 0; i < examples.Length; i++)
            {
                Rng own = rng.Split((ulong)(set * 32 + i));
                sum += Math.Abs(Loss(1) - Loss(-1)) / (2 * Ecoflap.Step);

                double Loss(int sign)
                {
                    Model moved = Toy.Model with { Parameters = Toy.Model.Parameters.Clone() };
                    foreach (string name in sets[set])
                    {
                        Span<float> weights = moved.Parameters[name].Span;
                        for (int w = 0; w < weights.Length; w++)
                        {
                            weights[w] += sign * Ecoflap.Step * own.Split(name).Normal((ulong)w);
                        }
                    }

                    Tape tape = new(workers, KernelFamily.Best);
                    tape.Begin();
                    Pass pass = new Learner(moved, tape).Forward(split.Take([examples[i]]));
                    return TaskLoss.Of(pass, pass.Output.LastLogits).Value.Span[0];
                }
            }

            Assert.Equal(sum, scores[set], 1e-3 * sum);
        }
    }

    [Theory]
    [InlineData(
        new double[] { 1, 1, 1 },
        new long[] { 100, 100, 100 },
        0.5,
        new double[] { 50, 50, 50 }
    )]
    // 40 each, and 30 by 1 : 2 : 0.
    [InlineData(
        new double[] { 1, 2, 0 },
        new long[] { 100, 100, 100 },
        0.5,
        new double[] { 50, 60, 40 }
    )]
    // 80 each, and 30 by scores, of which the first takes no more than it has.
    [InlineData(
        new double[] { 28, 1, 1 },
        new long[] { 100, 100, 100 },
        0.9,
        new double[] { 100, 85, 85 }
    )]
    [InlineData(new double[] { 0, 0 }, new long[] { 100, 300 }, 0.5, new double[] { 50, 150 })]
    [InlineData(
        new double[] { 5, 1 },
        new long[] { 1000, 10 },
        0.05,
        new double[] { 42.083, 8.417 }
    )]
    public void What_is_kept_is_the_least_of_each_and_the_rest_by_scores(
        double[] scores,
        long[] sizes,
        double share,
        double[] expected
    )
    {
        double[] kept = Ecoflap.Kept(scores, sizes, share);
        Assert.All(expected.Zip(kept), p => Assert.Equal(p.First, p.Second, 0.01));
        Assert.Equal(share * sizes.Sum(), kept.Sum(), 0.5);
    }
}
