using System.Text.Json;
using Espalier.Autograd;
using Espalier.Checkpoints;
using Espalier.Models.Storage;

namespace Espalier.Models.Families;

/// <summary>
/// ModernBERT (Warner et al. 2024): norms first, rotary positions, a gated feed-forward part, hardly a bias, and most layers see
/// their neighbourhood alone.
/// </summary>
sealed class ModernBert : Family
{
    public override string ModelType => "modernbert";
    public override string Architecture => "ModernBertForSequenceClassification";
    public override string Prefix => "model.";
    public override bool HeadDenseBelongsToEncoder => true;
    internal override int DefaultPadId => 50283;

    // csharpier-ignore
    internal override IReadOnlySet<string> Fields { get; } = new HashSet<string>
    {
        "intermediate_size", "norm_eps", "layer_norm_eps", "norm_bias", "attention_bias", "mlp_bias", "classifier_bias",
        "hidden_activation", "classifier_activation", "classifier_pooling", "embedding_dropout", "attention_dropout",
        "mlp_dropout", "classifier_dropout", "layer_types", "global_attn_every_n_layers", "local_attention",
        "rope_parameters", "rope_scaling", "global_rope_theta", "local_rope_theta", "initializer_cutoff_factor",
        "reference_compile", "deterministic_flash_attn", "sparse_prediction", "sparse_pred_ignore_index", "decoder_bias",
        "position_embedding_type",
    };

    internal override ModelConfig Read(JsonFields file)
    {
        int hidden = file.Integer("hidden_size", 1, ConfigReader.MostWide),
            heads = file.Integer("num_attention_heads", 1, hidden),
            layers = file.Integer("num_hidden_layers", 1, ConfigReader.MostLayers);
        float attentionDropout = ConfigReader.Dropout(file, "attention_dropout", 0);
        NormSpec norm = new(
            (float)(file.OptionalNumber("norm_eps", 0, 1) ?? 1e-5),
            Flag(file, "norm_bias")
        );
        bool attentionBias = Flag(file, "attention_bias");
        AttentionSpec attention = new(
            heads,
            ConfigReader.HeadWidth(file, "num_attention_heads", hidden, heads)
        )
        {
            Bias = attentionBias,
            OutputBias = attentionBias,
            Dropout = attentionDropout,
            OutputDropout = attentionDropout,
        };
        MlpSpec mlp = new(
            file.Integer("intermediate_size", 1, 16 * ConfigReader.MostWide),
            ConfigReader.ActivationOf(file, "hidden_activation", "gelu")
        )
        {
            Gated = true,
            Bias = Flag(file, "mlp_bias"),
            InnerDropout = ConfigReader.Dropout(file, "mlp_dropout", 0),
        };
        Rotary global = Theta(file, "full_attention", "global_rope_theta", 160_000),
            local = Theta(file, "sliding_attention", "local_rope_theta", 10_000);
        int window = file.OptionalInteger("local_attention", 1, ConfigReader.MostRows) ?? 128;
        int every = file.OptionalInteger("global_attn_every_n_layers", 1, int.MaxValue) ?? 3;
        bool[] isGlobal = LayerTypes.SeeAll(file, layers, i => i % every == 0);
        return new ModelConfig
        {
            Family = this,
            Vocabulary = file.Integer("vocab_size", 1, ConfigReader.MostRows),
            Hidden = hidden,
            Layers =
            [
                .. isGlobal.Select(
                    (all, i) =>
                        new Block(
                            attention with
                            {
                                Rotary = all ? global : local,
                                Reach = all ? null : window / 2,
                            },
                            mlp,
                            norm
                        )
                        {
                            NormsFirst = true,
                            NormsAttention = i > 0,
                        }
                ),
            ],
            Positions = file.Integer("max_position_embeddings", 1, ConfigReader.MostRows),
            HasPositionTable = false,
            Types = 0,
            EmbeddingNorm = norm,
            EmbeddingDropout = ConfigReader.Dropout(file, "embedding_dropout", 0),
            FinalNorm = norm,
            Head = new ClassifierSpec(
                ConfigReader.ActivationOf(file, "classifier_activation", "gelu")
            )
            {
                DenseBias = Flag(file, "classifier_bias"),
                Norm = norm,
                Dropout = ConfigReader.Dropout(file, "classifier_dropout", 0),
            },
            Pooling = (file.OptionalString("classifier_pooling") ?? "cls") switch
            {
                "cls" => Pooling.First,
                "mean" => Pooling.Mean,
                _ => throw file.Refuse("classifier_pooling", "\"cls\" or \"mean\""),
            },
            Labels = [],
        };
    }

    static bool Flag(JsonFields file, string field) => file.OptionalFlag(field) ?? false;

