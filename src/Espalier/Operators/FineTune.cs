using Espalier.Autograd;
using Espalier.Models;

namespace Espalier.Operators;

/// <summary>What the classifier behind the last layer reads.</summary>
public enum HeadPooling
{
    /// <summary>What it read before; the first token in a plain checkpoint.</summary>
    Keep,
    First,
    Mean,
}

/// <summary>O: trains all parameters on the task: cross-entropy (of a language model that of the next token), or mean squares for regression. The result is the baseline: fp32 and
/// padded, whatever the checkpoint was.</summary>
public sealed record FineTune()
    : Operator('O', "fine-tuned", "fine-tune the original", Group.Start, Known)
{
    public override bool IsOriginal => true;
    public override bool Trains => true;

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

    public override string? Problem(ModelConfig config) =>
        config.IsLanguage && Pool != HeadPooling.Keep
            ? $"{this}: a language model has no classifier that could read something else; leave pool out."
            : null;

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
        context.Train(tuned, pass => TaskLoss.Sum(pass, pass.Output.Logits));
        return tuned;
    }
}
