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
