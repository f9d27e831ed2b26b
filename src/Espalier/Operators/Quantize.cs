using Espalier.Models;

namespace Espalier.Operators;

/// <summary>
/// Q: int8 weights per output channel, activations quantized per row at run time. The parameters stay as they are; a
/// session quantizes when it packs them, so training operators can still follow.
/// </summary>
public sealed record Quantize() : Operator('Q', "dynamic", "quantize", Group.II, Known)
{
    public override Effects Effects => Effects.FewerBits;

    // int8 changes few answers.
    public override Touch Touches => new(Quality: 0.3);

    static readonly IReadOnlyList<Option> Known =
    [
        Option.Text<Quantize>(
            "bits",
            "Bits of a weight.",
            "8",
            o => $"{o.Bits}",
            (o, text) => text == "8" ? o : null
        ),
    ];

    public int Bits { get; init; } = 8;

    public override Model Apply(Model model, OperatorContext context) =>
        model with
        {
            Traits = model.Traits with { Precision = Precision.Int8 },
        };
}
