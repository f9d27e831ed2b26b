using System.Numerics.Tensors;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Stored;
using Tensor = Espalier.Tensors.Tensor;

namespace Espalier.Operators;

/// <summary>In which order columns are rounded.</summary>
public enum ColumnOrder
{
    /// <summary>Those with the largest inputs first, on grids of the original weights.</summary>
    Activation,
    Columns,
}

/// <summary>Which numbers the codes of a group stand for.</summary>
public enum GroupGrid
{
    /// <summary>From its least weight to its largest.</summary>
    Ends,

    /// <summary>Those that lose least; see <see cref="FittedGrid"/>.</summary>
    Fitted,
}

/// <summary>
/// Q(gptq): GPTQ (Frantar et al. 2023, algorithm 1). A layer's weights are rounded column by column, and what a column loses is made
/// up for by those that are still to come, as H = 2/n Σ x xᵀ of its inputs says; the examples go through layers that are rounded.
/// </summary>
public sealed record Gptq()
    : Calibrated("gptq", "quantize, each column making up for those before", Known)
{
    static readonly IReadOnlyList<Option> Known =
    [
        .. Shared,
        Option.Number<Gptq>(
            "damp",
            "Added to the diagonal of H, as a share of its mean.",
            1e-6,
            1,
            o => o.Damp,
            (o, value) => o with { Damp = value }
        ),
        Option.Choice<Gptq, ColumnOrder>(
            "order",
            "In which columns are rounded: those with the largest inputs first, or as they stand.",
            o => o.Order,
            (o, value) => o with { Order = value }
        ),
        Option.Choice<Gptq, GroupGrid>(
            "grid",
            "Which numbers a group's codes of 4 bits stand for: from its least weight to its largest, or those that lose least.",
            o => o.Grids,
            (o, value) => o with { Grids = value }
        ) with
        {
            Later = true,
        },
    ];

    public double Damp { get; init; } = 0.01;
    public ColumnOrder Order { get; init; } = ColumnOrder.Activation;
    public GroupGrid Grids { get; init; }

    protected override Model Round(
        Model model,
        int layer,
        IReadOnlyDictionary<Role, Moments> moments,
        OperatorContext context
    )
    {
        Dictionary<string, Weight> rounded = [];
        foreach (
            var linears in CalibrationRun.Linears(model.Config.Layers[layer]).GroupBy(l => l.Input)
        )
        {
            InverseHessian inverse = InverseHessian.Of(moments[linears.Key], Damp, Order);
            foreach (var (linear, _) in linears)
            {
                string name = model.Config.PartOf(layer, linear).Weight;
                rounded[name] = Round(model.Parameters[name], inverse, context.Workers);
            }
        }

        return model with
        {
            Parameters = model.Parameters.With(name => rounded.GetValueOrDefault(name)),
        };
    }

    IntGroups Round(Tensor weight, InverseHessian inverse, Workers workers)
    {
        int group = GroupColumns;
        IntGroups.Builder builder = new(weight.Shape, Bits, group);
        workers.Run(
            weight.Rows,
            r =>
            {
                Grid[] grids = new Grid[(weight.Columns + group - 1) / group];
                byte[] codes = new byte[weight.Columns];
                Row(weight.Row(r), inverse, narrow: true, grids, codes);
                for (int i = 0; i < codes.Length; i++)
                {
                    if (i % group == 0)
                    {
                        builder.Begin(r, i, grids[i / group]);
                    }

                    builder.Set(r, i, codes[i]);
                }
            }
        );
        return builder.Build();
    }

    /// <summary>Rounds a row of weights.</summary>
    /// <param name="narrow">As <see cref="Grid.Of(ReadOnlySpan{float}, int, bool)"/> has it.</param>
    internal void Row(
        ReadOnlySpan<float> weights,
        InverseHessian inverse,
        bool narrow,
        Span<Grid> grids,
        Span<byte> codes
    )
    {
        int width = weights.Length,
            group = GroupColumns;
        int[] order = inverse.Order;
        double[] left = new double[width];
        float[] part = new float[group];
        for (int j = 0; j < width; j++)
        {
            left[j] = inverse.IsDead(order[j]) ? 0 : weights[order[j]];
        }

        for (int g = 0; inverse.Permutes && g < grids.Length; g++)
        {
            int first = g * group,
                past = Math.Min(width, first + group);
            grids[g] = GridOf(weights[first..past], first, inverse, narrow);
        }

        for (int j = 0; j < width; j++)
        {
            int column = order[j];
            if (!inverse.Permutes && j % group == 0)
            {
                int count = Math.Min(group, width - j);
                TensorPrimitives.ConvertTruncating<double, float>(left.AsSpan(j, count), part);
                grids[j / group] = GridOf(part.AsSpan(0, count), j, inverse, narrow);
            }

            Grid grid = grids[column / group];
            codes[column] = grid.Code((float)left[j]);
            ReadOnlySpan<double> factors = inverse.Row(j);
            double error = (left[j] - grid.Value(codes[column])) / factors[0];
            Span<double> rest = left.AsSpan(j + 1);
            TensorPrimitives.MultiplyAdd(factors[1..], -error, rest, rest);
        }
    }

    /// <param name="first">Column of the first weight.</param>
    Grid GridOf(ReadOnlySpan<float> part, int first, InverseHessian inverse, bool narrow)
    {
        Grid ends = Grid.Of(part, Bits, narrow);
        return Grids == GroupGrid.Fitted && Bits == 4
            ? FittedGrid.Of(part, inverse.Costs.Slice(first, part.Length), ends, narrow)
            : ends;
    }
}
