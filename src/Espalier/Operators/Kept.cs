using Espalier.Models;
using Espalier.Tensors;

namespace Espalier.Operators;

/// <summary>What stays of a model, each counted from 0 and ascending.</summary>
/// <param name="Layers">Of the whole model.</param>
/// <param name="Heads">Heads of queries, for each layer of the whole model, also for those that go.</param>
/// <param name="Neurons">Likewise.</param>
/// <param name="Channels">Columns of what goes through the layers.</param>
public sealed record Kept(
    IReadOnlyList<int> Layers,
    IReadOnlyList<int[]> Heads,
    IReadOnlyList<int[]> Neurons,
    int[] Channels
)
{
    public static Kept All(ModelConfig config) =>
        new(
            [.. Enumerable.Range(0, config.Layers.Count)],
            [.. config.Layers.Select(l => Enumerable.Range(0, l.Attention.Heads).ToArray())],
            [.. config.Layers.Select(l => Enumerable.Range(0, l.Mlp.Width).ToArray())],
            [.. Enumerable.Range(0, config.Hidden)]
        );

    /// <summary>The model of what stays; its matrices are physically smaller, and copies in fp32.</summary>
    /// <exception cref="ArgumentException">Heads that stay do not share keys evenly.</exception>
    public Model Of(Model model)
    {
        var (config, oldName) = model.Config.WithLayers(Layers);
        config = config with
        {
            Hidden = Channels.Length,
            EmbeddingWidth = config.ProjectsEmbedding ? config.EmbeddingWidth : Channels.Length,
            EmbeddingScale = config.EmbeddingScale == 1 ? 1 : MathF.Sqrt(Channels.Length),
            Layers = [.. config.Layers.Select((l, i) => Smaller(l, Layers[i]))],
        };
        Parameters parameters = new();
        foreach (var (name, _) in config.Shapes())
        {
            parameters.Add(name, Piece(model, oldName(name)));
        }

        return model with
        {
            Config = config,
            Parameters = parameters,
        };
    }

    Block Smaller(Block block, int layer)
    {
        AttentionSpec spec = block.Attention;
        int[] shared =
        [
            .. Heads[layer].GroupBy(h => h / spec.HeadsPerKey).Select(g => g.Count()).Distinct(),
        ];
        return shared is not [var each]
            ? throw new ArgumentException(
                $"Layer {layer} keeps the heads {string.Join(", ", Heads[layer])}; {spec.HeadsPerKey} of them share one head of keys, "
                    + "and of each head of keys that stays equally many must stay."
            )
            : block with
            {
                Attention = spec with { Heads = Heads[layer].Length, HeadsPerKey = each },
                Mlp = block.Mlp with { Width = Neurons[layer].Length },
            };
    }

    /// <summary>The rows and columns of a parameter that stay.</summary>
    Tensor Piece(Model model, string name)
    {
        ModelConfig config = model.Config;
        Part part = Part.Of(name);
        bool isWeight = name == part.Weight;
        Tensor whole = model.Parameters[name];
        int[]? stream = Channels.Length < config.Hidden ? Channels : null,
            tables = config.ProjectsEmbedding ? null : stream;
        if (part.IsNorm)
        {
            bool isOfStream =
                part.Role is not (Role.QueryNorm or Role.KeyNorm)
                && (part != Part.EmbeddingNorm || tables is not null);
            return Scaled(Rows(whole, isOfStream ? stream : null), isWeight && isOfStream);
        }

        var (rows, columns) = part.Stretch switch
        {
            Stretch.Embeddings when part.IsTable => (null, tables),
            Stretch.Embeddings => (stream, null),
            Stretch.Layer => OfLayer(config, part, stream),
            _ => (part.Role == Role.Dense ? stream : null, stream),
        };
        Tensor piece = Columns(Rows(whole, rows), isWeight ? columns : null);
        return part == Part.Word && config.EmbeddingScale != 1
            ? Times(piece, Shrink(config))
            : piece;

        // A root of mean squares over fewer columns is larger by what the others did not add: those that go add least.
        Tensor Scaled(Tensor norm, bool weighs)
        {
            if (!weighs || config.FinalNorm is null)
            {
                return norm;
            }

            bool undoes =
                part.Stretch is Stretch.Final or Stretch.Exit
                && config is { EmbeddingScale: not 1, Head: LanguageSpec { Tied: true } };
            return Times(norm, undoes ? 1 : Shrink(config));
        }
    }

    /// <summary>√(columns before / columns after).</summary>
    float Shrink(ModelConfig config) => MathF.Sqrt(config.Hidden / (float)Channels.Length);

    (int[]? Rows, int[]? Columns) OfLayer(ModelConfig config, Part part, int[]? stream)
    {
        int layer = Layers.First(l => config.SetOf(l) == part.Index);
        AttentionSpec spec = config.Layers[layer].Attention;
        int[] ColumnsOf(IEnumerable<int> heads) =>
            [.. heads.SelectMany(h => Enumerable.Range(h * spec.Width, spec.Width))];
        return part.Role switch
        {
            Role.Query => (ColumnsOf(Heads[layer]), stream),
            Role.Key or Role.Value => (
                ColumnsOf(Heads[layer].Select(h => h / spec.HeadsPerKey).Distinct()),
                stream
            ),
            Role.Attention => (stream, ColumnsOf(Heads[layer])),
            Role.Gate or Role.Up => (Neurons[layer], stream),
            _ => (stream, Neurons[layer]),
        };
    }

    static Tensor Times(Tensor tensor, float factor)
    {
        foreach (ref float value in tensor.Span)
        {
            value *= factor;
        }

        return tensor;
    }

    /// <summary>A copy of some rows of a matrix, or of elements of a vector.</summary>
    static Tensor Rows(Tensor whole, int[]? rows)
    {
        if (rows is null)
        {
            return whole.Clone();
        }

        bool vector = whole.Shape.Rank == 1;
        Tensor part = vector ? new Tensor(rows.Length) : new Tensor(rows.Length, whole.Columns);
        int width = vector ? 1 : whole.Columns;
        for (int i = 0; i < rows.Length; i++)
        {
            whole.Span.Slice(rows[i] * width, width).CopyTo(part.Span[(i * width)..]);
        }

        return part;
    }

    /// <summary>Some columns; null: the matrix itself.</summary>
    internal static Tensor Columns(Tensor whole, int[]? columns)
    {
        if (columns is null)
        {
            return whole;
        }

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
}
