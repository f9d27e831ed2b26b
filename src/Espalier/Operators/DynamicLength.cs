using Espalier.Models;

namespace Espalier.Operators;

/// <summary>L: sequences keep their length; without it every example is padded to the task's longest.</summary>
public sealed record DynamicLength() : Operator('L', "unpadded", "dynamic length", Group.II, [])
{
    public override Effects Effects => Effects.NoPadding;

    // Padding changes no answer.
    public override Touch Touches => new(Quality: 0.05);

    public override string? Problem(ModelConfig config) =>
        config.IsLanguage
            ? "L leaves out padding, and language models are never padded here; leave L out."
            : null;

    public override Model Apply(Model model, OperatorContext context) =>
        model with
        {
            Traits = model.Traits with { DynamicLength = true },
        };
}
