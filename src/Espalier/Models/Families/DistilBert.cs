using Espalier.Kernels;

namespace Espalier.Models.Families;

/// <summary>DistilBERT (Sanh et al. 2019): no token types, a ReLU in the classifier, names of its own.</summary>
sealed class DistilBert : Family
{
    static readonly Dictionary<string, string> Parts = new()
    {
        ["embeddings.word"] = "embeddings.word_embeddings.weight",
        ["embeddings.position"] = "embeddings.position_embeddings.weight",
        ["embeddings.norm"] = "embeddings.LayerNorm",
        ["query"] = "attention.q_lin",
        ["key"] = "attention.k_lin",
        ["value"] = "attention.v_lin",
        ["attention"] = "attention.out_lin",
        ["attention_norm"] = "sa_layer_norm",
        ["up"] = "ffn.lin1",
        ["down"] = "ffn.lin2",
        ["norm"] = "output_layer_norm",
    };

    public override string ModelType => "distilbert";
    public override string Architecture => "DistilBertForSequenceClassification";
    public override Activation HeadActivation => Activation.Relu;

    public override string EncoderName(string name) => Translate(name, "transformer.layer", Parts);

    public override string HeadName(string name) =>
        name.Replace("head.dense", "pre_classifier", StringComparison.Ordinal)
            .Replace("head.out", "classifier", StringComparison.Ordinal);
}
