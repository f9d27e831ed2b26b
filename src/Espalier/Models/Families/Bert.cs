using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Models.Storage;

namespace Espalier.Models.Families;

/// <summary>Names of BERT's sizes in config.json; null: the family has no such field.</summary>
sealed record BertFields
{
    public string Hidden { get; init; } = "hidden_size";
    public string Heads { get; init; } = "num_attention_heads";
    public string Layers { get; init; } = "num_hidden_layers";
    public string FeedForward { get; init; } = "intermediate_size";
    public string Activation { get; init; } = "hidden_act";
    public string HiddenDropout { get; init; } = "hidden_dropout_prob";
    public string AttentionDropout { get; init; } = "attention_probs_dropout_prob";
    public string HeadDropout { get; init; } = "classifier_dropout";
    public string? Types { get; init; } = "type_vocab_size";
    public string? NormEpsilon { get; init; } = "layer_norm_eps";
    public string? EmbeddingWidth { get; init; }
}

/// <summary>BERT (Devlin et al. 2019), MiniLM, which has its shape, and what those share that differ in names and the classifier.</summary>
class Bert : Family
{
    static readonly BertFields Plain = new();

    public override string ModelType => "bert";
    public override string Architecture => "BertForSequenceClassification";
    public override bool HeadDenseBelongsToEncoder => true;

    internal override IReadOnlySet<string> Fields =>
        new HashSet<string?>([
            Named.Hidden,
            Named.Heads,
            Named.Layers,
            Named.FeedForward,
            Named.Activation,
            Named.HiddenDropout,
            Named.AttentionDropout,
            Named.HeadDropout,
            Named.Types,
            Named.NormEpsilon,
            Named.EmbeddingWidth,
            "position_embedding_type",
        ])
            .OfType<string>()
            .ToHashSet();

    protected virtual BertFields Named => Plain;
    protected virtual ClassifierSpec Head => new();
    protected virtual string DefaultActivation => "gelu";
    protected virtual float DefaultDropout => 0.1f;

    /// <summary>Null: that of the hidden states.</summary>
    protected virtual float? DefaultHeadDropout => null;

    internal override ModelConfig Read(JsonFields file)
    {
        BertFields named = Named;
        if ((file.OptionalString("position_embedding_type") ?? "absolute") != "absolute")
        {
            throw file.Refuse("position_embedding_type", "\"absolute\"");
        }

        string hiddenField = Field(file, named.Hidden, Plain.Hidden),
            headsField = Field(file, named.Heads, Plain.Heads);
        int hidden = file.Integer(hiddenField, 1, ConfigReader.MostWide),
            heads = file.Integer(headsField, 1, hidden);
        float dropout = ConfigReader.Dropout(file, named.HiddenDropout, DefaultDropout),
            epsilon = named.NormEpsilon is { } eps
                ? (float)(file.OptionalNumber(eps, 0, 1) ?? 1e-12)
                : 1e-12f;
        Block block = Block.Bert(
            heads,
            ConfigReader.HeadWidth(file, headsField, hidden, heads),
            file.Integer(named.FeedForward, 1, 16 * ConfigReader.MostWide),
            ConfigReader.ActivationOf(file, named.Activation, DefaultActivation),
            epsilon,
            dropout,
            ConfigReader.Dropout(file, named.AttentionDropout, DefaultDropout)
        );
        int layers = file.Integer(
                Field(file, named.Layers, Plain.Layers),
                1,
                ConfigReader.MostLayers
            ),
            width = named.EmbeddingWidth is { } field
                ? file.OptionalInteger(field, 1, ConfigReader.MostWide) ?? 128
                : hidden;
        return new ModelConfig
        {
            Family = this,
            Vocabulary = file.Integer("vocab_size", 1, ConfigReader.MostRows),
            Hidden = hidden,
            EmbeddingWidth = width,
            ProjectsEmbedding = width != hidden,
            Layers = [.. Enumerable.Repeat(block, layers)],
            Positions = file.Integer("max_position_embeddings", 1, ConfigReader.MostRows),
            Types = named.Types is { } types
                ? file.OptionalInteger(types, 0, ConfigReader.MostRows) ?? 2
                : 0,
            EmbeddingNorm = new NormSpec(epsilon),
            EmbeddingDropout = dropout,
            Head = Head with
            {
                Dropout = ConfigReader.Dropout(
                    file,
                    named.HeadDropout,
                    DefaultHeadDropout ?? dropout
                ),
            },
            Labels = [],
        };
    }

