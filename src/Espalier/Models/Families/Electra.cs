using Espalier.Kernels;

namespace Espalier.Models.Families;

/// <summary>ELECTRA (Clark et al. 2020): tables may be narrower than the layers, and the classifier has its own dense layer with a GELU.</summary>
sealed class Electra : Bert
{
    public override string ModelType => "electra";
    public override string Architecture => "ElectraForSequenceClassification";
    public override bool HeadDenseBelongsToEncoder => false;
    protected override BertFields Named { get; } = new() { EmbeddingWidth = "embedding_size" };
    protected override ClassifierSpec Head => new(Activation.Gelu) { DropsFirst = true };
    protected override IReadOnlyDictionary<Role, PartName> HeadParts => Roberta.OutProjection;
}
