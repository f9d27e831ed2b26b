using Espalier.Models;
using Espalier.Stored;
using Espalier.Tensors;

namespace Espalier.Operators;

/// <summary>Form of what is not a layer: tables of words, positions and types, the output.</summary>
public enum TableForm
{
    Fp32,
    Int8,
    Int4,
}

/// <summary>
/// Q: the layers' weights become int8 per output channel (a quarter of their size, in memory and on disk), or codes of 8 or 4 bits in
/// groups of columns; activations are quantized at run time. A training operator that follows works from what is left, in fp32, and
/// is rounded again.
/// </summary>
public sealed record Quantize() : Operator('Q', "dynamic", "quantize", Group.II, Known)
{
    /// <summary>Of a group in 4 bits, and of a table in 4 bits beside layers whose scales are per row.</summary>
    public const int UsualGroup = 64;

    // With 8 bits: of a language model, what language.md measured is groups of 32.
    const int UsualGroupOfLanguage = 32;

    public override Effects Effects => Effects.FewerBits;

    public override double Keeps => Bits / 8.0;

    /// <summary>Of a language model 4 bits too, which most of what it waits for is the reading of.</summary>
    public override IReadOnlyList<Operator> Variants(ModelConfig config) =>
        config.IsLanguage ? [this, this with { Bits = 4 }] : [this];

    // int8 changes few answers.
    public override Touch Touches => new(Quality: 0.3);

    static readonly IReadOnlyList<Option> Known =
    [
        Option.Text<Quantize>(
            "bits",
            "Bits of a weight.",
            "8 or 4",
            o => $"{o.Bits}",
            (o, text) => text is "8" or "4" ? o with { Bits = text[0] - '0' } : null
        ),
        Option.Choice<Quantize, TableForm>(
            "tables",
            "Form of the tables of words, positions and types, which are looked up; a tied output multiplies with the words.",
            o => o.Tables,
            (o, value) => o with { Tables = value }
        ),
        Option.Text<Quantize>(
            "group",
            "Columns of a weight that share a scale; auto is 64 with 4 bits, and with 8 the whole row, of a language model 32.",
            "auto, 32, 64 or 128",
            o => o.GroupColumns is { } group ? $"{group}" : "auto",
            (o, text) =>
                text == "auto" ? o with { GroupColumns = null }
                : text is "32" or "64" or "128" && Numeral.TryWhole(text, out ulong group)
                    ? o with
                    {
                        GroupColumns = (int)group,
                    }
                : null
        ) with
        {
            Later = true,
        },
        Option.Choice<Quantize, TableForm>(
            "head",
            "Form of the output: of classifiers, or of a language model's scores where they have a matrix of their own.",
            o => o.Head,
            (o, value) => o with { Head = value }
        ) with
        {
            Later = true,
        },
    ];

    public int Bits { get; init; } = 8;

    /// <summary>Null: <see cref="UsualGroup"/> with 4 bits; with 8 the whole row, of a language model 32.</summary>
    public int? GroupColumns { get; init; }
    public TableForm Tables { get; init; } = TableForm.Fp32;
    public TableForm Head { get; init; } = TableForm.Fp32;

    public override int Version => 2;

    public override Model Apply(Model model, OperatorContext context) =>
        Rounded(
            model,
            model.Traits with
            {
                Precision = Bits == 4 ? Precision.Int4 : Precision.Int8,
                Group = GroupOf(model.Config),
            }
        );

    /// <summary>Columns of such a model's weights that share a scale; 0: all of a row.</summary>
    internal int GroupOf(ModelConfig config) =>
        GroupColumns
        ?? (
            Bits == 4 ? UsualGroup
            : config.IsLanguage ? UsualGroupOfLanguage
            : 0
        );

    /// <summary>The model with weights of layers as the traits ask, and the others as the options do.</summary>
    internal Model Rounded(Model model, Traits traits) =>
        model with
        {
            Parameters = model.Parameters.With(name => Rounded(model, name, traits)),
            Traits = traits,
        };

    /// <summary>The matrices of the layers, and the others that are asked for; null: it stays.</summary>
    Weight? Rounded(Model model, string name, Traits traits)
    {
        Part part = Part.Of(name);
        Weight weight = model.Parameters.Stored(name);
        TableForm? form =
            part.IsTable ? Tables
            : part.Stretch is Stretch.Head or Stretch.Exit ? Head
            : null;
        return part.Stretch == Stretch.Layer ? traits.Rounded(weight)
            : form is null ? null
            : Of(form.Value, traits.Group).Rounded(weight);
    }

    static Traits Of(TableForm form, int group) =>
        form switch
        {
            TableForm.Int8 => new Traits(Precision.Int8, Group: group),
            TableForm.Int4 => new Traits(Precision.Int4, Group: group == 0 ? UsualGroup : group),
            _ => new Traits(),
        };
}
