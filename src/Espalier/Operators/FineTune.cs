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

/// <summary>O: trains all parameters on the task: cross-entropy, or mean squares for regression. The result is the baseline: fp32 and
/// padded, whatever the checkpoint was.</summary>
public sealed record FineTune : Operator
{
    public override char Letter => 'O';
    public override string Method => "fine-tuned";
    public override string Title => "fine-tune the original";
    public override Group Group => Group.Start;
    public override bool IsOriginal => true;
    public override bool Trains => true;
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

    public override IReadOnlyList<OrderRule> Rules => [First];

    public override IReadOnlyList<Operator> Variants(ModelConfig config) => [];

    internal static OrderRule First { get; } =
        new(
            "O, the original, comes first, written or not, and once.",
            (_, before) => before.Count == 0 ? null : "O is fine-tuning and comes first, once."
        );

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
