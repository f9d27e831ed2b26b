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
    protected const string Stepping = "steps";

    public override double Keeps => Heads.Value * FeedForward.Value * Hidden.Value * Layers.Value;

    public override bool Trains => !Weights.AreZero;

    public override IReadOnlyList<string> Inputs => Text.Inputs;

    public override int? Writes => Text.Written;

    public override string? Problem(ModelConfig config) => Text.Problem(this, config);

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
        .. TextSource.Options<Pruning>(o => o.Text, (o, t) => o with { Text = t }),
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
        Option.Text<Pruning>(
            Stepping,
            "Steps of pruning and learning, each of which leaves the same share; auto is one, and where over half of the parameters goes as many as none takes over a third.",
            "auto or a count up to 16",
            o => o.Steps?.ToString(CultureInfo.InvariantCulture) ?? "auto",
            (o, text) =>
                text == "auto" ? o with { Steps = null }
                : Numeral.TryWhole(text, out int count) && count is >= 1 and <= 16
                    ? o with
                    {
                        Steps = count,
                    }
                : null
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

    /// <summary>Null: as many as it takes that none takes too much.</summary>
    public int? Steps { get; init; } = 1;

    /// <summary>Since the second, steps end with exactly the shape that is asked for.</summary>
    public override int Version => Steps > 1 ? 2 : base.Version;

    /// <summary>What the smaller model learns from.</summary>
    public TextSource Text { get; init; } = TextSource.Task;

    public override Model Apply(Model model, OperatorContext context)
    {
        context = Text.For(model, context);
        (model, Pruning shape) = Begin(model, context);
        int steps = shape.StepsOf(model.Config);
        Model pruned = model;

        // Where what is left lies in the unpruned model, which teaches in every step.
        int[] layers = [.. Kept.All(model.Config).Layers],
            channels = Kept.All(model.Config).Channels;
        for (int i = 0; i < steps; i++)
        {
            Kept kept = shape.Step(model.Config, i, steps).Choose(pruned, context);
            pruned = kept.Of(Refit(pruned, kept, context));
            layers = [.. kept.Layers.Select(l => layers[l])];
            channels = [.. kept.Channels.Select(c => channels[c])];
            Learn(
                pruned,
                model,
                layers,
                channels,
                context,
                new Phase { Name = i == 0 ? "" : $"step {i + 1}" }
            );
        }

        return pruned;
    }

    /// <summary>The model that teaches, and the pruning that is done of it.</summary>
    protected virtual (Model Teacher, Pruning Shape) Begin(Model model, OperatorContext context) =>
        (model, this);

    /// <param name="layers">The teacher's, of which a smaller model is left.</param>
    /// <param name="channels">Likewise.</param>
    internal void Learn(
        Model student,
        Model teacher,
        IReadOnlyList<int> layers,
        int[] channels,
        OperatorContext context,
        Phase phase
    )
    {
        int last = layers.Count - 1;
        Distillation.Train(
            student,
            teacher,
            Weights,
            exit =>
                exit == last || !teacher.Config.HasExits
                    ? teacher.Config.ExitCount - 1
                    : layers[exit],
            context,
            phase,
            channels.Length < teacher.Config.Hidden ? channels : null
        );
    }

    /// <summary>Those that are asked for; else one, or where over half of the parameters goes, the fewest of which none takes over a third (Muralidharan et al. 2024).</summary>
    internal int StepsOf(ModelConfig config)
    {
        double stays = After(config).Weights / (double)config.Weights;
        return Steps
            ?? (
                stays >= 0.5 || Weights.AreZero
                    ? 1
                    : (int)Math.Ceiling(Math.Log(stays) / Math.Log(2.0 / 3))
            );
    }

    /// <summary>The config of what stays, whatever that is.</summary>
    internal ModelConfig After(ModelConfig config)
    {
        int channels = Hidden.Of(config.Hidden);
        var (some, _) = config.WithLayers([.. Enumerable.Range(0, Layers.Of(config.Layers.Count))]);
        return some with
        {
            Hidden = channels,
            EmbeddingWidth = config.ProjectsEmbedding ? config.EmbeddingWidth : channels,
            Layers = [.. some.Layers.Select(Smaller)],
        };

        Block Smaller(Block block)
        {
            AttentionSpec spec = block.Attention;
            bool shares = spec.HeadsPerKey > 1;
            int asked = Heads.Of(spec.Heads),
                each = shares
                    ? Math.Clamp(Rounded(asked / (double)spec.KeyHeads), 1, spec.HeadsPerKey)
                    : 1;
            return block with
            {
                Attention = spec with
                {
                    Heads = shares ? each * spec.KeyHeads : asked,
                    HeadsPerKey = each,
                },
                Mlp = block.Mlp with { Width = FeedForward.Of(block.Mlp.Width) },
            };
        }
    }

    /// <summary>One of the steps, each of which leaves the same share of what it finds; the last leaves what is asked for.</summary>
    Pruning Step(ModelConfig config, int step, int steps)
    {
        if (steps == 1)
        {
            return this;
        }

        // What is asked for once: heads that share no keys any more would be counted otherwise.
        ModelConfig after = After(config);
        Block block = config.Layers[0],
            left = after.Layers[0];
        bool even =
            Scope == PruneScope.Layer
            && config.Layers.All(l =>
                (l.Attention.Heads, l.Mlp.Width) == (block.Attention.Heads, block.Mlp.Width)
            );
        return this with
        {
            Heads = Part(left.Attention.Heads, block.Attention.Heads, even),
            FeedForward = Part(left.Mlp.Width, block.Mlp.Width, even),
            Hidden = Part(after.Hidden, config.Hidden, true),
            Layers = Part(after.Layers.Count, config.Layers.Count, true),
        };

        Amount Part(int stays, int all, bool exact)
        {
            double share = stays / (double)all;
            return exact
                ? Amount.Count(Rounded(all * Math.Pow(share, (step + 1.0) / steps)))
                : Amount.Share(Math.Pow(share, 1.0 / steps));
        }
    }

    /// <summary>What the model is to keep, before anything is trained.</summary>
    internal Kept Choose(Model model, OperatorContext context) =>
        Choose(model.Config, Worth(model, context), () => DepthOf(model, context));

    /// <param name="depth">What each layer is worth; asked for where some go.</param>
    internal Kept Choose(ModelConfig config, Worths worths, Func<double[]> depth)
    {
        Kept all = Kept.All(config);
        int layers = Layers.Of(config.Layers.Count),
            channels = Hidden.Of(config.Hidden);
        return new Kept(
            layers == config.Layers.Count ? all.Layers : Top(depth(), layers),
            KeptHeads(config, worths.Heads),
            KeptNeurons(config, worths.Neurons),
            channels == config.Hidden ? all.Channels : Top(worths.Channels, channels)
        );
    }

    protected abstract Worths Worth(Model model, OperatorContext context);

    /// <summary>The whole model with other weights where what stays is to make up for what goes.</summary>
    protected virtual Model Refit(Model model, Kept kept, OperatorContext context) => model;

    protected double[] DepthOf(Model model, OperatorContext context) =>
        Depth == DepthScore.Influence
            ? Activity.Of(model, Tuning(model, context, 1), context).Influence
            : LeftOut.Losses(model, Tuning(model, context), context);

    /// <summary>What importance is taken from.</summary>
    /// <param name="atOnce">Examples of a batch; null: 16, and of a language model each text by itself, as scores of more would not fit.</param>
    protected IReadOnlyList<Batch> Tuning(Model model, OperatorContext context, int? atOnce = null)
    {
        EncodedSplit split = context.Task.Tuning;
        bool texts = model.Config.IsLanguage;
        return split.Spread(
            Examples ?? (texts ? TextExamples : split.Count),
            atOnce ?? (texts ? 1 : AtOnce)
        );
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

    static int Rounded(double count) => (int)Math.Round(count, MidpointRounding.AwayFromZero);

    static int[] Top(double[] scores, int count) =>
        [
            .. Enumerable
                .Range(0, scores.Length)
                .OrderByDescending(i => scores[i])
                .Take(count)
                .Order(),
        ];
}
