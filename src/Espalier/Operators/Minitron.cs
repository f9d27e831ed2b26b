using Espalier.Models;
using Espalier.Training;

namespace Espalier.Operators;

/// <summary>
/// P(minitron): Minitron (Muralidharan et al. 2024, arXiv 2407.14679). What is important is what is active: outputs of heads, of neurons,
/// of norms on some examples, without a gradient. Then the pruned model learns the unpruned one's answers alone, in steps where over half
/// goes. The defaults are the shape of Llama-3.1-Minitron-4B-Width (Sreenivas et al. 2024, arXiv 2408.11796: channels 4096 to 3072, neurons
/// 14336 to 9216, every head and layer); with a budget a <see cref="ShapeSearch"/> chooses the shape.
/// </summary>
public sealed record Minitron : Pruning
{
    static readonly IReadOnlyList<Option> Its =
    [
        // In steps by itself: a stage that was made before it was so has another key.
        .. Known.Select(o => o.Name == Stepping ? o with { Later = false } : o),
        Option.Number<Minitron>(
            "correction",
            "Epochs for which the teacher is fine-tuned on the data first (teacher correction).",
            0,
            1000,
            o => o.Correction,
            (o, value) => o with { Correction = (int)value }
        ),
        Budget(
            "parameters",
            "parameters",
            o => o.Parameters,
            (o, share) => o with { Parameters = share }
        ),
        Budget(
            "memory",
            "bytes of the weights in fp32 and of the keys and values of a window",
            o => o.Memory,
            (o, share) => o with { Memory = share }
        ),
        Budget(
            "time",
            "multiply-adds of a window, which do not depend on a clock,",
            o => o.Time,
            (o, share) => o with { Time = share }
        ),
    ];

    static Option Budget(
        string name,
        string of,
        Func<Minitron, double> get,
        Func<Minitron, double, Minitron> with
    ) =>
        Option.Number<Minitron>(
            name,
            $"Share of the {of} that may stay; below 1 a search chooses heads, neurons, channels and layers.",
            0.01,
            1,
            get,
            with
        ) with
        {
            Later = true,
        };

    public Minitron()
        : base("minitron", "prune what is least active", Its)
    {
        Heads = Amount.Share(1);
        FeedForward = Amount.Share(0.64);
        Hidden = Amount.Share(0.75);
        Weights = new DistillationWeights(1, 0, 0, 1);
        Steps = null;
    }

    public int Correction { get; init; }

    /// <summary>Share that may stay; 1: no bound.</summary>
    public double Parameters { get; init; } = 1;

    /// <inheritdoc cref="Parameters"/>
    public double Memory { get; init; } = 1;

    /// <inheritdoc cref="Parameters"/>
    public double Time { get; init; } = 1;

    public bool Searches => this is not { Parameters: 1, Memory: 1, Time: 1 };

    public override double Keeps =>
        Searches ? Math.Min(Parameters, Math.Min(Memory, Time)) : base.Keeps;

    public override Effects Effects => Searches ? Effects.FewerLayers : base.Effects;

    public override string? Problem(ModelConfig config)
    {
        Minitron usual = (Minitron)Plain;
        return
            Searches
            && (Heads, FeedForward, Hidden, Layers)
                != (usual.Heads, usual.FeedForward, usual.Hidden, usual.Layers)
            ? $"{this}: a budget chooses heads, ffn, hidden and layers by itself; leave them out."
            : base.Problem(config);
    }

    public override IReadOnlyList<Operator> Variants(ModelConfig config) => [];

    protected override (Model Teacher, Pruning Shape) Begin(Model model, OperatorContext context)
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

        return (
            model,
            Searches
                ? new ShapeSearch(
                    this,
                    model,
                    Worth(model, context),
                    DepthOf(model, context),
                    Tuning(model, context),
                    context
                ).Best()
                : this
        );
    }

    protected override Worths Worth(Model model, OperatorContext context)
    {
        Activity active = Activity.Of(model, Tuning(model, context, 1), context);
        return new Worths(active.Heads, active.Neurons, active.Channels);
    }
}
