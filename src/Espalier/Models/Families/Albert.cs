using System.Text.Json;
using Espalier.Checkpoints;

namespace Espalier.Models.Families;

/// <summary>ALBERT (Lan et al. 2020): layers share their weights in groups, and tables are narrower than the layers.</summary>
sealed class Albert : Bert
{
    public override string ModelType => "albert";
    public override string Architecture => "AlbertForSequenceClassification";
    protected override string DefaultActivation => "gelu_new";
    protected override float DefaultDropout => 0;
    protected override float? DefaultHeadDropout => 0.1f;
    protected override BertFields Named { get; } =
        new() { EmbeddingWidth = "embedding_size", HeadDropout = "classifier_dropout_prob" };

    // csharpier-ignore
    internal override IReadOnlySet<string> Fields =>
        new HashSet<string>([.. base.Fields, "num_hidden_groups", "inner_group_num",
            "down_scale_factor", "gap_size", "net_structure_type", "num_memory_blocks", "layers_to_keep"]);

    internal override ModelConfig Read(JsonFields file)
    {
        ModelConfig config = base.Read(file);
        int layers = config.Layers.Count,
            groups = file.OptionalInteger("num_hidden_groups", 1, layers) ?? 1;
        if ((file.OptionalInteger("inner_group_num", 0, int.MaxValue) ?? 1) != 1)
        {
            throw file.Refuse("inner_group_num", "1 (one layer in each group)");
        }

        return config with
        {
            ProjectsEmbedding = true,
            Sharing = Groups(layers, groups),
            // Nothing is dropped behind the feed-forward part.
            Layers =
            [
                .. config.Layers.Select(l => l with { Mlp = l.Mlp with { OutputDropout = 0 } }),
            ],
        };
    }

    internal override void Write(Utf8JsonWriter json, ModelConfig config)
    {
        base.Write(json, config);
        json.WriteNumber("num_hidden_groups", config.Sharing!.Distinct().Count());
        json.WriteNumber("inner_group_num", 1);
    }

    internal override bool IsPlain(ModelConfig config) =>
        base.IsPlain(config)
        && config.Sharing!.SequenceEqual(
            Groups(config.Layers.Count, config.Sharing!.Distinct().Count())
        );

    static int[] Groups(int layers, int groups) =>
        [.. Enumerable.Range(0, layers).Select(i => (int)((long)i * groups / layers))];

    protected override string LayerName(int layer) =>
        $"encoder.albert_layer_groups.{layer}.albert_layers.0";

    protected override IReadOnlyDictionary<Part, PartName> Ends { get; } =
        new Dictionary<Part, PartName>
        {
            [Part.Word] = "embeddings.word_embeddings",
            [Part.Position] = "embeddings.position_embeddings",
            [Part.Type] = "embeddings.token_type_embeddings",
            [Part.EmbeddingNorm] = "embeddings.LayerNorm",
            [Part.EmbeddingProjection] = "encoder.embedding_hidden_mapping_in",
        };

    protected override IReadOnlyDictionary<Role, PartName> LayerParts { get; } =
        new Dictionary<Role, PartName>
        {
            [Role.Query] = "attention.query",
            [Role.Key] = "attention.key",
            [Role.Value] = "attention.value",
            [Role.Attention] = "attention.dense",
            [Role.AttentionNorm] = "attention.LayerNorm",
            [Role.Up] = "ffn",
            [Role.Down] = "ffn_output",
            [Role.Norm] = "full_layer_layer_norm",
        };

    protected override IReadOnlyDictionary<Role, PartName> HeadParts { get; } =
        new Dictionary<Role, PartName>
        {
            [Role.Dense] = "albert.pooler",
            [Role.Out] = "classifier",
        };
}
