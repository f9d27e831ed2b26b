using Espalier.Kernels;

namespace Espalier.Models.Families;

/// <summary>DistilBERT (Sanh et al. 2019): no token types, a ReLU in the classifier, names of its own.</summary>
sealed class DistilBert : Bert
{
    public override string ModelType => "distilbert";
    public override string Architecture => "DistilBertForSequenceClassification";
    public override bool HeadDenseBelongsToEncoder => false;
    protected override ClassifierSpec Head => new(Activation.Relu);
    protected override float? DefaultHeadDropout => 0.2f;

    /// <summary>Its norms have BERT's epsilon whatever a file says, in transformers too.</summary>
    protected override BertFields Named { get; } =
        new()
        {
            Hidden = "dim",
            Heads = "n_heads",
            Layers = "n_layers",
            FeedForward = "hidden_dim",
            Activation = "activation",
            HiddenDropout = "dropout",
            AttentionDropout = "attention_dropout",
            HeadDropout = "seq_classif_dropout",
            Types = null,
            NormEpsilon = null,
        };

    protected override string LayerName(int layer) => $"transformer.layer.{layer}";

    protected override IReadOnlyDictionary<Role, PartName> LayerParts => Parts;
    protected override IReadOnlyDictionary<Role, PartName> HeadParts => Classifier;

    static readonly Dictionary<Role, PartName> Parts = new()
    {
        [Role.Query] = "attention.q_lin",
        [Role.Key] = "attention.k_lin",
        [Role.Value] = "attention.v_lin",
        [Role.Attention] = "attention.out_lin",
        [Role.AttentionNorm] = "sa_layer_norm",
        [Role.Up] = "ffn.lin1",
        [Role.Down] = "ffn.lin2",
        [Role.Norm] = "output_layer_norm",
    };

    static readonly Dictionary<Role, PartName> Classifier = new()
    {
        [Role.Dense] = "pre_classifier",
        [Role.Out] = "classifier",
    };
}