    /// <summary>A family's own name of a field, or the name that other families and transformers' code have for it.</summary>
    static string Field(JsonFields file, string own, string general)
    {
        if (own == general)
        {
            return own;
        }

        if (file.Optional(own) is { } value && file.Optional(general) is { } other)
        {
            return value.GetRawText() == other.GetRawText()
                ? own
                : throw file.Refuse(general, $"{value.GetRawText()}, as '{own}' says,");
        }

        return file.Has(own) || !file.Has(general) ? own : general;
    }

    internal override void Write(Utf8JsonWriter json, ModelConfig config)
    {
        BertFields named = Named;
        Block block = config.Layers[0];
        json.WriteNumber("vocab_size", config.Vocabulary);
        json.WriteNumber(named.Hidden, config.Hidden);
        if (named.EmbeddingWidth is { } width)
        {
            json.WriteNumber(width, config.EmbeddingWidth);
        }

        json.WriteNumber(named.Heads, config.NominalHeads);
        json.WriteNumber(named.Layers, config.Layers.Count);
        json.WriteNumber(named.FeedForward, config.Layers.Max(l => l.Mlp.Width));
        json.WriteNumber("max_position_embeddings", config.Positions);
        json.WriteString(named.Activation, ConfigReader.NameOf(block.Mlp.Activation));
        json.WriteNumber(named.HiddenDropout, config.EmbeddingDropout);
        json.WriteNumber(named.AttentionDropout, block.Attention.Dropout);
        json.WriteNumber(named.HeadDropout, ((ClassifierSpec)config.Head).Dropout);
        if (named.Types is { } types)
        {
            json.WriteNumber(types, config.Types);
        }

        if (named.NormEpsilon is { } epsilon)
        {
            json.WriteNumber(epsilon, block.Norm.Epsilon);
            json.WriteString("position_embedding_type", "absolute");
        }
    }

    protected override IReadOnlyDictionary<Part, PartName> Ends => BertEnds;
    protected override IReadOnlyDictionary<Role, PartName> LayerParts => BertParts;
    protected override IReadOnlyDictionary<Role, PartName> HeadParts => PoolerParts;

    protected override string LayerName(int layer) => $"encoder.layer.{layer}";

    static readonly Dictionary<Part, PartName> BertEnds = new()
    {
        [Part.Word] = "embeddings.word_embeddings",
        [Part.Position] = "embeddings.position_embeddings",
        [Part.Type] = "embeddings.token_type_embeddings",
        [Part.EmbeddingNorm] = "embeddings.LayerNorm",
        [Part.EmbeddingProjection] = "embeddings_project",
    };

    static readonly Dictionary<Role, PartName> BertParts = new()
    {
        [Role.Query] = "attention.self.query",
        [Role.Key] = "attention.self.key",
        [Role.Value] = "attention.self.value",
        [Role.Attention] = "attention.output.dense",
        [Role.AttentionNorm] = "attention.output.LayerNorm",
        [Role.Up] = "intermediate.dense",
        [Role.Down] = "output.dense",
        [Role.Norm] = "output.LayerNorm",
    };

    static readonly Dictionary<Role, PartName> PoolerParts = new()
    {
        [Role.Dense] = "bert.pooler.dense",
        [Role.Out] = "classifier",
    };
}