    static Rotary Theta(JsonFields file, string kind, string old, double missing)
    {
        if (file.OptionalObject("rope_scaling") is not null)
        {
            throw file.Refuse("rope_scaling", "none (positions as the model was trained with)");
        }

        JsonFields? here = file.OptionalObject("rope_parameters")?.OptionalObject(kind);
        if (here is not null && (here.OptionalString("rope_type") ?? "default") != "default")
        {
            throw here.Refuse("rope_type", "\"default\"");
        }

        return new Rotary(
            (float)(
                here?.OptionalNumber("rope_theta", 1, 1e12)
                ?? file.OptionalNumber(old, 1, 1e12)
                ?? missing
            )
        );
    }

    internal override void Write(Utf8JsonWriter json, ModelConfig config)
    {
        Block block = config.Layers[0];
        ClassifierSpec head = (ClassifierSpec)config.Head;
        Block? global = config.Layers.FirstOrDefault(l => l.Attention.Reach is null),
            local = config.Layers.FirstOrDefault(l => l.Attention.Reach is not null);
        json.WriteNumber("vocab_size", config.Vocabulary);
        json.WriteNumber("hidden_size", config.Hidden);
        json.WriteNumber("num_attention_heads", config.NominalHeads);
        json.WriteNumber("num_hidden_layers", config.Layers.Count);
        json.WriteNumber("intermediate_size", config.Layers.Max(l => l.Mlp.Width));
        json.WriteNumber("max_position_embeddings", config.Positions);
        json.WriteString("hidden_activation", ConfigReader.NameOf(block.Mlp.Activation));
        json.WriteNumber("norm_eps", block.Norm.Epsilon);
        json.WriteBoolean("norm_bias", block.Norm.Bias);
        json.WriteBoolean("attention_bias", block.Attention.Bias);
        json.WriteBoolean("mlp_bias", block.Mlp.Bias);
        json.WriteNumber("embedding_dropout", config.EmbeddingDropout);
        json.WriteNumber("attention_dropout", block.Attention.Dropout);
        json.WriteNumber("mlp_dropout", block.Mlp.InnerDropout);
        json.WriteBoolean("classifier_bias", head.DenseBias);
        json.WriteString("classifier_activation", ConfigReader.NameOf(head.Activation));
        json.WriteString("classifier_pooling", config.Pooling == Pooling.First ? "cls" : "mean");
        json.WriteNumber("classifier_dropout", head.Dropout);
        LayerTypes.Write(json, config);
        json.WriteNumber("local_attention", 2 * (local?.Attention.Reach ?? 64));
        json.WriteStartObject("rope_parameters");
        WriteTheta("full_attention", global?.Attention.Rotary?.Base ?? 160_000);
        WriteTheta("sliding_attention", local?.Attention.Rotary?.Base ?? 10_000);
        json.WriteEndObject();

        void WriteTheta(string kind, float theta)
        {
            json.WriteStartObject(kind);
            json.WriteString("rope_type", "default");
            json.WriteNumber("rope_theta", theta);
            json.WriteEndObject();
        }
    }

    internal override bool IsPlain(ModelConfig config) =>
        config
            .Layers.Select((l, i) => (Block: l, IsFirst: i == 0))
            .All(l =>
                l.Block.NormsAttention == !l.IsFirst
                && l.Block.Mlp == config.Layers[0].Mlp
                && l.Block.Attention.Columns == config.Hidden
            );

    protected override string LayerName(int layer) => $"layers.{layer}";

    protected override IReadOnlyDictionary<Part, PartName> Ends { get; } =
        new Dictionary<Part, PartName>
        {
            [Part.Word] = "embeddings.tok_embeddings",
            [Part.EmbeddingNorm] = "embeddings.norm",
            [Part.FinalNorm] = "final_norm",
        };

    protected override IReadOnlyDictionary<Role, PartName> LayerParts { get; } =
        new Dictionary<Role, PartName>
        {
            [Role.Query] = new("attn.Wqkv", 0, 3),
            [Role.Key] = new("attn.Wqkv", 1, 3),
            [Role.Value] = new("attn.Wqkv", 2, 3),
            [Role.Attention] = "attn.Wo",
            [Role.AttentionNorm] = "attn_norm",
            [Role.Gate] = new("mlp.Wi", 0, 2),
            [Role.Up] = new("mlp.Wi", 1, 2),
            [Role.Down] = "mlp.Wo",
            [Role.Norm] = "mlp_norm",
        };

    protected override IReadOnlyDictionary<Role, PartName> HeadParts { get; } =
        new Dictionary<Role, PartName>
        {
            [Role.Dense] = "head.dense",
            [Role.Norm] = "head.norm",
            [Role.Out] = "classifier",
        };
}
