using Espalier.Autograd;
using Espalier.Models;
using Espalier.Training;

namespace Espalier.Operators;

/// <summary>What the classifier behind the last layer reads.</summary>
public enum HeadPooling
{
    /// <summary>What it read before; the first token in a plain checkpoint.</summary>
    Keep,
    First,
    Mean,
}

/// <summary>O: trains all parameters on the task: cross-entropy, or mean squares for regression. The result is the baseline: fp32 and
/// padded, whatever the checkpoint was.</summary>
public sealed record FineTune : Operator
{
    public override char Letter => 'O';
    public override string Title => "fine-tune the original";
    public override Group Group => Group.Start;
    public override IReadOnlyList<Option> Options => Known;

    static readonly IReadOnlyList<Option> Known =
    [
        Option.Choice<FineTune, HeadPooling>(
            "pool",
            "What the classifier reads: as the model says (the first token in a plain checkpoint), the first token, or the mean over tokens.",
            o => o.Pool,
            (o, value) => o with { Pool = value }
        ),
    ];

    public HeadPooling Pool { get; init; } = HeadPooling.Keep;

    public override Model Apply(Model model, OperatorContext context)
    {
        Pooling pooling = Pool switch
        {
            HeadPooling.First => Pooling.First,
            HeadPooling.Mean => Pooling.Mean,
            _ => model.Config.Pooling,
        };
        Model tuned = model with
        {
            Config = model.Config with { Pooling = pooling },
            Parameters = model.Parameters.Clone(),
            Traits = new Traits(),
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
