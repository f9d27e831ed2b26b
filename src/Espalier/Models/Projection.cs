using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Models;

/// <summary>A linear of a session in fp32: weights packed once.</summary>
sealed class Projection
{
    readonly PackedMatrix _weights;
    readonly Tensor? _bias;
    readonly KernelFamily _kernels;

    /// <param name="parts">Weights [outputs, inputs] and biases whose outputs stand side by side.</param>
    public Projection(
        Workers workers,
        KernelFamily kernels,
        params ReadOnlySpan<(Tensor Weight, Tensor? Bias)> parts
    )
    {
        _kernels = kernels;
        int outputs = 0;
        foreach (var (part, _) in parts)
        {
            outputs += part.Rows;
        }

        Tensor weight = new(outputs, parts[0].Weight.Columns);
        int row = 0;
        foreach (var (part, bias) in parts)
        {
            part.Span.CopyTo(weight.Span[(row * weight.Columns)..]);
            if (bias is not null)
            {
                _bias ??= new Tensor(outputs);
                bias.Span.CopyTo(_bias.Span[row..]);
            }

            row += part.Rows;
        }

        _weights = kernels.Gemm.Pack(workers, weight, transposed: true);
    }

    public int Outputs => _weights.N;

    public long Bytes => _weights.Bytes + 4L * (_bias?.Count ?? 0);

    /// <summary>y = activation(x · weightᵀ + bias).</summary>
    public void Multiply(Flow flow, Tensor x, Tensor y, Activation activation = Activation.None) =>
        _kernels.Gemm.Multiply(
            flow.Workers,
            x,
            false,
            _weights,
            y,
            new Epilogue(_bias, activation)
        );
}
