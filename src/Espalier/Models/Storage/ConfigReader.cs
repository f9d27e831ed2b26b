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
    const int MostWide = 1 << 16;
    const int MostRows = 1 << 24;
    const int MostLayers = 1024;

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
        bool distil = family is DistilBert;
        ConfigFields.Check(file);
        string hiddenField = Field(file, distil, "dim", "hidden_size"),
            headsField = Field(file, distil, "n_heads", "num_attention_heads");
        int hidden = file.Integer(hiddenField, 1, MostWide);
        int heads = file.Integer(headsField, 1, hidden);
        if (ours is null && hidden % heads != 0)
        {
            throw file.Refuse(headsField, $"a divisor of {hidden}, the width of the model,");
        }

        LayerShape shape = new(
            heads,
            file.Integer(distil ? "hidden_dim" : "intermediate_size", 1, 16 * MostWide)
        );
        int layers = file.Integer(
            Field(file, distil, "n_layers", "num_hidden_layers"),
            1,
            MostLayers
        );
        float hiddenDropout = Dropout(file, distil ? "dropout" : "hidden_dropout_prob", 0.1f);
        var (labels, regression) = Labels(file);
        ModelConfig config = new()
        {
            Family = family,
            Vocabulary = file.Integer("vocab_size", 1, MostRows),
            Hidden = hidden,
            HeadWidth = hidden / heads,
            Layers = Pruned(file, shape, layers),
            Positions = file.Integer("max_position_embeddings", 1, MostRows),
            Types = distil ? 0 : file.OptionalInteger("type_vocab_size", 0, MostRows) ?? 2,
            Activation = ActivationOf(file, distil ? "activation" : "hidden_act"),
            // DistilBERT's norms have this one whatever the file says, in transformers too.
            NormEpsilon = distil
                ? 1e-12f
                : (float)(file.OptionalNumber("layer_norm_eps", 0, 1) ?? 1e-12),
            HiddenDropout = hiddenDropout,
            AttentionDropout = Dropout(
                file,
                distil ? "attention_dropout" : "attention_probs_dropout_prob",
                0.1f
            ),
            HeadDropout = distil
                ? Dropout(file, "seq_classif_dropout", 0.2f)
                : Dropout(file, "classifier_dropout", hiddenDropout),
            InitializerRange = (float)(file.OptionalNumber("initializer_range", 0, 10) ?? 0.02),
            PadId =
                file.OptionalInteger("pad_token_id", 0, MostRows) ?? (family is Roberta ? 1 : 0),
            Labels = labels,
            Regression = regression,
        };
        config = ours is null ? config : Extend(config, ours);
        if (config.Layers.Count != layers)
        {
            throw ours!.Refuse(
                "layers",
                $"one entry for each of the {layers} layers of config.json"
            );
        }

        if (config.PadId >= config.Vocabulary)
        {
            throw file.Refuse("pad_token_id", $"an id below vocab_size {config.Vocabulary}");
        }

        return config.MaxLength >= 2
            ? config
            : throw file.Refuse("max_position_embeddings", "room for at least two tokens");
    }

    /// <summary>DistilBERT's own name of a field, or the name that other families and transformers' code have for it.</summary>
    static string Field(JsonFields file, bool distil, string own, string general)
    {
        if (distil && file.Optional(own) is { } value && file.Optional(general) is { } other)
        {
            return value.GetRawText() == other.GetRawText()
                ? own
                : throw file.Refuse(general, $"{value.GetRawText()}, as '{own}' says,");
        }

        return distil && (file.Has(own) || !file.Has(general)) ? own : general;
    }

    /// <summary>pruned_heads: heads, by layer, that are no longer in the weights.</summary>
    static LayerShape[] Pruned(JsonFields file, LayerShape shape, int layers)
    {
        LayerShape[] shapes = [.. Enumerable.Repeat(shape, layers)];
        if (file.OptionalObject("pruned_heads") is { } pruned)
        {
            foreach (string name in pruned.Names)
            {
                if (!Numeral.TryWhole(name, out int layer) || layer < 0 || layer >= layers)
                {
                    throw pruned.Refuse(name, $"a layer from 0 to {layers - 1} as its name");
                }

                int left =
                    shape.Heads - pruned.Integers(name, 0, shape.Heads - 1).Distinct().Count();
                shapes[layer] =
                    left > 0
                        ? shape with
                        {
                            Heads = left,
                        }
                        : throw pruned.Refuse(name, "at least one head that stays");
            }
        }

        return shapes;
    }

    static ModelConfig Extend(ModelConfig config, JsonFields ours) =>
        config with
        {
            HeadWidth = ours.Integer("head_width", 1, MostWide),
            Layers =
            [
                .. ours.Objects("layers")
                    .Select(l => new LayerShape(
                        l.Integer("heads", 1, MostWide),
                        l.Integer("feed_forward", 1, 16 * MostWide)
                    )),
            ],
            Pooling = PoolingOf(ours, "pooling") ?? Pooling.First,
            ExitPooling = PoolingOf(ours, "exit_pooling"),
        };

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

    static Activation ActivationOf(JsonFields file, string field)
    {
        string name = file.OptionalString(field) ?? "gelu";
        return Activations.TryGetValue(name, out Activation activation)
            ? activation
            : throw file.Refuse(field, string.Join(", ", Activations.Keys));
    }

    static float Dropout(JsonFields file, string field, float missing) =>
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
                    _ => throw ours.Refuse("precision", "\"fp32\" or \"int8\""),
                },
                ours.Flag("dynamic_length")
            );

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
