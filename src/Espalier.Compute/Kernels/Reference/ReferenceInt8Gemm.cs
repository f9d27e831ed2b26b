using Espalier.Stored;
using Espalier.Tensors;

namespace Espalier.Kernels.Reference;

/// <summary>Plain loops; the definition of how weights and activations are quantized.</summary>
sealed class ReferenceInt8Gemm : Int8Gemm
{
    sealed class Plain(int outputs, int inputs) : QuantizedMatrix(outputs, inputs)
    {
        public sbyte[] Values { get; } = new sbyte[outputs * inputs];
        public float[] Scales { get; } = new float[outputs];
        public override long Bytes => Values.Length + 4L * Scales.Length;
    }

    public override QuantizedMatrix Pack(Weight weights_OI)
    {
        CheckInputs(weights_OI);
        Plain packed = new(weights_OI.Rows, weights_OI.Columns);
        Int8Rows rows = weights_OI as Int8Rows ?? Int8Rows.Of(weights_OI.Dense());
        rows.Values.CopyTo(packed.Values);
        rows.Scales.CopyTo(packed.Scales);

        return packed;
    }

    public override Int8Layer Pack(LayerWeights weights) =>
        new ReferenceInt8Layer(weights, this, new ReferenceRows(), new ReferenceAttention());

    public override void Quantize(Workers workers, Tensor x, QuantizedRows into)
    {
        Check(x, into);
        into.Rows = x.Rows;
        workers.Run(
            x.Rows,
            r =>
                (into.Scales[r], into.ZeroPoints[r]) = QuantizeActivations(
                    x.Row(r),
                    into.Values.AsSpan(r * into.Stride, into.Columns)
                )
        );
    }

    public override void Multiply(
        Workers workers,
        QuantizedRows x,
        QuantizedMatrix weights,
        Tensor y,
        Epilogue epilogue = default
    )
    {
        Check(x, weights, y, epilogue);
        Plain w = (Plain)weights;
        workers.Run(
            x.Rows,
            r =>
            {
                Span<float> row = y.Row(r);
                ReadOnlySpan<byte> values = x.Values.AsSpan(r * x.Stride, x.Columns);
                for (int o = 0; o < row.Length; o++)
                {
                    ReadOnlySpan<sbyte> column = w.Values.AsSpan(o * w.Inputs, w.Inputs);
                    int sum = 0;
                    for (int i = 0; i < column.Length; i++)
                    {
                        sum += (values[i] - x.ZeroPoints[r]) * column[i];
                    }

                    row[o] = sum * (x.Scales[r] * w.Scales[o]);
                }

                ReferenceGemm.Finish(row, r, epilogue);
            }
        );
    }

    /// <summary>
    /// ONNX DynamicQuantizeLinear: the range includes 0, scale = (max − min) / 255, zero point =
    /// half-to-even(−min / scale), q = clip(half-to-even(x / scale) + zero point). A scale that would be 0: 1.
    /// </summary>
    internal static (float Scale, int ZeroPoint) QuantizeActivations(
        ReadOnlySpan<float> x,
        Span<byte> into
    )
    {
        float low = 0,
            high = 0;
        foreach (float value in x)
        {
            low = Math.Min(low, value);
            high = Math.Max(high, value);
        }

        var (scale, zero) = ActivationScale(low, high);
        for (int i = 0; i < x.Length; i++)
        {
            into[i] = QuantizeActivation(x[i], scale, zero);
        }

        return (scale, zero);
    }

    internal static (float Scale, int ZeroPoint) ActivationScale(float low, float high)
    {
        float scale = (high - low) / 255f;
        scale = scale == 0 ? 1 : scale;
        return (scale, (int)Math.Clamp(MathF.Round(-low / scale, MidpointRounding.ToEven), 0, 255));
    }

    internal static byte QuantizeActivation(float x, float scale, int zero) =>
        (byte)(int)Math.Clamp(MathF.Round(x / scale, MidpointRounding.ToEven) + zero, 0, 255);
}
