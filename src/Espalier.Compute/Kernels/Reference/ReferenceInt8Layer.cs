using Espalier.Tensors;

namespace Espalier.Kernels.Reference;

/// <summary>The kernels of a family one after the other, every matrix between them whole: what any other order must give.</summary>
sealed class ReferenceInt8Layer(
    LayerWeights weights,
    Int8Gemm int8,
    RowKernels norms,
    Attention attention
) : Int8Layer
{
    readonly QuantizedMatrix _query = int8.Pack(weights.Query.Weight);
    readonly QuantizedMatrix _key = int8.Pack(weights.Key.Weight);
    readonly QuantizedMatrix _value = int8.Pack(weights.Value.Weight);
    readonly QuantizedMatrix _attention = int8.Pack(weights.Attention.Weight);
    readonly QuantizedMatrix _up = int8.Pack(weights.Up.Weight);
    readonly QuantizedMatrix _down = int8.Pack(weights.Down.Weight);

    public override long Bytes =>
        _query.Bytes + _key.Bytes + _value.Bytes + _attention.Bytes + _up.Bytes + _down.Bytes;

    int ContextColumns => weights.Heads * weights.HeadWidth;

    protected override void RunAll(
        Workers workers,
        ReadOnlyMemory<Int8Layer> layers,
        Sequences sequences,
        Tensor state,
        QuantizedRows bytes
    )
    {
        foreach (Int8Layer layer in layers.Span)
        {
            Tensor context = new(sequences.Rows, ((ReferenceInt8Layer)layer).ContextColumns);
            layer.Attend(workers, sequences, bytes, context);
            layer.Feed(workers, state, bytes, context);
        }
    }

    public override void Attend(
        Workers workers,
        Sequences sequences,
        QuantizedRows bytes,
        Tensor context,
        Tensor? keySums = null,
        bool firstRows = false
    )
    {
        Check(sequences.Rows, null, bytes, context, weights);
        Tensor query = Multiply(workers, bytes, _query, weights.Query.Bias),
            key = Multiply(workers, bytes, _key, weights.Key.Bias),
            value = Multiply(workers, bytes, _value, weights.Value.Bias);
        attention.Forward(
            workers,
            new AttentionCall(
                new Columns(query),
                new Columns(key),
                new Columns(value),
                sequences,
                new AttentionForm(weights.Heads, weights.HeadWidth)
            ),
            context,
            keySums: keySums
        );
    }

    public override void Feed(Workers workers, Tensor state, QuantizedRows bytes, Tensor context)
    {
        Check(bytes.Rows, state, bytes, context, weights);
        AddNorm(
            workers,
            Multiply(workers, Quantized(workers, context), _attention, weights.Attention.Bias),
            state,
            weights.AttentionNorm
        );
        Tensor up = Multiply(
            workers,
            Quantized(workers, state),
            _up,
            weights.Up.Bias,
            weights.Activation
        );
        AddNorm(
            workers,
            Multiply(workers, Quantized(workers, up), _down, weights.Down.Bias),
            state,
            weights.Norm
        );
        int8.Quantize(workers, state, bytes);
    }

    QuantizedRows Quantized(Workers workers, Tensor x)
    {
        QuantizedRows rows = new(x.Rows, x.Columns);
        int8.Quantize(workers, x, rows);
        return rows;
    }

    Tensor Multiply(
        Workers workers,
        QuantizedRows x,
        QuantizedMatrix matrix,
        Tensor bias,
        Activation activation = Activation.None
    )
    {
        Tensor y = new(x.Rows, matrix.Outputs);
        int8.Multiply(workers, x, matrix, y, new Epilogue(bias, activation));
        return y;
    }

    /// <summary>state = norm(branch + state).</summary>
    void AddNorm(Workers workers, Tensor branch, Tensor state, (Tensor Weight, Tensor Bias) norm) =>
        norms.AddNorm(
            workers,
            branch,
            state,
            new Norm(norm.Weight, norm.Bias, weights.NormEpsilon),
            state
        );
}
