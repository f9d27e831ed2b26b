using Espalier.Models;

namespace Espalier.Operators;

/// <summary>O(downloaded): the checkpoint as it is, trained for the task by whoever published it; fp32 and padded, as a baseline is.</summary>
public sealed record AsDownloaded()
    : Operator('O', "downloaded", "take the original as downloaded", Group.Start, [])
{
    public override bool IsOriginal => true;
    public override bool KeepsClassifier => true;

    public override Model Apply(Model model, OperatorContext context) =>
        model with
        {
            Traits = new Traits(),
        };
}
