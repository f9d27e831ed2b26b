using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Models;

/// <summary>A linear of a session: weights packed once, in fp32 or int8.</summary>
sealed class Projection
{
    readonly PackedMatrix? _floats;
    readonly QuantizedMatrix? _bytes;
    readonly Tensor _bias;
    readonly KernelFamily _kernels;

    /// <param name="parts">Weights [outputs, inputs] and biases whose outputs stand side by side.</param>
    public Projection(
        Workers workers,
        KernelFamily kernels,
        Precision precision,
        params ReadOnlySpan<(Tensor Weight, Tensor Bias)> parts
    )
    {
        _kernels = kernels;
        int outputs = 0;
        foreach (var (part, _) in parts)
        {
            outputs += part.Rows;
        }

        Tensor weight = new(outputs, parts[0].Weight.Columns);
        _bias = new Tensor(outputs);
        int row = 0;
        foreach (var (part, bias) in parts)
        {
            part.Span.CopyTo(weight.Span[(row * weight.Columns)..]);
            bias.Span.CopyTo(_bias.Span[row..]);
            row += part.Rows;
        }

        if (precision == Precision.Int8)
        {
            _bytes = kernels.Int8.Pack(weight);
        }
        else
        {
            _floats = kernels.Gemm.Pack(workers, weight, transposed: true);
        }
    }

    public int Outputs => _bias.Count;

    public long Bytes => (_bytes?.Bytes ?? _floats!.Bytes) + 4L * _bias.Count;

    /// <summary>y = activation(x · weightᵀ + bias); an int8 one quantizes x first.</summary>
    public void Multiply(Flow flow, Tensor x, Tensor y, Activation activation = Activation.None)
    {
        Epilogue epilogue = new(_bias, activation);
        if (_bytes is null)
        {
            _kernels.Gemm.Multiply(flow.Workers, x, false, _floats!, y, epilogue);
            return;
        }

        QuantizedRows quantized = flow.Quantized(x.Columns);
        _kernels.Int8.Quantize(flow.Workers, x, quantized);
        _kernels.Int8.Multiply(flow.Workers, quantized, _bytes, y, epilogue);
    }
}
