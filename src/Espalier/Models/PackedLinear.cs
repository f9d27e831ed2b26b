using Espalier.Kernels;
using Espalier.Stored;
using Espalier.Tensors;

namespace Espalier.Models;

/// <summary>One linear of a session, or several of one input whose outputs stand side by side; packed once.</summary>
/// <param name="bias">Null: there is none.</param>
abstract class PackedLinear(int outputs, Tensor? bias)
{
    public int Outputs { get; } = outputs;

    protected Tensor? Bias { get; } = bias;

    public abstract long Bytes { get; }

    /// <summary>y = activation(x · weightᵀ + bias).</summary>
    public abstract void Multiply(Flow flow, Tensor x, Tensor y, Activation activation);
}

/// <summary>In fp32.</summary>
sealed class Fp32Linear(Workers workers, KernelFamily kernels, Tensor weight, Tensor? bias)
    : PackedLinear(weight.Rows, bias)
{
    readonly PackedMatrix _weights = kernels.Gemm.Pack(workers, weight, transposed: true);

    public override long Bytes => _weights.Bytes + 4L * (Bias?.Count ?? 0);

    public override void Multiply(Flow flow, Tensor x, Tensor y, Activation activation) =>
        kernels.Gemm.Multiply(flow.Workers, x, false, _weights, y, new Epilogue(Bias, activation));
}

/// <summary>int8 weights per output channel; rows are quantized as they come.</summary>
sealed class Int8Linear(KernelFamily kernels, Weight weight, Tensor? bias)
    : PackedLinear(weight.Rows, bias)
{
    readonly QuantizedMatrix _weights = kernels.Int8.Pack(weight);

    public override long Bytes => _weights.Bytes + 4L * (Bias?.Count ?? 0);

    public override void Multiply(Flow flow, Tensor x, Tensor y, Activation activation)
    {
        QuantizedRows rows = flow.Buffers.Quantized(x.Rows, x.Columns);
        kernels.Int8.Quantize(flow.Workers, x, rows);
        kernels.Int8.Multiply(flow.Workers, rows, _weights, y, new Epilogue(Bias, activation));
    }
}

/// <summary>Weights in groups, several side by side where their forms differ; rows are quantized as they come.</summary>
/// <param name="parts">Packed.</param>
sealed class GroupedLinear(KernelFamily kernels, GroupedMatrix[] parts, Tensor? bias)
    : PackedLinear(parts.Sum(p => p.Outputs), bias)
{
    readonly Tensor?[] _bias = Cut(parts, bias);

    /// <summary>Null: some weights are not in groups.</summary>
    public static GroupedLinear? Of(KernelFamily kernels, Weight[] weights, Tensor? bias)
    {
        if (weights.Any(w => w is not GroupedWeight))
        {
            return null;
        }

        Weight[] parts = weights.All(weights[0].Joins) ? [Weight.Stacked(weights)] : weights;
        return new GroupedLinear(
            kernels,
            [.. parts.Select(w => kernels.Grouped.Pack((GroupedWeight)w.Loaded()))],
            bias
        );
    }

    public override long Bytes => parts.Sum(p => p.Bytes) + 4L * (Bias?.Count ?? 0);

    public override void Multiply(Flow flow, Tensor x, Tensor y, Activation activation)
    {
        GroupedRows? rows = null;
        int column = 0;
        for (int i = 0; i < parts.Length; i++)
        {
            if (rows is null || !rows.Fit(parts[i]))
            {
                rows = flow.Buffers.Grouped(x.Rows, parts[i]);
                kernels.Grouped.Quantize(flow.Workers, x, rows);
            }

            Epilogue epilogue = new(_bias[i], activation);
            kernels.Grouped.Multiply(flow.Workers, rows, parts[i], y, epilogue, column);
            column += parts[i].Outputs;
        }
    }

    static Tensor?[] Cut(GroupedMatrix[] parts, Tensor? bias)
    {
        Tensor?[] cut = new Tensor?[parts.Length];
        int at = 0;
        for (int i = 0; bias is not null && i < cut.Length; i++)
        {
            cut[i] = new Tensor(new Shape(parts[i].Outputs), bias.Span.Slice(at, parts[i].Outputs));
            at += parts[i].Outputs;
        }

        return cut;
    }
}
