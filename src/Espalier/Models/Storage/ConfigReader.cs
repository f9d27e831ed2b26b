using System.Text.Json;
using Espalier.Autograd;
using Espalier.Checkpoints;
using Espalier.Kernels;
using Espalier.Models.Families;
using Espalier.Tensors;

namespace Espalier.Models.Storage;

/// <summary>config.json of Hugging Face (and what espalier.json adds) as a <see cref="ModelConfig"/>.</summary>
static class ConfigReader
{
    // Far above any published encoder; keeps every product of two sizes within a long.
    public const int MostWide = 1 << 16;
    public const int MostRows = 1 << 24;
    public const int MostLayers = 1024;

    static readonly Dictionary<string, Activation> Activations = new()
    {
        ["gelu"] = Activation.Gelu,
        ["gelu_python"] = Activation.Gelu,
        ["gelu_new"] = Activation.GeluTanh,
        ["gelu_pytorch_tanh"] = Activation.GeluTanh,
        ["gelu_fast"] = Activation.GeluTanh,
        ["relu"] = Activation.Relu,
        ["silu"] = Activation.Silu,
        ["swish"] = Activation.Silu,
    };

    public static string NameOf(Activation activation) =>
        Activations.First(pair => pair.Value == activation).Key;

    public static ModelConfig Read(JsonFields file, JsonFields? ours)
    {
        Family family = FamilyOf(file);
        ConfigFields.Check(file);
        ModelConfig config = family.Read(file);
        bool language = config.IsLanguage;
        var (labels, regression) = language ? ([], false) : Labels(file);
        config = config with
        {
            Layers = Pruned(file, config.Layers),
            InitializerRange = (float)(file.OptionalNumber("initializer_range", 0, 10) ?? 0.02),
            PadId =
                file.OptionalInteger("pad_token_id", language ? -1 : 0, MostRows)
                ?? family.DefaultPadId,
            Labels = labels,
            Regression = regression,
            EndIds = language ? EndIds(file) : [],
            BeginId = language ? file.OptionalInteger("bos_token_id", 0, MostRows) : null,
        };
        config = ours is null ? config : Extend(config, ours);
        if (config.PadId >= config.Vocabulary && !language)
        {
            throw file.Refuse("pad_token_id", $"an id below vocab_size {config.Vocabulary}");
        }

        return config.MaxLength >= 2
            ? config
            : throw file.Refuse("max_position_embeddings", "room for at least two tokens");
    }

    /// <summary>eos_token_id: a number or several.</summary>
    public static IReadOnlyList<int> EndIds(JsonFields file) =>
        file.Optional("eos_token_id") switch
        {
            null => [],
            { ValueKind: JsonValueKind.Array } => file.Integers("eos_token_id", 0, MostRows),
            _ => [file.Integer("eos_token_id", 0, MostRows)],
        };

    /// <summary>Columns of a head, where as many as there are fill the hidden states.</summary>
    public static int HeadWidth(JsonFields file, string field, int hidden, int heads) =>
        hidden % heads == 0
            ? hidden / heads
            : throw file.Refuse(field, $"a divisor of {hidden}, the width of the model,");

    /// <summary>pruned_heads: heads, by layer, that are no longer in the weights.</summary>
    static Block[] Pruned(JsonFields file, IReadOnlyList<Block> layers)
    {
        Block[] blocks = [.. layers];
        if (file.OptionalObject("pruned_heads") is { } pruned)
        {
            foreach (string name in pruned.Names)
            {
                if (!Numeral.TryWhole(name, out int layer) || layer < 0 || layer >= blocks.Length)
                {
                    throw pruned.Refuse(name, $"a layer from 0 to {blocks.Length - 1} as its name");
                }

                Block block = layers[layer];
                int heads = block.Attention.Heads,
                    left = heads - pruned.Integers(name, 0, heads - 1).Distinct().Count();
                blocks[layer] =
                    left > 0
                        ? block.With(left, block.Mlp.Width)
                        : throw pruned.Refuse(name, "at least one head that stays");
            }
        }

        return blocks;
    }

    static ModelConfig Extend(ModelConfig config, JsonFields ours)
    {
        int width = ours.Integer("head_width", 1, MostWide),
            count = config.Layers.Count;
        IReadOnlyList<JsonFields> layers = ours.Objects("layers");
        if (layers.Count != count)
        {
            throw ours.Refuse("layers", $"one entry for each of the {count} layers of config.json");
        }

        return config with
        {
            Layers = [.. config.Layers.Zip(layers, (block, layer) => Extend(block, layer, width))],
            Sharing = config.Sharing is null
                ? null
                :
                [
                    .. layers.Select(
                        (l, i) => l.OptionalInteger("weights", 0, i) ?? config.Sharing[i]
                    ),
                ],
            Pooling = PoolingOf(ours, "pooling") ?? Pooling.First,
            ExitPooling = PoolingOf(ours, "exit_pooling"),
            HeadExits = ExitsOf(config, ours),
        };
    }

    static IReadOnlyList<int> ExitsOf(ModelConfig config, JsonFields ours)
    {
        const string Field = "head_exits";
        if (!config.IsLanguage || ours.Optional(Field) is null)
        {
            return [];
        }

        IReadOnlyList<int> exits = ours.Integers(Field, 0, Math.Max(0, config.Layers.Count - 2));
        return
            exits.Zip(exits.Skip(1), (a, b) => a < b).All(rising => rising)
            && config.Layers.Count > 1
            ? exits
            : throw ours.Refuse(Field, "layers in front of the last, ascending");
    }

