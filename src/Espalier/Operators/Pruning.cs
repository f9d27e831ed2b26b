using System.Globalization;
using Espalier.Data;
using Espalier.Models;
using Espalier.Tensors;
using Espalier.Training;

namespace Espalier.Operators;

/// <summary>Within which bounds the best heads and neurons are chosen.</summary>
public enum PruneScope
{
    /// <summary>Every layer keeps the same number.</summary>
    Layer,

    /// <summary>The best of the whole model stay, at least one in each layer; layers become uneven.</summary>
    Model,
}

/// <summary>What says which layers go.</summary>
public enum DepthScore
{
    /// <summary>Block Influence (Men et al. 2024, arXiv 2403.03853): 1 − the mean cosine of what enters a layer and what leaves it.</summary>
    Influence,

    /// <summary>The loss of the model without the layer.</summary>
    Loss,
}

/// <summary>How much each head, neuron and channel is worth; more is worth more.</summary>
/// <param name="Heads">Of queries, for each layer.</param>
/// <param name="Neurons">For each layer.</param>
/// <param name="Channels">Of the stream between the layers.</param>
public sealed record Worths(
    IReadOnlyList<double[]> Heads,
    IReadOnlyList<double[]> Neurons,
    double[] Channels
);

/// <summary>
/// P: takes the least important heads, feed-forward neurons, channels and layers out of the matrices, then distils from the unpruned
/// model. A method says what is important.
/// </summary>
/// <remarks>
/// Where several heads of queries share one of keys, equally many of each are taken: every head of keys stays, and none is left with
/// queries of its own to be padded for. That is how Minitron prunes (its ModelOpt), and steps are fine where few keys are shared by many.
/// </remarks>
public abstract record Pruning(string Method, string Title, IReadOnlyList<Option> Options)
    : Operator('P', Method, Title, Group.I, Options)
{
    const int AtOnce = 16;
    const int TextExamples = 256;

    public override double Keeps => Heads.Value * FeedForward.Value * Hidden.Value * Layers.Value;

    public override bool Trains => !Weights.AreZero;

    public override Effects Effects =>
        Layers == Amount.Share(1) ? Effects.None : Effects.FewerLayers;

    /// <summary>Of every method.</summary>
    protected static readonly IReadOnlyList<Option> Known =
    [
        Option.Amount<Pruning>(
            "heads",
            "Attention heads that stay; where some share keys, equally many of each key.",
            8,
            o => o.Heads,
            (o, a) => o with { Heads = a }
        ),
        Option.Amount<Pruning>(
            "ffn",
            "Feed-forward neurons that stay.",
            8,
            o => o.FeedForward,
            (o, a) => o with { FeedForward = a }
        ),
        Option.Choice<Pruning, PruneScope>(
            "scope",
            "Choose within each layer, or over the whole model.",
            o => o.Scope,
            (o, value) => o with { Scope = value }
        ),
        .. Distillation.Options<Pruning>(o => o.Weights, (o, w) => o with { Weights = w }),
        Option.Amount<Pruning>(
            "hidden",
            "Channels that stay: columns of what goes from layer to layer.",
            384,
            o => o.Hidden,
            (o, a) => o with { Hidden = a }
        ) with
        {
            Later = true,
        },
        Option.Amount<Pruning>(
            "layers",
            "Layers that stay.",
            6,
            o => o.Layers,
            (o, a) => o with { Layers = a }
        ) with
        {
            Later = true,
        },
        Option.Choice<Pruning, DepthScore>(
            "depth",
            "What says which layers go: how little a layer changes what goes through it, or the loss without it.",
            o => o.Depth,
            (o, value) => o with { Depth = value }
        ) with
        {
            Later = true,
        },
        Option.Text<Pruning>(
            "examples",
            "Examples that importance is taken from, spread over the tuning split; auto is all of a labelled task, and 256 of a text.",
            "auto or a count",
            o => o.Examples?.ToString(CultureInfo.InvariantCulture) ?? "auto",
            (o, text) =>
                text == "auto" ? o with { Examples = null }
                : Numeral.TryWhole(text, out int count) && count > 0 ? o with { Examples = count }
                : null
        ) with
        {
            Later = true,
        },
        Option.Number<Pruning>(
            "steps",
            "Steps of pruning and learning, each of which leaves the same share; for Minitron two or more where over half goes.",
            1,
            16,
            o => o.Steps,
            (o, value) => o with { Steps = (int)value }
        ) with
        {
            Later = true,
        },
    ];

    public Amount Heads { get; init; } = Amount.Share(0.67);
    public Amount FeedForward { get; init; } = Amount.Share(0.5);
    public PruneScope Scope { get; init; } = PruneScope.Layer;
    public DistillationWeights Weights { get; init; } = new(1, 1, 1, 1);
    public Amount Hidden { get; init; } = Amount.Share(1);
    public Amount Layers { get; init; } = Amount.Share(1);
    public DepthScore Depth { get; init; } = DepthScore.Influence;

    /// <summary>Null: all of a labelled task, 256 of a text.</summary>
    public int? Examples { get; init; }
    public int Steps { get; init; } = 1;

    public override Model Apply(Model model, OperatorContext context)
    {
        Pruning step = Steps == 1 ? this : Step(model.Config);
        Model pruned = model;

        // Where what is left lies in the unpruned model, which teaches in every step.
        int[] layers = [.. Kept.All(model.Config).Layers],
            channels = Kept.All(model.Config).Channels;
        for (int i = 0; i < Steps; i++)
        {
            Kept kept = step.Choose(pruned, context);
            pruned = kept.Of(Refit(pruned, kept, context));
            layers = [.. kept.Layers.Select(l => layers[l])];
            channels = [.. kept.Channels.Select(c => channels[c])];
            int last = layers.Length - 1;
            int[] of = layers;
            Distillation.Train(
                pruned,
                model,
                Weights,
                exit =>
                    exit == last || !model.Config.HasExits ? model.Config.ExitCount - 1 : of[exit],
                context,
                new Phase { Name = i == 0 ? "" : $"step {i + 1}" },
                channels.Length < model.Config.Hidden ? channels : null
            );
        }

        return pruned;
    }

    /// <summary>One of the steps, each of which leaves the same share of what it finds.</summary>
    Pruning Step(ModelConfig config)
    {
        Block block = config.Layers[0];
        return this with
        {
            Heads = Part(Heads, block.Attention.Heads),
            FeedForward = Part(FeedForward, block.Mlp.Width),
            Hidden = Part(Hidden, config.Hidden),
            Layers = Part(Layers, config.Layers.Count),
        };

        Amount Part(Amount amount, int all) =>
            Amount.Share(Math.Pow(amount.Of(all) / (double)all, 1.0 / Steps));
    }

    /// <summary>What the model is to keep, before anything is trained.</summary>
    internal Kept Choose(Model model, OperatorContext context)
    {
        ModelConfig config = model.Config;
        Kept all = Kept.All(config);
        int layers = Layers.Of(config.Layers.Count),
            channels = Hidden.Of(config.Hidden);
        Worths worths = Worth(model, context);
        return new Kept(
            layers == config.Layers.Count ? all.Layers : Top(DepthOf(model, context), layers),
            KeptHeads(config, worths.Heads),
            KeptNeurons(config, worths.Neurons),
            channels == config.Hidden ? all.Channels : Top(worths.Channels, channels)
        );
    }

    protected abstract Worths Worth(Model model, OperatorContext context);

    /// <summary>The whole model with other weights where what stays is to make up for what goes.</summary>
    protected virtual Model Refit(Model model, Kept kept, OperatorContext context) => model;

    double[] DepthOf(Model model, OperatorContext context) =>
        Depth == DepthScore.Influence
            ? Activity.Of(model, Tuning(model, context, 1), context).Influence
            : LeftOut.Losses(model, Tuning(model, context), context);

    /// <summary>What importance is taken from.</summary>
    /// <param name="atOnce">Examples of a batch; null: 16, and of a language model each text by itself, as scores of more would not fit.</param>
    protected IReadOnlyList<Batch> Tuning(Model model, OperatorContext context, int? atOnce = null)
    {
        EncodedSplit split = context.Task.Tuning;
        bool texts = model.Config.IsLanguage;
        int size = atOnce ?? (texts ? 1 : AtOnce),
            count = Math.Min(split.Count, Examples ?? (texts ? TextExamples : split.Count));
        return count == split.Count
            ? split.Batches(size)
            :
            [
                .. Enumerable
                    .Range(0, count)
                    .Select(i => (int)((long)i * split.Count / count))
                    .Chunk(size)
                    .Select(chunk => split.Take(chunk)),
            ];
    }

    /// <summary>
    /// Heads are chosen one by one, or where some share keys in rounds: the best of each key together, then the second best, so that
    /// a round is never worth more than the one before it.
    /// </summary>
    IReadOnlyList<int[]> KeptHeads(ModelConfig config, IReadOnlyList<double[]> scores)
    {
        double[][] sets = OfSets(config, scores);
        int[][][] rounds = [.. sets.Select((set, i) => Rounds(set, SharedOf(config, i)))];
        int[][] kept = Best(
            [.. sets.Select((set, i) => rounds[i].Select(r => r.Average(h => set[h])).ToArray())],
            i => Heads.Of(sets[i].Length) / (double)rounds[i][0].Length
        );
        return Each(
            config,
            [.. kept.Select((set, i) => set.SelectMany(r => rounds[i][r]).Order().ToArray())]
        );
    }

    IReadOnlyList<int[]> KeptNeurons(ModelConfig config, IReadOnlyList<double[]> scores)
    {
        double[][] sets = OfSets(config, scores);
        return Each(config, Best(sets, i => FeedForward.Of(sets[i].Length)));
    }

    static int SharedOf(ModelConfig config, int set) =>
        config.Layers.Where((_, layer) => config.SetOf(layer) == set).First().Attention.HeadsPerKey;

    static int[][] Rounds(double[] scores, int shared)
    {
        if (shared == 1)
        {
            return [.. scores.Select((_, head) => new[] { head })];
        }

        int[][] keys =
        [
            .. Enumerable
                .Range(0, scores.Length)
                .Chunk(shared)
                .Select(key => key.OrderByDescending(h => scores[h]).ToArray()),
        ];
        return [.. Enumerable.Range(0, shared).Select(r => keys.Select(key => key[r]).ToArray())];
    }

    /// <summary>Layers that share their weights are pruned alike, by the sum of their scores; each set by the norm of its own.</summary>
    static double[][] OfSets(ModelConfig config, IReadOnlyList<double[]> scores) =>
        [
            .. Importance.Normalized([
                .. scores
                    .Select((layer, i) => (Layer: layer, Set: config.SetOf(i)))
                    .GroupBy(s => s.Set, s => s.Layer)
                    .OrderBy(g => g.Key)
                    .Select(g => g.Aggregate((sum, layer) => [.. sum.Zip(layer, (a, b) => a + b)])),
            ]),
        ];

    static IReadOnlyList<int[]> Each(ModelConfig config, int[][] sets) =>
        [.. config.Layers.Select((_, layer) => sets[config.SetOf(layer)])];

    /// <param name="share">How many of a set are asked for.</param>
    int[][] Best(double[][] scores, Func<int, double> share)
    {
        int Rounded(double count) => (int)Math.Round(count, MidpointRounding.AwayFromZero);
        if (Scope == PruneScope.Layer)
        {
            return
            [
                .. scores.Select(
                    (set, i) => Top(set, Math.Clamp(Rounded(share(i)), 1, set.Length))
                ),
            ];
        }

        // The best of each set stays in any case; the rest go by score, earlier layers first in a tie.
        int total = Rounded(Enumerable.Range(0, scores.Length).Sum(share));
        HashSet<(int Set, int Index)> kept = [.. scores.Select((set, s) => (s, Top(set, 1)[0]))];
        var rest = scores
            .SelectMany((set, s) => set.Select((score, i) => (Set: s, Index: i, Score: score)))
            .Where(c => !kept.Contains((c.Set, c.Index)))
            .OrderByDescending(c => c.Score)
            .Take(Math.Max(0, total - kept.Count));
        kept.UnionWith(rest.Select(c => (c.Set, c.Index)));
        return
        [
            .. scores.Select(
                (_, s) => kept.Where(k => k.Set == s).Select(k => k.Index).Order().ToArray()
            ),
        ];
    }

    static int[] Top(double[] scores, int count) =>
        [
            .. Enumerable
                .Range(0, scores.Length)
                .OrderByDescending(i => scores[i])
                .Take(count)
                .Order(),
        ];
}
