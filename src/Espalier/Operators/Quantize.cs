using Espalier.Models;
using Espalier.Stored;

namespace Espalier.Operators;

/// <summary>Form of the tables of words, positions and types.</summary>
public enum TableForm
{
    Fp32,
    Int8,
}

/// <summary>
/// Q: the layers' weights become int8 per output channel (a quarter of their size, in memory and on disk), and activations are
/// quantized per row at run time. A training operator that follows works from what is left, in fp32, and is rounded again.
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
        Option.Choice<Quantize, TableForm>(
            "tables",
            "Form of the tables of words, positions and types, which are looked up and not multiplied.",
            o => o.Tables,
            (o, value) => o with { Tables = value }
        ),
    ];

    public int Bits { get; init; } = 8;
    public TableForm Tables { get; init; } = TableForm.Fp32;

    public override int Version => 2;

    public override Model Apply(Model model, OperatorContext context) =>
        model with
        {
            Parameters = model.Parameters.With(name => Rounded(model, name)),
            Traits = model.Traits with { Precision = Precision.Int8 },
        };

    /// <summary>The matrices of the layers, and the tables where they are asked for; null: it stays.</summary>
    Weight? Rounded(Model model, string name)
    {
        Part part = Part.Of(name);
        Weight weight = model.Parameters.Stored(name);
        bool asked = part.Stretch == Stretch.Layer || Tables == TableForm.Int8 && part.IsTable;
        return asked && weight is { Shape.Rank: 2 } and not Int8Rows
            ? Int8Rows.Of(weight.Dense())
            : null;
    }
}
