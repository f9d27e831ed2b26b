namespace Espalier.Models.Families;

/// <summary>RoBERTa (Liu et al. 2019): positions start behind the padding id, the classifier has its own dense layer.</summary>
class Roberta : Bert
{
    public override string ModelType => "roberta";
    public override string Architecture => "RobertaForSequenceClassification";
    public override bool HeadDenseBelongsToEncoder => false;
    internal override int DefaultPadId => 1;
    protected override ClassifierSpec Head => new() { DropsFirst = true };

    public override int PositionOffset(int padId) => padId + 1;

    /// <summary>Ids that are padding are not counted, wherever they stand: transformers' create_position_ids_from_input_ids.</summary>
    public override int Position(int id, int padId, ref int counted) =>
        id == padId ? padId : padId + ++counted;

    protected override IReadOnlyDictionary<Role, PartName> HeadParts => OutProjection;

    /// <summary>The names of a classifier that has its own dense layer.</summary>
    internal static readonly Dictionary<Role, PartName> OutProjection = new()
    {
        [Role.Dense] = "classifier.dense",
        [Role.Out] = "classifier.out_proj",
    };
}

/// <summary>XLM-RoBERTa (Conneau et al. 2020): RoBERTa's network with a SentencePiece vocabulary of a hundred languages.</summary>
sealed class XlmRoberta : Roberta
{
    public override string ModelType => "xlm-roberta";
    public override string Architecture => "XLMRobertaForSequenceClassification";
    public override string Prefix => "roberta.";
}
