using Espalier.Models;
using Espalier.Tensors;

namespace Espalier.Operators;

/// <summary>
/// The methods that round a layer's weights by what they meet in examples, which go through layers that are rounded already.
/// </summary>
public abstract record Calibrated(string Method, string Title, IReadOnlyList<Option> Options)
    : Operator('Q', Method, Title, Group.II, Options)
{
    public sealed override Effects Effects => Effects.FewerBits;
    public sealed override Touch Touches => new(Quality: 0.3);

    /// <summary>Of a language model, whose weights alone are rounded and which 4 bits pay for.</summary>
    public sealed override IReadOnlyList<Operator> Variants(ModelConfig config) =>
        config.IsLanguage ? [this] : [];

    public int Bits { get; init; } = 4;
    public int GroupColumns { get; init; } = Quantize.UsualGroup;

    /// <summary>Of the training split.</summary>
    public int Examples { get; init; } = 128;
    public TableForm Tables { get; init; } = TableForm.Fp32;
    public TableForm Head { get; init; } = TableForm.Fp32;

    protected static IReadOnlyList<Option> Shared { get; } =
    [
        Option.Text<Calibrated>(
            "bits",
            "Bits of a weight.",
            "4 or 8",
            o => $"{o.Bits}",
            (o, text) => text is "4" or "8" ? o with { Bits = text[0] - '0' } : null
        ),
        Option.Text<Calibrated>(
            "group",
            "Columns of a weight that share a scale.",
            "32, 64 or 128",
            o => $"{o.GroupColumns}",
            (o, text) =>
                text is "32" or "64" or "128" && Numeral.TryWhole(text, out ulong group)
                    ? o with
                    {
                        GroupColumns = (int)group,
                    }
                    : null
        ),
        Option.Number<Calibrated>(
            "examples",
            "Examples of the training split that go through the layers.",
            1,
            100_000,
            o => o.Examples,
            (o, value) => o with { Examples = (int)value }
        ),
        Option.Choice<Calibrated, TableForm>(
            "tables",
            "Form of the tables of words, positions and types.",
            o => o.Tables,
            (o, value) => o with { Tables = value }
        ),
        Option.Choice<Calibrated, TableForm>(
            "head",
            "Form of the output: of classifiers, or of a language model's scores.",
            o => o.Head,
            (o, value) => o with { Head = value }
        ),
    ];

    /// <summary>The model with a layer rounded.</summary>
    /// <param name="moments">Of the inputs of its parts.</param>
    protected abstract Model Round(
        Model model,
        int layer,
        IReadOnlyDictionary<Role, Moments> moments,
        OperatorContext context
    );

    public sealed override Model Apply(Model model, OperatorContext context)
    {
        Model rounded = CalibrationRun.Run(
            model,
            CalibrationRun.Examples(context, Examples),
            context,
            (now, layer, moments) => Round(now, layer, moments, context)
        );

        // The traits, and what is not a layer.
        return new Quantize
        {
            Bits = Bits,
            GroupColumns = GroupColumns,
            Tables = Tables,
            Head = Head,
        }.Apply(rounded, context);
    }
}
