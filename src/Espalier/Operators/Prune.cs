using Espalier.Autograd;
using Espalier.Models;
using Espalier.Training;

namespace Espalier.Operators;

/// <summary>
/// P: by first-order importance on the validation data (Xin et al. 2022: 8 of 12 heads and half the neurons), for encoders and
/// language models alike.
/// </summary>
public sealed record Prune() : Pruning("importance", "prune heads and neurons", Known)
{
    static readonly double[] SomeHeads = [0.34, 0.67, 1];
    static readonly double[] SomeNeurons = [0.25, 0.5, 0.75];

    /// <summary>Three shares of heads by three of neurons; those that are the same numbers of them count once.</summary>
    public override IReadOnlyList<Operator> Variants(ModelConfig config)
    {
        Block shape = config.Layers[0];
        return
        [
            .. SomeHeads
                .SelectMany(h =>
                    SomeNeurons.Select(n =>
                        this with
                        {
                            Heads = Amount.Share(h),
                            FeedForward = Amount.Share(n),
                        }
                    )
                )
                .Prepend(this)
                .DistinctBy(p => (Kept(p), p.FeedForward.Of(shape.Mlp.Width))),
        ];

        // Rounds of which each takes a head of every key, as many as there are; without sharing, heads.
        double Kept(Prune p)
        {
            AttentionSpec heads = shape.Attention;
            int round = heads.HeadsPerKey == 1 ? 1 : heads.KeyHeads;
            return Math.Max(
                1,
                Math.Round(p.Heads.Of(heads.Heads) / (double)round, MidpointRounding.AwayFromZero)
            );
        }
    }

    protected override Worths Worth(Model model, OperatorContext context)
    {
        Importance importance = Importance.Of(
            new Learner(
                model,
                new Tape(context.Workers, context.Kernels),
                frozen: name => !Importance.Reads(name)
            ),
            Tuning(model, context)
        );
        return new Worths(importance.Heads, importance.Neurons, importance.Channels);
    }
}
