using System.Globalization;
using Espalier.Data;
using Espalier.Models;
using Espalier.Stored;
using Espalier.Tensors;

namespace Espalier.Operators.MixedPrecision;

/// <summary>What a budget is of.</summary>
public enum Budgeted
{
    /// <summary>Bytes of the layers' matrices.</summary>
    Size,

    /// <summary>Time, counted from shapes and not by a clock, so that it is the same everywhere.</summary>
    Time,
}

/// <summary>What says how much few bits harm.</summary>
public enum Sensitivity
{
    /// <summary>How much more the model loses with these weights alone rounded.</summary>
    Loss,

    /// <summary>½ Ω ‖W − round(W)‖² with Q-BERT's Ω; see <see cref="Curvature"/>.</summary>
    Hessian,
}

/// <summary>What has bits of its own.</summary>
public enum Grain
{
    Layer,

    /// <summary>The linears of one input: queries, keys and values; the projection behind the heads; into the neurons; out of them.</summary>
    Product,
}

/// <summary>
/// Q(mixed): bits by sensitivity. Each layer has 4 bits, 8 or all, the choice that loses least within a budget if harms add up, which a
/// knapsack finds exactly (as HAWQ-V3 does, Yao et al. 2021, arXiv 2011.10680, with an integer program).
/// </summary>
public sealed record Mixed()
    : Operator('Q', "mixed", "quantize, each layer to the bits that it needs", Group.II, Known)
{
    const int UsualExamples = 256;

    // A window of text has as many losses as tokens.
    const int UsualWindows = 8;
    const int AtOnce = 16;
    const int Portions = 4;

    // Of fp32, which stays as it is.
    const int Whole = 32;

    /// <summary>
    /// Time of a multiply-add, of int8 rows 1: of texts that are read whole (benchmarks/results/zen4, int4.md and bench.md). A token that a
    /// language model writes reads each weight once, and bytes are its time.
    /// </summary>
    static readonly (int Bits, double Time)[] Choices = [(4, 1.2), (8, 1), (Whole, 3.9)];

    static readonly IReadOnlyList<Option> Known =
    [
        Option.Number<Mixed>(
            "budget",
            "Share of what the layers would take with 8 bits throughout.",
            0.1,
            10,
            o => o.Budget,
            (o, value) => o with { Budget = value }
        ),
        Option.Choice<Mixed, Budgeted>(
            "of",
            "What is shared out: bytes, or time as counted from shapes, which for a language model are the bytes that a token reads.",
            o => o.Budgeted,
            (o, value) => o with { Budgeted = value }
        ),
        Option.Choice<Mixed, Sensitivity>(
            "by",
            "What says how much few bits harm: the loss with one layer alone rounded, or how bent the loss is along its weights (slow).",
            o => o.By,
            (o, value) => o with { By = value }
        ),
        Option.Choice<Mixed, Grain>(
            "per",
            "What has bits of its own: a layer, or those of its products that have one input.",
            o => o.Per,
            (o, value) => o with { Per = value }
        ),
        Option.Text<Mixed>(
            "examples",
            "Examples of the tuning split that tell; auto is 256 of a labelled task and 8 of a text.",
            "auto or a count",
            o => o.Examples?.ToString(CultureInfo.InvariantCulture) ?? "auto",
            (o, text) =>
                text == "auto" ? o with { Examples = null }
                : Numeral.TryWhole(text, out int count) && count > 0 ? o with { Examples = count }
                : null
        ),
        Option.Choice<Mixed, TableForm>(
            "tables",
            "Form of the tables of words, positions and types.",
            o => o.Tables,
            (o, value) => o with { Tables = value }
        ),
        Option.Choice<Mixed, TableForm>(
            "head",
            "Form of the output: of classifiers, or of a language model's scores.",
            o => o.Head,
            (o, value) => o with { Head = value }
        ),
    ];

    public double Budget { get; init; } = 0.75;
    public Budgeted Budgeted { get; init; }
    public Sensitivity By { get; init; }
    public Grain Per { get; init; }

    /// <summary>Null: 256 of a labelled task, 8 of a text.</summary>
    public int? Examples { get; init; }
    public TableForm Tables { get; init; } = TableForm.Fp32;
    public TableForm Head { get; init; } = TableForm.Fp32;

    public override Effects Effects => Effects.FewerBits;
    public override Touch Touches => new(Quality: 0.3);

    public override IReadOnlyList<Operator> Variants(ModelConfig config) => [];

    public override string? Problem(ModelConfig config)
    {
        Dictionary<string, Shape> shapes = config.Shapes().ToDictionary(p => p.Name, p => p.Shape);
        double Total(Func<string[], double> cost) => Units(config).Sum(u => cost(u.Names));
        double least =
            Total(names => Choices.Min(c => Cost(names, c.Bits))) / Total(names => Cost(names, 8));
        return Budget >= least
            ? null
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{Name} has a budget of {Budget:0.###} of what 8 bits take, and no choice takes less than {Math.Ceiling(1000 * least) / 1000:0.###} of this model's {(Budgeted == Budgeted.Size ? "bytes" : "time")}; ask for that at least."
            );

        double Cost(string[] names, int bits) => names.Sum(n => CostOf(config, shapes[n], bits));
    }

    public override Model Apply(Model model, OperatorContext context)
    {
        ModelConfig config = model.Config;
        Unit[] units = Units(config);
        double[][] harms =
            By == Sensitivity.Loss
                ? ByLoss(model, units, context)
                : ByHessian(model, units, context);
        Choice[][] items =
        [
            .. units.Select(
                (unit, u) =>
                    Choices
                        .Select(
                            (c, i) =>
                                new Choice(
                                    unit.Names.Sum(n =>
                                        CostOf(config, model.Parameters.Stored(n).Shape, c.Bits)
                                    ),
                                    harms[u][i]
                                )
                        )
                        .ToArray()
            ),
        ];
        int eight = Array.FindIndex(Choices, c => c.Bits == 8);
        int[] taken =
            Knapsack.Least(items, Budget * items.Sum(i => i[eight].Cost))
            ?? throw new InvalidDataException(Problem(config));
        context.Note?.Invoke(Told(units, taken));
        Dictionary<string, int> bits = units
            .SelectMany((unit, u) => unit.Names.Select(n => (n, Choices[taken[u]].Bits)))
            .ToDictionary();
        Model rounded = model with
        {
            Parameters = model.Parameters.With(n =>
                bits.TryGetValue(n, out int own) && own != Whole
                    ? Rounded(config, model.Parameters[n], own)
                    : null
            ),
        };
        return new Quantize { Tables = Tables, Head = Head }.Rounded(
            rounded,
            model.Traits with
            {
                Precision = Precision.Mixed,
                Group = new Quantize().GroupOf(config),
            }
        );
    }

    /// <summary>Matrices that get the same bits.</summary>
    sealed record Unit(string Name, string[] Names);

    Unit[] Units(ModelConfig config) =>
        [
            .. Enumerable
                .Range(0, config.Layers.Count)
                .DistinctBy(config.SetOf)
                .SelectMany(layer =>
                    CalibrationRun
                        .Linears(config.Layers[layer])
                        .GroupBy(
                            l =>
                                Per == Grain.Layer
                                    ? $"{layer}"
                                    : $"{layer} {l.Input}".ToLowerInvariant(),
                            l => config.PartOf(layer, l.Linear).Weight
                        )
                )
                .Select(names => new Unit(names.Key, [.. names])),
        ];

    static Weight Rounded(ModelConfig config, Tensor weight, int bits) =>
        new Traits(
            bits == 4 ? Precision.Int4 : Precision.Int8,
            Group: new Quantize { Bits = bits }.GroupOf(config)
        ).Rounded(weight);

    /// <summary>Of a matrix in such bits, in the unit of the budget.</summary>
    double CostOf(ModelConfig config, Shape shape, int bits)
    {
        if (Budgeted == Budgeted.Time && !config.IsLanguage)
        {
            return shape.Count * Choices.First(c => c.Bits == bits).Time;
        }

        int group = bits == Whole ? 0 : new Quantize { Bits = bits }.GroupOf(config);
        return bits == Whole ? 4.0 * shape.Count
            : group == 0 ? Int8Rows.BytesOf(shape)
            : IntGroups.BytesOf(shape, bits, group);
    }

    IReadOnlyList<Batch> Batches(Model model, OperatorContext context) =>
        context.Task.Tuning.Spread(
            Examples ?? (model.Config.IsLanguage ? UsualWindows : UsualExamples),
            model.Config.IsLanguage ? 1 : AtOnce
        );

    double[][] ByLoss(Model model, Unit[] units, OperatorContext context)
    {
        IReadOnlyList<Batch> batches = Batches(model, context);
        Trial trial = new(model, context);
        double plain = trial.Loss(batches);
        return
        [
            .. units.Select(unit =>
                Choices
                    .Select(c =>
                    {
                        if (c.Bits == Whole)
                        {
                            return 0;
                        }

                        trial.Put(
                            unit.Names.ToDictionary(
                                n => n,
                                n => Rounded(model.Config, model.Parameters[n], c.Bits).Dense()
                            )
                        );
                        return trial.Loss(batches) - plain;
                    })
                    .ToArray()
            ),
        ];
    }

    double[][] ByHessian(Model model, Unit[] units, OperatorContext context)
    {
        IReadOnlyList<Batch> batches = Batches(model, context);
        Batch[] portions =
        [
            .. Enumerable
                .Range(0, Math.Min(Portions, batches.Count))
                .Select(i => batches[i * batches.Count / Math.Min(Portions, batches.Count)]),
        ];
        Trial trial = new(model, context);
        Rng rng = context.Rng.Split("curvature");
        return
        [
            .. units.Select(unit =>
            {
                double bent = Curvature.Of(
                    trial,
                    model.Parameters,
                    unit.Names,
                    portions,
                    rng.Split(unit.Name)
                );
                return Choices.Select(c => 0.5 * bent * SquaresOff(model, unit, c.Bits)).ToArray();
            }),
        ];
    }

    /// <summary>‖W − round(W)‖².</summary>
    static double SquaresOff(Model model, Unit unit, int bits)
    {
        double sum = 0;
        foreach (string name in bits == Whole ? [] : unit.Names)
        {
            Tensor weight = model.Parameters[name],
                rounded = Rounded(model.Config, weight, bits).Dense();
            for (int i = 0; i < weight.Count; i++)
            {
                double off = weight.Span[i] - rounded.Span[i];
                sum += off * off;
            }
        }

        return sum;
    }

    string Told(Unit[] units, int[] taken) =>
        $"{Name}: "
        + string.Join(
            "; ",
            Choices
                .Select(
                    (choice, i) =>
                    {
                        string[] own =
                        [
                            .. units.Where((_, u) => taken[u] == i).Select(u => u.Name),
                        ];
                        return own.Length == 0
                            ? null
                            : $"{choice.Bits} bits in {(own.Length == units.Length ? "all layers" : $"layers {string.Join(", ", own)}")}";
                    }
                )
                .OfType<string>()
        )
        + ".";
}
