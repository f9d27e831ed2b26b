using Espalier.Models;

namespace Espalier.Operators;

/// <summary>O(downloaded): the checkpoint as it is, its classifier trained by whoever published it; fp32 and padded, as a baseline is.</summary>
public sealed record AsDownloaded : Operator
{
    public override char Letter => 'O';
    public override string Method => "downloaded";
    public override string Title => "take the original as downloaded";
    public override Group Group => Group.Start;
    public override bool IsOriginal => true;
    public override bool KeepsClassifier => true;
    public override IReadOnlyList<Option> Options => [];
    public override IReadOnlyList<OrderRule> Rules => [FineTune.First];

    public override IReadOnlyList<Operator> Variants(ModelConfig config) => [];

    public override Model Apply(Model model, OperatorContext context) =>
        model with
        {
            Traits = new Traits(),
        };
}