    static Block Extend(Block block, JsonFields layer, int width)
    {
        int heads = layer.Integer("heads", 1, MostWide),
            shared = block.Attention.HeadsPerKey;
        if (layer.OptionalInteger("key_heads", 1, heads) is { } keys)
        {
            shared =
                heads % keys == 0
                    ? heads / keys
                    : throw layer.Refuse(
                        "key_heads",
                        $"a divisor of {heads}, the heads of queries,"
                    );
        }

        Block sized = block.With(heads, layer.Integer("feed_forward", 1, 16 * MostWide));
        return heads % shared != 0
            ? throw layer.Refuse("heads", $"a multiple of {shared}, the heads that share a key,")
            : sized with
            {
                Attention = sized.Attention with
                {
                    Width = width,
                    HeadsPerKey = shared,
                    Keeps = layer.OptionalInteger("keeps", 1, MostRows),
                },
                NormsAttention = layer.OptionalFlag("norms_attention") ?? block.NormsAttention,
            };
    }

    static Pooling? PoolingOf(JsonFields ours, string field) =>
        ours.OptionalString(field) switch
        {
            null => null,
            "first" => Pooling.First,
            "mean" => Pooling.Mean,
            _ => throw ours.Refuse(field, "\"first\" or \"mean\""),
        };

    static Family FamilyOf(JsonFields file)
    {
        string type = file.String("model_type");
        return Family.All.FirstOrDefault(f => f.ModelType == type)
            ?? throw file.Refuse(
                "model_type",
                $"a family that Espalier knows ({string.Join(", ", Family.All.Select(f => f.ModelType))})"
            );
    }

    public static Activation ActivationOf(JsonFields file, string field, string missing)
    {
        string name = file.OptionalString(field) ?? missing;
        return Activations.TryGetValue(name, out Activation activation)
            ? activation
            : throw file.Refuse(field, string.Join(", ", Activations.Keys));
    }

    public static float Dropout(JsonFields file, string field, float missing) =>
        (float)(file.OptionalNumber(field, 0, 0.99) ?? missing);

    /// <summary>id2label in the order of its ids; without it LABEL_0 … as transformers names them.</summary>
    static (IReadOnlyList<string> Labels, bool Regression) Labels(JsonFields file)
    {
        string? problem = file.OptionalString("problem_type");
        if (problem is not (null or "regression" or "single_label_classification"))
        {
            throw file.Refuse("problem_type", "regression or single_label_classification");
        }

        List<string> labels = [];
        if (file.OptionalObject("id2label") is { } names)
        {
            int count = names.Names.Count();
            for (int i = 0; i < count; i++)
            {
                labels.Add(Label(names, $"{i}"));
            }

            if (labels.GroupBy(l => l).FirstOrDefault(g => g.Count() > 1) is { } twice)
            {
                throw file.Refuse(
                    "id2label",
                    $"a name of its own for each class ('{Printable.Escape(twice.Key)}' is there twice)"
                );
            }
        }
        else
        {
            int count = file.OptionalInteger("num_labels", 1, MostWide) ?? 2;
            labels.AddRange(Enumerable.Range(0, count).Select(i => $"LABEL_{i}"));
        }

        return labels.Count == 0 ? throw file.Refuse("id2label", "at least one label")
            : problem == "regression" && labels.Count > 1
                ? throw file.Refuse(
                    "problem_type",
                    $"single_label_classification for the {labels.Count} outputs of id2label (a regression has one)"
                )
            : problem == "single_label_classification" && labels.Count == 1
                ? throw file.Refuse(
                    "problem_type",
                    "regression for the one output of id2label (a classification has two at least)"
                )
            : (labels, labels.Count == 1);
    }

    /// <summary>Some files name classes by bare numbers.</summary>
    static string Label(JsonFields names, string id) =>
        names.Optional(id) is { ValueKind: JsonValueKind.Number } number
            ? number.GetRawText()
            : names.String(id);

    public static Traits Traits(JsonFields? ours) =>
        ours is null
            ? new Traits()
            : new Traits(
                ours.String("precision") switch
                {
                    "fp32" => Precision.Fp32,
                    "int8" => Precision.Int8,
                    "int4" => Precision.Int4,
                    "mixed" => Precision.Mixed,
                    _ => throw ours.Refuse(
                        "precision",
                        "\"fp32\", \"int8\", \"int4\" or \"mixed\""
                    ),
                },
                ours.Flag("dynamic_length"),
                Group(ours)
            );

    /// <summary>In 4 bits there is one.</summary>
    static int Group(JsonFields ours) =>
        ours.OptionalInteger("group", 8, 1 << 16) switch
        {
            null when ours.String("precision") == "int4" => throw ours.Refuse(
                "group",
                "how many columns of a weight share a scale"
            ),
            { } group when group % 8 != 0 => throw ours.Refuse("group", "a multiple of 8"),
            var group => group ?? 0,
        };

    public static IReadOnlyList<Applied> History(JsonFields? ours) =>
        ours is null
            ? []
            :
            [
                .. ours.Objects("operators")
                    .Select(o => new Applied(
                        o.String("text"),
                        o.Integer("version", 0, int.MaxValue),
                        Numeral.TryWhole(o.String("seed"), out ulong seed)
                            ? seed
                            : throw o.Refuse("seed", "a whole number as text")
                    )),
            ];
}
