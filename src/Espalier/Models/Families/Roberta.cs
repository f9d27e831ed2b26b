namespace Espalier.Models.Families;

/// <summary>RoBERTa (Liu et al. 2019): positions start behind the padding id, the classifier has its own dense layer.</summary>
sealed class Roberta : Family
{
    public override string ModelType => "roberta";
    public override string Architecture => "RobertaForSequenceClassification";
    public override bool DropsBeforeHead => true;

    public override int PositionOffset(int padId) => padId + 1;

    /// <summary>Ids that are padding are not counted, wherever they stand: transformers' create_position_ids_from_input_ids.</summary>
    public override int Position(int id, int padId, ref int counted) =>
        id == padId ? padId : padId + ++counted;

    public override string EncoderName(string name) => Translate(name, "encoder.layer", Bert.Parts);

    public override string HeadName(string name) =>
        name.Replace("head.dense", "classifier.dense", StringComparison.Ordinal)
            .Replace("head.out", "classifier.out_proj", StringComparison.Ordinal);
}
