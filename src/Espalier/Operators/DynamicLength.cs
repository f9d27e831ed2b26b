using Espalier.Models;

namespace Espalier.Operators;

/// <summary>
/// L: sequences keep their length; without it every example is padded to the task's longest, and what requests to a language model
/// read in one step to the longest of them. A step of a token each, and windows of one length, have nothing to pad.
/// </summary>
public sealed record DynamicLength() : Operator('L', "unpadded", "dynamic length", Group.II, [])
{
    public override Effects Effects => Effects.NoPadding;

    // Padding changes no answer.
    public override Touch Touches => new(Quality: 0.05);

    /// <summary>Tokens and windows, which a language model is compared by, have nothing to pad.</summary>
    public override IReadOnlyList<Operator> Variants(ModelConfig config) =>
        config.IsLanguage ? [] : [this];

    public override Model Apply(Model model, OperatorContext context) =>
        model with
        {
            Traits = model.Traits with { DynamicLength = true },
        };
}
