using Espalier.Autograd;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Training;

namespace Espalier.Operators;

/// <summary>How the classifiers behind the layers are trained.</summary>
public enum ExitTraining
{
    /// <summary>All parameters at once by the sum of all cross-entropies (Xin et al. 2022).</summary>
    Joint,

    /// <summary>Only the new classifiers; the model and its last classifier stay frozen (DeeBERT, Xin et al. 2020).</summary>
    TwoStage,
}

/// <summary>What the classifiers behind early layers read.</summary>
public enum ExitPooling
{
    /// <summary>The first token, unless it hardly differs between inputs behind some layer; then the mean.</summary>
    Auto,
    First,
    Mean,
}

/// <summary>E: a classifier behind every layer, so that easy examples need not go through all of them.</summary>
public sealed record EarlyExit() : Operator('E', "classifiers", "early exits", Group.I, Known)
{
    // First tokens of MiniLM differ by 0.002 of their size behind layers 1 to 3, those of BERT by some tenths.
    const double DeadShare = 0.05;

    public override Effects Effects => Effects.Exits;

    static readonly IReadOnlyList<Option> Known =
    [
        Option.Choice<EarlyExit, ExitTraining>(
            "training",
            "All parameters together, or only the new classifiers.",
            o => o.Training,
            (o, value) => o with { Training = value }
        ),
        Option.Choice<EarlyExit, ExitPooling>(
            "pool",
            "What the new classifiers read; auto looks whether the first token carries anything.",
            o => o.Pool,
            (o, value) => o with { Pool = value }
        ),
        Option.Number<EarlyExit>(
            "rate",
            "Learning rate of the new classifiers, as a multiple of the model's.",
            0.01,
            1000,
            o => o.Rate,
            (o, value) => o with { Rate = value }
        ),
    ];

    public ExitTraining Training { get; init; } = ExitTraining.Joint;
    public ExitPooling Pool { get; init; } = ExitPooling.Auto;
    public double Rate { get; init; } = 1;

    public override string? Problem(ModelConfig config) =>
        config.IsLanguage
            ? "E puts a classifier behind every layer, and a language model has none: it scores the next token behind its last; leave E out."
            : null;

    public override Model Apply(Model model, OperatorContext context)
    {
        Pooling pooling = Pool switch
        {
            ExitPooling.First => Pooling.First,
            ExitPooling.Mean => Pooling.Mean,
            _ => model.Config.ExitPooling
                ?? (Liveliness.Smallest(model, context) < DeadShare ? Pooling.Mean : Pooling.First),
        };
        Model exits = WithExits(model, pooling, context);
        bool joint = Training == ExitTraining.Joint;
        if (!joint && exits.Config.Layers.Count == 1)
        {
            context.Note?.Invoke(
                "E: the model has one layer, so there is no earlier exit to train."
            );
            return exits;
        }

        context.Train(
            exits,
            pass => TaskLoss.Sum(pass, joint ? pass.Output.Logits : pass.Output.Logits.SkipLast(1)),
            new Phase
            {
                Frozen = joint ? null : name => !IsExit(name),
                Rate = name => IsExit(name) ? Rate : 1,
            }
        );
        return exits;
    }

    /// <summary>New classifiers behind all layers but the last; those that are there and read the same stay.</summary>
    static Model WithExits(Model model, Pooling pooling, OperatorContext context)
    {
        ModelConfig config = model.Config with { ExitPooling = pooling };
        Parameters parameters = model.Parameters.Without(
            model.Config.ExitPooling == pooling ? "" : "exits."
        );
        Drawing.Missing(parameters, config, context.Rng.Split("exits"));
        return model with { Config = config, Parameters = parameters.InOrder(config) };
    }

    static bool IsExit(string name) => name.StartsWith("exits.", StringComparison.Ordinal);
}
