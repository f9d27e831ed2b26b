using Espalier.Stored;
using Espalier.Tensors;

namespace Espalier.Kernels;

/// <summary>
/// Activations as unsigned bytes, one scale and zero point per row:
/// <c>x ≈ scale · (q − zeroPoint)</c>, the range always including 0 (ONNX DynamicQuantizeLinear, per row).
/// </summary>
public sealed class QuantizedRows(int capacity, int columns)
{
    /// <summary>Rows in use; at most <see cref="Capacity"/>.</summary>
    public int Rows { get; set; }
    public int Capacity { get; } = capacity;
    public int Columns { get; } = columns;

    /// <summary>Distance of two rows in bytes: columns rounded up to 64, the rest zero.</summary>
    public int Stride { get; } = (columns + 63) / 64 * 64;

    /// <summary>Pinned; row r starts at r · <see cref="Stride"/>.</summary>
    public byte[] Values { get; } =
        GC.AllocateArray<byte>(Math.Max(1, capacity * ((columns + 63) / 64 * 64)), pinned: true);
    public float[] Scales { get; } = GC.AllocateArray<float>(Math.Max(1, capacity), pinned: true);
    public int[] ZeroPoints { get; } = GC.AllocateArray<int>(Math.Max(1, capacity), pinned: true);

    /// <summary>Moves rows to another place; the two may overlap.</summary>
    public void Move(int from, int to, int rows)
    {
        Values.AsSpan(from * Stride, rows * Stride).CopyTo(Values.AsSpan(to * Stride));
        Scales.AsSpan(from, rows).CopyTo(Scales.AsSpan(to));
        ZeroPoints.AsSpan(from, rows).CopyTo(ZeroPoints.AsSpan(to));
    }
}

/// <summary>Weights as signed bytes with one scale per output channel, in the layout of their kernel.</summary>
public abstract class QuantizedMatrix(int outputs, int inputs)
{
    public int Outputs { get; } = outputs;
    public int Inputs { get; } = inputs;
    public abstract long Bytes { get; }
}

/// <summary>
/// uint8 × int8 → int32, exact, with scales, bias and activation applied to each tile.
/// <c>y = activation(Σ (qx − zx) qw · (scaleX · scaleW) + bias)</c>, rounded to float32 in this order by
/// every kernel, so that all of them give the same bits.
/// </summary>
public abstract class Int8Gemm
{
    /// <summary>
    /// |Σ (qx − zx) qw| is at most 255 · 127 · inputs, which up to here stays below 2³¹: no sum overflows.
    /// </summary>
    public const int MaximumInputs = 65_536;

    /// <summary>
    /// Packs weights [outputs, inputs]: what is stored as int8 as it is, anything else rounded as <see cref="Int8Rows"/> says.
    /// </summary>
    public abstract QuantizedMatrix Pack(Weight weights_OI);

    /// <summary>Quantizes the rows of x; sets <see cref="QuantizedRows.Rows"/>.</summary>
    public abstract void Quantize(Workers workers, Tensor x, QuantizedRows into);

    /// <summary>y [rows, outputs]; <see cref="Epilogue.Accumulate"/> and Linear are not for quantized products.</summary>
    public abstract void Multiply(
        Workers workers,
        QuantizedRows x,
        QuantizedMatrix weights,
        Tensor y,
        Epilogue epilogue = default
    );

    /// <summary>Packs a whole layer, to be run as one.</summary>
    public abstract Int8Layer Pack(LayerWeights weights);

    protected static void CheckInputs(Weight weights_OI)
    {
        if (weights_OI.Columns is < 1 or > MaximumInputs)
        {
            throw new ArgumentException(
                $"Int8: the weights are {weights_OI.Shape}; a sum of int8 products is exact for 1 to "
                    + $"{MaximumInputs} inputs."
            );
        }
    }

    protected static void Check(Tensor x, QuantizedRows into)
    {
        if (x.Columns != into.Columns || x.Rows > into.Capacity)
        {
            throw new ArgumentException(
                $"Int8: x is {x.Shape} and the place for its bytes [{into.Capacity}, {into.Columns}]; "
                    + "the columns must be equal and the rows fit."
            );
        }
    }

    protected static void Check(
        QuantizedRows x,
        QuantizedMatrix weights,
        Tensor y,
        in Epilogue epilogue
    )
    {
        if (x.Columns != weights.Inputs || y.Rows != x.Rows || y.Columns != weights.Outputs)
        {
            throw new ArgumentException(
                $"Int8: x is [{x.Rows}, {x.Columns}], the weights [{weights.Outputs}, {weights.Inputs}] "
                    + $"and y {y.Shape}; x [M, K] and weights [N, K] give y [M, N]."
            );
        }

        if (epilogue.Bias is { } bias && bias.Count != weights.Outputs)
        {
            throw new ArgumentException(
                $"Int8: the bias is {bias.Shape} and the weights have {weights.Outputs} outputs; "
                    + "one number per output is needed."
            );
        }

        if (epilogue.Accumulate || epilogue.Linear is not null)
        {
            throw new ArgumentException(
                "Int8: Accumulate and Linear belong to training; quantized products only infer."
            );
        }
    }
}
