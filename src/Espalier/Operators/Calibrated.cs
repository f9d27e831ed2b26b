using Espalier.Models;
using Espalier.Tensors;

namespace Espalier.Operators;

/// <summary>What the methods have in common that round weights by what they meet in examples.</summary>
public sealed record Calibrated
{
    public int Bits { get; init; } = 4;
    public int Group { get; init; } = Quantize.UsualGroup;

    /// <summary>Of the training split.</summary>
    public int Examples { get; init; } = 128;
    public TableForm Tables { get; init; } = TableForm.Fp32;
    public TableForm Head { get; init; } = TableForm.Fp32;

    public static IEnumerable<Option> Options<T>(
        Func<T, Calibrated> get,
        Func<T, Calibrated, T> with
    )
        where T : Operator
    {
        yield return Option.Text<T>(
            "bits",
            "Bits of a weight.",
            "4 or 8",
            o => $"{get(o).Bits}",
            (o, text) => text is "4" or "8" ? with(o, get(o) with { Bits = text[0] - '0' }) : null
        );
        yield return Option.Text<T>(
            "group",
            "Columns of a weight that share a scale.",
            "32, 64 or 128",
            o => $"{get(o).Group}",
            (o, text) =>
                text is "32" or "64" or "128" && Numeral.TryWhole(text, out ulong group)
                    ? with(o, get(o) with { Group = (int)group })
                    : null
        );
        yield return Option.Number<T>(
            "examples",
            "Examples of the training split that go through the layers.",
            1,
            100_000,
            o => get(o).Examples,
            (o, value) => with(o, get(o) with { Examples = (int)value })
        );
        yield return Option.Choice<T, TableForm>(
            "tables",
            "Form of the tables of words, positions and types.",
            o => get(o).Tables,
            (o, value) => with(o, get(o) with { Tables = value })
        );
        yield return Option.Choice<T, TableForm>(
            "head",
            "Form of the output: of classifiers, or of a language model's scores.",
            o => get(o).Head,
            (o, value) => with(o, get(o) with { Head = value })
        );
    }

    /// <summary>The traits of a model whose layers are rounded already, and what is not a layer.</summary>
    public Model Finish(Model model, OperatorContext context) =>
        new Quantize
        {
            Bits = Bits,
            GroupColumns = Group,
            Tables = Tables,
            Head = Head,
        }.Apply(model, context);
}
