namespace Espalier.Models.Families;

/// <summary>BERT (Devlin et al. 2019) and MiniLM, which has its shape.</summary>
sealed class Bert : Family
{
    internal static readonly Dictionary<string, string> Parts = new()
    {
        ["embeddings.word"] = "embeddings.word_embeddings.weight",
        ["embeddings.position"] = "embeddings.position_embeddings.weight",
        ["embeddings.type"] = "embeddings.token_type_embeddings.weight",
        ["embeddings.norm"] = "embeddings.LayerNorm",
        ["query"] = "attention.self.query",
        ["key"] = "attention.self.key",
        ["value"] = "attention.self.value",
        ["attention"] = "attention.output.dense",
        ["attention_norm"] = "attention.output.LayerNorm",
        ["up"] = "intermediate.dense",
        ["down"] = "output.dense",
        ["norm"] = "output.LayerNorm",
    };

    public override string ModelType => "bert";
    public override string Architecture => "BertForSequenceClassification";
    public override bool HeadDenseBelongsToEncoder => true;

    public override string EncoderName(string name) => Translate(name, "encoder.layer", Parts);

    public override string HeadName(string name) =>
        name.Replace("head.dense", "bert.pooler.dense", StringComparison.Ordinal)
            .Replace("head.out", "classifier", StringComparison.Ordinal);
}
