using Espalier.Models;
using Espalier.Training;

namespace Espalier.Operators;

/// <summary>
/// P(minitron): Minitron (Muralidharan et al. 2024, arXiv 2407.14679). What is important is what is active: outputs of heads, of neurons,
/// of norms on some examples, without a gradient. Then the pruned model learns the unpruned one's answers alone. The defaults are the
/// shape of Llama-3.1-Minitron-4B-Width (Sreenivas et al. 2024, arXiv 2408.11796: channels 4096 to 3072, neurons 14336 to 9216, every head and layer).
/// </summary>
public sealed record Minitron : Pruning
{
    static readonly IReadOnlyList<Option> Its =
    [
        .. Known,
        Option.Number<Minitron>(
            "correction",
            "Epochs for which the teacher is fine-tuned on the data first (teacher correction).",
            0,
            1000,
            o => o.Correction,
            (o, value) => o with { Correction = (int)value }
        ),
    ];

    public Minitron()
        : base("minitron", "prune what is least active", Its)
    {
        Heads = Amount.Share(1);
        FeedForward = Amount.Share(0.64);
        Hidden = Amount.Share(0.75);
        Weights = new DistillationWeights(1, 0, 0, 1);
    }

    public int Correction { get; init; }

    public override IReadOnlyList<Operator> Variants(ModelConfig config) => [];

    public override Model Apply(Model model, OperatorContext context)
    {
        if (Correction > 0)
        {
            model = model with { Parameters = model.Parameters.Clone() };
            context.Train(
                model,
                pass => TaskLoss.Sum(pass, pass.Output.Logits),
                new Phase
                {
                    Name = "correction",
                    Options = context.Training with { Epochs = Correction },
                }
            );
        }

        return base.Apply(model, context);
    }

    protected override Worths Worth(Model model, OperatorContext context)
    {
        Activity active = Activity.Of(model, Tuning(model, context, 1), context);
        return new Worths(active.Heads, active.Neurons, active.Channels);
    }
}
