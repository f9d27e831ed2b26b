using Espalier.Autograd;
using Espalier.Checkpoints;
using Espalier.Kernels;
using Espalier.Models.Families;

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
        ["gelu_new"] = Activation.GeluTanh,
        ["gelu_pytorch_tanh"] = Activation.GeluTanh,
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
        if ((file.OptionalString("position_embedding_type") ?? "absolute") != "absolute")
        {
            throw file.Refuse("position_embedding_type", "\"absolute\"");
        }

        int hidden = file.Integer(distil ? "dim" : "hidden_size", 1, MostWide);
        string headsField = distil ? "n_heads" : "num_attention_heads";
        int heads = file.Integer(headsField, 1, hidden);
        if (ours is null && hidden % heads != 0)
        {
            throw file.Refuse(headsField, $"a divisor of {hidden}, the width of the model,");
        }

        LayerShape shape = new(
            heads,
            file.Integer(distil ? "hidden_dim" : "intermediate_size", 1, 16 * MostWide)
        );
        int layers = file.Integer(distil ? "n_layers" : "num_hidden_layers", 1, MostLayers);
        float hiddenDropout = Dropout(file, distil ? "dropout" : "hidden_dropout_prob", 0.1f);
        var (labels, regression) = Labels(file);
        ModelConfig config = new()
        {
            Family = family,
            Vocabulary = file.Integer("vocab_size", 1, MostRows),
            Hidden = hidden,
            HeadWidth = hidden / heads,
            Layers = [.. Enumerable.Repeat(shape, layers)],
            Positions = file.Integer("max_position_embeddings", 1, MostRows),
            Types = distil ? 0 : file.OptionalInteger("type_vocab_size", 0, MostRows) ?? 2,
            Activation = ActivationOf(file, distil ? "activation" : "hidden_act"),
            NormEpsilon = (float)(file.OptionalNumber("layer_norm_eps", 0, 1) ?? 1e-12),
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
        if (problem is "multi_label_classification")
        {
            throw file.Refuse("problem_type", "regression or single_label_classification");
        }

        List<string> labels = [];
        if (file.OptionalObject("id2label") is { } names)
        {
            int count = names.Names.Count();
            for (int i = 0; i < count; i++)
            {
                labels.Add(names.String(i.ToString()));
            }
        }
        else
        {
            int count = file.OptionalInteger("num_labels", 1, MostWide) ?? 2;
            labels.AddRange(Enumerable.Range(0, count).Select(i => $"LABEL_{i}"));
        }

        return labels.Count > 0
            ? (labels, problem == "regression" || labels.Count == 1)
            : throw file.Refuse("id2label", "at least one label");
    }

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
                        ulong.TryParse(o.String("seed"), out ulong seed)
                            ? seed
                            : throw o.Refuse("seed", "a whole number as text")
                    )),
            ];
}
