using System.Numerics.Tensors;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Stored;
using Tensor = Espalier.Tensors.Tensor;

namespace Espalier.Operators;

/// <summary>
/// Q(awq): AWQ (Lin et al. 2024, section 3.2). Columns that meet large inputs are made larger before rounding, by
/// s = mean|x|^α with the α of a grid that changes the outputs least, and what gives the inputs is made smaller by as much: a norm
/// in front, values for the projection behind the heads, neurons for the last linear. Where what is in front is added to the state as
/// well (BERT's norms), or bends (GELU), nothing can be made smaller, and columns stay; heads that share values share their scales. Then each
/// group's range is cut where that loses less.
/// </summary>
public sealed record Awq()
    : Calibrated("awq", "quantize, guarding columns with large inputs", Shared)
{
    const int Steps = 20;

    // Of the range, at most half is cut, in twentieths.
    const int Cuts = 10;

    const float LeastScale = 1e-4f;

    protected override Model Round(
        Model model,
        int layer,
        IReadOnlyDictionary<Role, Moments> moments,
        OperatorContext context
    )
    {
        Block block = model.Config.Layers[layer];
        Dictionary<string, Weight> changed = [];
        Tensor Of(string name) => (changed.GetValueOrDefault(name) as Fp32)?.Dense() ?? Copy(name);
        Tensor Copy(string name)
        {
            Tensor copy = model.Parameters[name].Clone();
            changed[name] = copy;
            return copy;
        }

        string NameOf(Role role) => model.Config.PartOf(layer, role).Weight;
        Dictionary<Role, float[]> scales = [];
        foreach (
            var linears in CalibrationRun
                .Linears(block)
                .GroupBy(l => l.Input, l => NameOf(l.Linear))
        )
        {
            if (!CanScale(block, linears.Key))
            {
                continue;
            }

            Tensor[] weights = [.. linears.Select(name => model.Parameters[name])];
            Moments of = moments[linears.Key];
            if (linears.Key == Role.Attention)
            {
                of = of with { Magnitudes = OfHeads(OfKeys(of.Magnitudes, block), block) };
            }

            scales[linears.Key] = Best(weights, of, context).Scales;
        }

        foreach (var (input, s) in scales)
        {
            foreach (var (linear, source) in CalibrationRun.Linears(block))
            {
                if (source == input)
                {
                    Columns(Of(NameOf(linear)), s);
                }
            }

            // A norm's numbers, or the rows of a linear.
            Part front = model.Config.PartOf(layer, Front(input));
            float[] smaller = input == Role.Attention ? OfKeys(s, block) : s;
            Rows(Of(front.Weight), smaller);
            if (model.Parameters.Has(front.Bias))
            {
                Rows(Of(front.Bias), smaller);
            }
        }

        foreach (var (linear, input) in CalibrationRun.Linears(block))
        {
            bool cuts = linear is not (Role.Query or Role.Key);
            changed[NameOf(linear)] = Cut(
                Of(NameOf(linear)),
                moments[input],
                scales.GetValueOrDefault(input),
                cuts,
                context.Workers
            );
        }

        return model with
        {
            Parameters = model.Parameters.With(name => changed.GetValueOrDefault(name)),
        };
    }

    /// <summary>Whether what gives a linear its inputs may be made smaller, column by column, with no other effect.</summary>
    static bool CanScale(Block block, Role input) =>
        input switch
        {
            Role.Query => block.NormsFirst && block.NormsAttention,
            Role.Attention => true,
            Role.Down => block.Mlp.Gated || block.Mlp.Activation == Activation.Relu,
            _ => block.NormsFirst,
        };

    static Role Front(Role input) =>
        input switch
        {
            Role.Query => Role.AttentionNorm,
            Role.Attention => Role.Value,
            Role.Down => Role.Up,
            _ => Role.Norm,
        };

    /// <summary>Of the columns of values: means over the heads that share them.</summary>
    static float[] OfKeys(float[] heads, Block block)
    {
        var (width, shared) = (block.Attention.Width, block.Attention.HeadsPerKey);
        float[] keys = new float[heads.Length / shared];
        for (int c = 0; c < heads.Length; c++)
        {
            keys[c / (width * shared) * width + c % width] += heads[c] / shared;
        }

        return keys;
    }

    static float[] OfHeads(float[] keys, Block block)
    {
        var (width, shared) = (block.Attention.Width, block.Attention.HeadsPerKey);
        return
        [
            .. Enumerable
                .Range(0, keys.Length * shared)
                .Select(c => keys[c / (width * shared) * width + c % width]),
        ];
    }

    static void Columns(Tensor weight, float[] scales)
    {
        for (int r = 0; r < weight.Rows; r++)
        {
            for (int c = 0; c < scales.Length; c++)
            {
                weight.Row(r)[c] *= scales[c];
            }
        }
    }

    static void Rows(Tensor weight, float[] scales)
    {
        int width = weight.Count / scales.Length;
        for (int i = 0; i < weight.Count; i++)
        {
            weight.Span[i] /= scales[i / width];
        }
    }

    /// <summary>s = mean|x|^α, at least 1e-4, divided by √(max · min).</summary>
    internal static float[] Scales(float[] magnitudes, double alpha)
    {
        double[] raw = [.. magnitudes.Select(m => Math.Max(Math.Pow(m, alpha), LeastScale))];
        double middle = Math.Sqrt(raw.Max() * raw.Min());
        return [.. raw.Select(s => (float)(s / middle))];
    }

    /// <summary>The scales of the grid that change the outputs of linears of one input least, and by how much: Σ over rows and outputs.</summary>
    internal (float[] Scales, double Error) Best(
        Tensor[] weights,
        Moments moments,
        OperatorContext context
    )
    {
        PackedMatrix products = context.Kernels.Gemm.Pack(
            context.Workers,
            moments.Products,
            transposed: false
        );
        float[] best = [];
        double least = double.PositiveInfinity;
        for (int step = 0; step < Steps; step++)
        {
            float[] scales = Scales(moments.Magnitudes, step / (double)Steps);
            double error = 0;
            foreach (Tensor weight in weights)
            {
                Tensor delta = new(weight.Shape);
                context.Workers.Run(
                    weight.Rows,
                    r => Change(weight.Row(r), scales, delta.Row(r), Bits, GroupColumns)
                );
                error += Moments.ErrorOf(delta, context.Workers, context.Kernels.Gemm, products);
            }

            if (error < least)
            {
                (best, least) = (scales, error);
            }
        }

        return (best, least);
    }

    /// <summary>What rounding a row with its columns scaled leaves of them: round(w s) / s − w.</summary>
    internal static void Change(
        ReadOnlySpan<float> weights,
        float[] scales,
        Span<float> delta,
        int bits,
        int group
    )
    {
        float[] part = new float[group];
        for (int first = 0; first < weights.Length; first += group)
        {
            int count = Math.Min(group, weights.Length - first);
            for (int i = 0; i < count; i++)
            {
                part[i] = weights[first + i] * scales[first + i];
            }

            Grid grid = Grid.Of(part.AsSpan(0, count), bits);
            for (int i = 0; i < count; i++)
            {
                delta[first + i] =
                    grid.Value(grid.Code(part[i])) / scales[first + i] - weights[first + i];
            }
        }
    }

    /// <summary>Rounds with each group's range cut by up to half, where the outputs change less for it.</summary>
    /// <param name="scales">By which the inputs that the moments tell of are smaller now; null: they are as they were.</param>
    IntGroups Cut(Tensor weight, Moments moments, float[]? scales, bool cuts, Workers workers)
    {
        int group = GroupColumns;
        IntGroups.Builder builder = new(weight.Shape, Bits, group);
        int groups = (weight.Columns + group - 1) / group;

        // By groups outside and rows inside: the moments of a group stay in the nearest cache.
        for (int g = 0; g < groups; g++)
        {
            int first = g * group,
                count = Math.Min(group, weight.Columns - first);
            float[] products = new float[count * count];
            for (int i = 0; i < count; i++)
            {
                for (int j = 0; j < count; j++)
                {
                    float p = moments.Products.Row(first + i)[first + j];
                    products[i * count + j] = scales is null
                        ? p
                        : p / (scales[first + i] * scales[first + j]);
                }
            }

            workers.Run(
                weight.Rows,
                r =>
                {
                    ReadOnlySpan<float> part = weight.Row(r).Slice(first, count);
                    Grid grid = cuts
                        ? LeastError(part, products, Bits)
                        : Grid.Of(part, Bits, narrow: true);
                    builder.Begin(r, first, grid);
                    for (int i = 0; i < count; i++)
                    {
                        builder.Set(r, first + i, grid.Code(part[i]));
                    }
                }
            );
        }

        return builder.Build();
    }

    static Grid LeastError(ReadOnlySpan<float> part, float[] products, int bits)
    {
        Grid best = default;
        double error = double.PositiveInfinity;
        float[] delta = new float[part.Length];
        float low = TensorPrimitives.Min(part),
            high = TensorPrimitives.Max(part),
            most = Math.Max(high, -low);
        for (int cut = 0; cut < Cuts; cut++)
        {
            float end = most * (1 - cut / (float)Steps);
            Grid grid = Grid.Of(
                Math.Clamp(low, -end, end),
                Math.Clamp(high, -end, end),
                bits,
                narrow: true
            );
            for (int i = 0; i < delta.Length; i++)
            {
                delta[i] = grid.Value(grid.Code(part[i])) - part[i];
            }

            double lost = 0;
            for (int i = 0; i < delta.Length; i++)
            {
                lost +=
                    delta[i]
                    * (double)
                        TensorPrimitives.Dot<float>(
                            products.AsSpan(i * delta.Length, delta.Length),
                            delta
                        );
            }

            if (lost < error)
            {
                (best, error) = (grid, lost);
            }
        }

        return best;
    }
}
