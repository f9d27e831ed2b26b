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

/// <summary>
/// E: a classifier behind every layer, so that easy examples need not go through all of them. Of a language model its one head is asked
/// behind some layers as well (Elhoushi et al. 2024, arXiv 2404.16710), each time behind a norm that is the exit's own and begins as the
/// last one (Chen et al. 2023, arXiv 2312.04916), and every token leaves by itself (Schuster et al. 2022, arXiv 2207.07061).
/// </summary>
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
        Option.Number<EarlyExit>(
            "every",
            "Of a language model: layers from one exit to the next; 0 is as many as cost what asking its head does.",
            0,
            1000,
            o => o.Every,
            (o, value) => o with { Every = (int)value }
        ) with
        {
            Later = true,
        },
    ];

    public ExitTraining Training { get; init; } = ExitTraining.Joint;
    public ExitPooling Pool { get; init; } = ExitPooling.Auto;
    public double Rate { get; init; } = 1;

    /// <summary>0: an exit that nobody takes costs no more than the layers up to the next.</summary>
    public int Every { get; init; }

    /// <summary>Of a language model each effort is a pass of its own, which a search does not plan for.</summary>
    public override IReadOnlyList<Operator> Variants(ModelConfig config) =>
        config.IsLanguage ? [] : [this];

    public override string? Problem(ModelConfig config) =>
        !config.IsLanguage
            ? Every == 0
                ? null
                : "E(every) says where a language model's head is asked, and an encoder has a classifier behind every layer; leave it out."
            : Pool != ExitPooling.Auto
                ? "E(pool) says what classifiers read, and a language model answers behind each token; leave it out."
                : Training == ExitTraining.TwoStage && config.FinalNorm is null
                    ? $"E(training=two-stage) trains the norms of the exits alone, and a {config.Family.ModelType} model has no norm in front of its head; train all together."
                    : Every >= config.Layers.Count
                        ? $"E(every={Every}) asks the head behind every {Every}th layer, and the model has {config.Layers.Count}; take fewer."
                        : null;

    public override Model Apply(Model model, OperatorContext context)
    {
        Model exits = model.Config.IsLanguage
            ? WithHeadExits(model)
            : WithExits(model, PoolingOf(model, context), context);
        bool joint = Training == ExitTraining.Joint;
        if (!joint && exits.Config.ExitCount == 1)
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

    Pooling PoolingOf(Model model, OperatorContext context) =>
        Pool switch
        {
            ExitPooling.First => Pooling.First,
            ExitPooling.Mean => Pooling.Mean,
            _ => model.Config.ExitPooling
                ?? (Liveliness.Smallest(model, context) < DeadShare ? Pooling.Mean : Pooling.First),
        };

    /// <summary>The head behind some layers, each with a norm of its own; those that are there already stay.</summary>
    Model WithHeadExits(Model model)
    {
        ModelConfig old = model.Config;
        int layers = old.Layers.Count,
            step = Every > 0 ? Every : LayersOfHead(old);
        ModelConfig config = old with
        {
            HeadExits =
            [
                .. Enumerable.Range(0, layers).Where(l => (l + 1) % step == 0 && l < layers - 1),
            ],
        };
        Parameters parameters = model.Parameters.Without("exits.");
        foreach (int layer in config.HeadExits.Where(_ => config.FinalNorm is not null))
        {
            Part own = Part.Exit(layer, Role.Norm),
                like = old.HeadExits.Contains(layer) ? own : Part.FinalNorm;
            parameters.Add(own.Weight, model.Parameters[like.Weight].Clone());
            if (model.Parameters.Has(like.Bias))
            {
                parameters.Add(own.Bias, model.Parameters[like.Bias].Clone());
            }
        }

        return model with
        {
            Config = config,
            Parameters = parameters.InOrder(config),
        };
    }

    /// <summary>Layers that cost as much as the head, and at most half of them.</summary>
    static int LayersOfHead(ModelConfig config)
    {
        double head = (double)config.Vocabulary * config.Hidden,
            layer = (config.MultiplyAdds(1) - head) / config.Layers.Count;
        return (int)Math.Clamp(Math.Round(head / layer), 1, Math.Max(1, config.Layers.Count / 2));
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
