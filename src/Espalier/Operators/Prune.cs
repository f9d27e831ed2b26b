using Espalier.Autograd;
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

/// <summary>
/// P: takes the least important heads and feed-forward neurons out of the matrices (Xin et al. 2022: 8 of 12 heads and half
/// the neurons, first-order importance on the validation data), then distils from the unpruned model.
/// </summary>
public sealed record Prune()
    : Operator('P', "importance", "prune heads and neurons", Group.I, Known)
{
    const int ImportanceBatch = 16;

    public override double Keeps => Heads.Value * FeedForward.Value;

    static readonly double[] SomeHeads = [0.34, 0.67, 1];
    static readonly double[] SomeNeurons = [0.25, 0.5, 0.75];

    /// <summary>Three shares of heads by three of neurons; those that are the same numbers of them count once.</summary>
    public override IReadOnlyList<Operator> Variants(ModelConfig config)
    {
        Block shape = config.Layers[0];
        return
        [
            .. SomeHeads
                .SelectMany(h =>
                    SomeNeurons.Select(n =>
                        this with
                        {
                            Heads = Amount.Share(h),
                            FeedForward = Amount.Share(n),
                        }
                    )
                )
                .Prepend(this)
                .DistinctBy(p =>
                    (p.Heads.Of(shape.Attention.Heads), p.FeedForward.Of(shape.Mlp.Width))
                ),
        ];
    }

    static readonly IReadOnlyList<Option> Known =
    [
        Option.Amount<Prune>(
            "heads",
            "Attention heads that stay.",
            8,
            o => o.Heads,
            (o, a) => o with { Heads = a }
        ),
        Option.Amount<Prune>(
            "ffn",
            "Feed-forward neurons that stay.",
            8,
            o => o.FeedForward,
            (o, a) => o with { FeedForward = a }
        ),
        Option.Choice<Prune, PruneScope>(
            "scope",
            "Choose within each layer, or over the whole model.",
            o => o.Scope,
            (o, value) => o with { Scope = value }
        ),
        .. Distillation.Options<Prune>(o => o.Weights, (o, w) => o with { Weights = w }),
    ];

    public Amount Heads { get; init; } = Amount.Share(0.67);
    public Amount FeedForward { get; init; } = Amount.Share(0.5);
    public PruneScope Scope { get; init; } = PruneScope.Layer;
    public DistillationWeights Weights { get; init; } = new(1, 1, 1, 1);

    public override Model Apply(Model model, OperatorContext context)
    {
        Importance importance = Importance.Of(
            new Learner(model, new Tape(context.Workers, context.Kernels)),
            context.Task.Tuning.Batches(ImportanceBatch)
        );
        int[][] heads = Kept(model.Config, importance.Heads, Heads),
            neurons = Kept(model.Config, importance.Neurons, FeedForward);
        Model pruned = Rewire(model, heads, neurons);
        Distillation.Train(pruned, model, Weights, exit => exit, context);
        return pruned;
    }

    /// <summary>What stays of each layer; layers that share their weights are pruned alike, by the sum of their scores.</summary>
    int[][] Kept(ModelConfig config, IReadOnlyList<double[]> scores, Amount amount)
    {
        double[][] sets =
        [
            .. scores
                .Select((layer, i) => (Layer: layer, Set: config.SetOf(i)))
                .GroupBy(s => s.Set, s => s.Layer)
                .OrderBy(g => g.Key)
                .Select(g => g.Aggregate((sum, layer) => [.. sum.Zip(layer, (a, b) => a + b)])),
        ];
        int[][] kept = Best(Importance.Normalized(sets), amount);
        return [.. scores.Select((_, i) => kept[config.SetOf(i)])];
    }

    /// <summary>The model without all but the given heads and neurons, counted from 0, ascending.</summary>
    public static Model Rewire(
        Model model,
        IReadOnlyList<int[]> heads,
        IReadOnlyList<int[]> neurons
    )
    {
        ModelConfig config = model.Config with
        {
            Layers =
            [
                .. model.Config.Layers.Select((l, i) => l.With(heads[i].Length, neurons[i].Length)),
            ],
        };
        Parameters parameters = new();
        foreach (var (name, _) in config.Shapes())
        {
            Tensor whole = model.Parameters[name];
            parameters.Add(name, Slice(name, whole) ?? whole.Clone());
        }

        return model with
        {
            Config = config,
            Parameters = parameters,
        };

        Tensor? Slice(string name, Tensor whole)
        {
            Part part = Part.Of(name);
            if (part.Stretch != Stretch.Layer)
            {
                return null;
            }

            int layer = Enumerable
                .Range(0, config.Layers.Count)
                .First(i => config.SetOf(i) == part.Index);
            int width = config.Layers[layer].Attention.Width;
            int[] Channels() =>
                [.. heads[layer].SelectMany(h => Enumerable.Range(h * width, width))];
            return part.Role switch
            {
                Role.Query or Role.Key or Role.Value => Rows(whole, Channels()),
                Role.Gate or Role.Up => Rows(whole, neurons[layer]),
                Role.Attention when name == part.Weight => Columns(whole, Channels()),
                Role.Down when name == part.Weight => Columns(whole, neurons[layer]),
                _ => null,
            };
        }
    }

    /// <summary>Rows of a matrix, or elements of a vector.</summary>
    static Tensor Rows(Tensor whole, int[] rows)
    {
        bool vector = whole.Shape.Rank == 1;
        Tensor part = vector ? new Tensor(rows.Length) : new Tensor(rows.Length, whole.Columns);
        int width = vector ? 1 : whole.Columns;
        for (int i = 0; i < rows.Length; i++)
        {
            whole.Span.Slice(rows[i] * width, width).CopyTo(part.Span[(i * width)..]);
        }

        return part;
    }

    static Tensor Columns(Tensor whole, int[] columns)
    {
        Tensor part = new(whole.Rows, columns.Length);
        for (int r = 0; r < whole.Rows; r++)
        {
            for (int c = 0; c < columns.Length; c++)
            {
                part.Row(r)[c] = whole.Row(r)[columns[c]];
            }
        }

        return part;
    }

    int[][] Best(IReadOnlyList<double[]> scores, Amount amount)
    {
        if (Scope == PruneScope.Layer)
        {
            return [.. scores.Select(layer => Top(layer, amount.Of(layer.Length)))];
        }

        // The best of each layer stays in any case; the rest go by score, earlier layers first in a tie.
        int total = scores.Sum(layer => amount.Of(layer.Length));
        HashSet<(int Layer, int Index)> kept =
        [
            .. scores.Select((layer, l) => (l, Top(layer, 1)[0])),
        ];
        var rest = scores
            .SelectMany(
                (layer, l) => layer.Select((score, i) => (Layer: l, Index: i, Score: score))
            )
            .Where(c => !kept.Contains((c.Layer, c.Index)))
            .OrderByDescending(c => c.Score)
            .Take(Math.Max(0, total - kept.Count));
        kept.UnionWith(rest.Select(c => (c.Layer, c.Index)));
        return
        [
            .. scores.Select(
                (_, l) => kept.Where(k => k.Layer == l).Select(k => k.Index).Order().ToArray()
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
