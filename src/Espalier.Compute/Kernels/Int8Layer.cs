using Espalier.Stored;
using Espalier.Tensors;

namespace Espalier.Kernels;

/// <summary>
/// One layer of an encoder whose norms come last (BERT): x = norm(x + attention(x)), then x = norm(x + down(activation(up(x)))).
/// </summary>
public sealed record LayerWeights
{
    public required int Heads { get; init; }
    public required int HeadWidth { get; init; }
    public required Activation Activation { get; init; }
    public required float NormEpsilon { get; init; }

    // Weights are [outputs, inputs].
    public required (Weight Weight, Tensor Bias) Query { get; init; }
    public required (Weight Weight, Tensor Bias) Key { get; init; }
    public required (Weight Weight, Tensor Bias) Value { get; init; }
    public required (Weight Weight, Tensor Bias) Attention { get; init; }
    public required (Tensor Weight, Tensor Bias) AttentionNorm { get; init; }
    public required (Weight Weight, Tensor Bias) Up { get; init; }
    public required (Weight Weight, Tensor Bias) Down { get; init; }
    public required (Tensor Weight, Tensor Bias) Norm { get; init; }
}

/// <summary>
/// A layer with int8 products, its weights packed. Rows are quantized before each product and everything else is
/// fp32, in whatever order a family finds fast: each row's numbers depend on its own sequence alone.
/// </summary>
public abstract class Int8Layer
{
    /// <summary>Memory of the packed weights.</summary>
    public abstract long Bytes { get; }

    /// <summary>Runs layers of one family over rows [T, D], one behind the other.</summary>
    /// <param name="state">What the layer before left; replaced by what the last one gives.</param>
    /// <param name="bytes">The same rows quantized; replaced likewise.</param>
    public static void Run(
        Workers workers,
        ReadOnlyMemory<Int8Layer> layers,
        Sequences sequences,
        Tensor state,
        QuantizedRows bytes
    )
    {
        if (!layers.IsEmpty)
        {
            layers.Span[0].RunAll(workers, layers, sequences, state, bytes);
        }
    }

    /// <param name="layers">This one is their first.</param>
    protected abstract void RunAll(
        Workers workers,
        ReadOnlyMemory<Int8Layer> layers,
        Sequences sequences,
        Tensor state,
        QuantizedRows bytes
    );

    /// <summary>
    /// The attention alone, from the bytes into the context; <see cref="Feed"/> is the rest. Between the two, rows may be
    /// taken out of state, bytes and context.
    /// </summary>
    /// <param name="keySums">As in <see cref="Attention.Forward"/>.</param>
    /// <param name="firstRows">Of the context, the first row of each sequence is enough; others may be left as they are.</param>
    public abstract void Attend(
        Workers workers,
        Sequences sequences,
        QuantizedRows bytes,
        Tensor context,
        Tensor? keySums = null,
        bool firstRows = false
    );

    /// <summary>From the context to what the next layer reads, each row by itself.</summary>
    public abstract void Feed(Workers workers, Tensor state, QuantizedRows bytes, Tensor context);

    /// <param name="state">Null: not looked at.</param>
    /// <param name="context">Null: not looked at.</param>
    protected static void Check(
        int rows,
        Tensor? state,
        QuantizedRows bytes,
        Tensor? context,
        LayerWeights weights
    )
    {
        int hidden = weights.Query.Weight.Columns,
            width = weights.Heads * weights.HeadWidth;
        if (
            (state is not null && (state.Rows != rows || state.Columns != hidden))
            || bytes.Rows != rows
            || bytes.Columns != hidden
            || (context is not null && (context.Rows != rows || context.Columns != width))
        )
        {
            throw new ArgumentException(
                $"Int8 layer: state is {state?.Shape}, its bytes [{bytes.Rows}, {bytes.Columns}] and the context "
                    + $"{context?.Shape}; these sequences and weights need [{rows}, {hidden}] twice and [{rows}, {width}]."
            );
        }
    }
}
