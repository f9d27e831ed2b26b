using Espalier.Autograd;
using Espalier.Models;
using Espalier.Training;

namespace Espalier.Operators;

/// <summary>O: trains all parameters on the task: cross-entropy, or mean squares for regression.</summary>
public sealed record FineTune : Operator
{
    public override char Letter => 'O';
    public override string Title => "fine-tune the original";
    public override Group Group => Group.Start;
    public override IReadOnlyList<Option> Options => Known;

    static readonly IReadOnlyList<Option> Known =
    [
        Option.Choice<FineTune, Pooling>(
            "pool",
            "What the classifier reads: the first token or the mean over tokens.",
            o => o.Pool,
            (o, value) => o with { Pool = value }
        ),
    ];

    public Pooling Pool { get; init; } = Pooling.First;

    public override Model Apply(Model model, OperatorContext context)
    {
        Model tuned = model with
        {
            Config = model.Config with { Pooling = Pool },
            Parameters = model.Parameters.Clone(),
        };
        Tape tape = new(context.Workers, context.Kernels);
        EncoderGraph graph = new(tuned);
        AdamW optimizer = new(graph, context.Workers, context.Kernels, context.Training);
        new Trainer(graph, tape, optimizer, context.Run()).Train(
            context.Task.Training,
            batch =>
            {
                GraphOutput output = graph.Forward(tape, batch, allExits: true);
                return tape.WeightedSum([
                    .. output.Logits.Select(logits =>
                        (TaskLoss.Of(tape, logits, batch, tuned.Config), 1f)
                    ),
                ]);
            }
        );
        return tuned;
    }
}
