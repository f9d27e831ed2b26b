using Espalier.Kernels;
using Espalier.Models;
using Espalier.Stored;
using Espalier.Tensors;

namespace Espalier.Operators.Sparse;

/// <summary>Which share of each layer's weights goes.</summary>
public enum Allocation
{
    /// <summary>The same of every layer.</summary>
    Uniform,

    /// <summary>Less of those whose change moves the loss more; see <see cref="Ecoflap"/>.</summary>
    Ecoflap,
}

/// <summary>
/// Weights of the layers' linears become 0 one by one, where they stand and without training: what papers compare pruning with. The
/// matrices stay dense, as no kernel here skips zeros, so nothing is faster or smaller for it, and no search tries it.
/// </summary>
public abstract record Unstructured(string Method, string Title, IReadOnlyList<Option> Options)
    : Operator('P', Method, Title, Group.I, Options)
{
    /// <summary>Columns that a pattern has in two sizes: 2:4 and 4:8.</summary>
    static readonly string[] Patterns = ["none", "2:4", "4:8"];

    /// <summary>Of every method.</summary>
    protected static IReadOnlyList<Option> Known { get; } =
    [
        Option.Number<Unstructured>(
            "sparsity",
            "Share of the weights that become 0; they stay where they are, so that nothing is faster or smaller here.",
            0,
            0.99,
            o => o.Sparsity,
            (o, value) => o with { Sparsity = value }
        ),
        Option.Text<Unstructured>(
            "pattern",
            "So many weights of each so many neighbours in a row stay, which some processors can use, none of them here.",
            string.Join(" or ", Patterns),
            o => o.Span == 0 ? Patterns[0] : $"{o.Span / 2}:{o.Span}",
            (o, text) =>
                Array.IndexOf(Patterns, text) is var i and >= 0 ? o with { Span = 4 * i } : null
        ),
        Option.Choice<Unstructured, Allocation>(
            "allocation",
            "Whether each layer loses the same share, or less where a small change of it moves the loss more.",
            o => o.Allocation,
            (o, value) => o with { Allocation = value }
        ),
    ];

    /// <summary>Of those that look at what weights meet.</summary>
    protected static IReadOnlyList<Option> KnownOfInputs { get; } =
    [
        .. Known,
        Option.Number<Unstructured>(
            "examples",
            "Examples of the training split that go through the layers.",
            1,
            100_000,
            o => o.Examples,
            (o, value) => o with { Examples = (int)value }
        ),
    ];

    public double Sparsity { get; init; } = 0.5;

    /// <summary>Neighbours in a row of which half stay; 0: anywhere.</summary>
    public int Span { get; init; }
    public Allocation Allocation { get; init; }

    /// <summary>Of the training split; those that look at weights alone need none.</summary>
    public int Examples { get; init; } = 128;

    public sealed override bool Trains => false;

    // A little, as a scale of 0 would be a certainty.
    public sealed override Touch Touches => new(Time: 0.02, Size: 0.02);

    public sealed override string Remark =>
        $"{Name} sets weights to 0 in matrices that stay dense, as papers do that compare pruning methods: its quality is to be compared, and nothing is faster or smaller for it here.";

    public sealed override IReadOnlyList<Operator> Variants(ModelConfig config) => [];

    public sealed override string? Problem(ModelConfig config) =>
        Span == 0 ? null
        : Sparsity != 0.5
            ? $"{Name} keeps half of the weights with pattern={Span / 2}:{Span}, and sparsity is {Sparsity:0.##}; leave one of them out."
        : Allocation != Allocation.Uniform
            ? $"{Name} keeps half of every layer with pattern={Span / 2}:{Span}, so that there is nothing to allocate; leave one of them out."
        : null;

    public sealed override Model Apply(Model model, OperatorContext context)
    {
        int sets = 1 + model.Config.Layers.Select((_, layer) => model.Config.SetOf(layer)).Max();
        double[] shares =
            Allocation == Allocation.Ecoflap
                ? Ecoflap.Shares(model, Sparsity, context)
                : [.. Enumerable.Repeat(Sparsity, sets)];
        return Walk(
            model,
            context,
            (now, layer, moments) =>
            {
                Dictionary<string, Weight> zeroed = [];
                foreach (
                    var linears in CalibrationRun
                        .Linears(now.Config.Layers[layer])
                        .GroupBy(
                            l => l.Input,
                            l => (Name: now.Config.PartOf(layer, l.Linear).Weight, l.Input)
                        )
                )
                {
                    Tensor[] copies = [.. linears.Select(l => now.Parameters[l.Name].Clone())];
                    Zero(
                        copies,
                        moments?[linears.Key],
                        shares[now.Config.SetOf(layer)],
                        context.Workers
                    );
                    foreach (var (linear, copy) in linears.Zip(copies))
                    {
                        zeroed.Add(linear.Name, copy);
                    }
                }

                return now with
                {
                    Parameters = now.Parameters.With(name => zeroed.GetValueOrDefault(name)),
                };
            }
        );
    }

    /// <summary>Changes each set of weights once, the first layer first.</summary>
    /// <param name="change">From the moments of the inputs, where there are any.</param>
    protected virtual Model Walk(
        Model model,
        OperatorContext context,
        Func<Model, int, IReadOnlyDictionary<Role, Moments>?, Model> change
    ) =>
        CalibrationRun.Run(
            model,
            CalibrationRun.Examples(context, Examples),
            context,
            (now, layer, moments) => change(now, layer, moments)
        );

    /// <summary>Writes zeros into matrices [outputs, K] that have the same inputs.</summary>
    /// <param name="moments">Of the inputs; null: they were not looked at.</param>
    internal abstract void Zero(Tensor[] weights, Moments? moments, double share, Workers workers);

    /// <summary>Zeros for the lowest |w| · norm of every so many neighbours.</summary>
    /// <param name="norms">Of each column; null: 1.</param>
    /// <param name="neighbours">That are compared with each other, where there is no pattern: a row, or all of the matrix.</param>
    private protected void ZeroLowest(
        Tensor weight,
        double[]? norms,
        double share,
        int neighbours,
        Workers workers
    )
    {
        int width = weight.Columns,
            count = Span == 0 ? neighbours : width;
        workers.Run(
            weight.Count / count,
            job =>
            {
                Span<float> part = weight.Span.Slice(job * count, count);
                double[] scores = new double[count];
                for (int i = 0; i < count; i++)
                {
                    scores[i] = Math.Abs(part[i]) * (norms?[i % width] ?? 1);
                }

                bool[] gone = new bool[count];
                if (Span == 0)
                {
                    Lowest.Mark(scores, Lowest.Count(share, count), gone);
                }
                else
                {
                    Lowest.MarkHalf(scores, Span, gone);
                }

                for (int i = 0; i < count; i++)
                {
                    part[i] = gone[i] ? 0 : part[i];
                }
            }
        );
    }
}
