using Espalier.Kernels;
using Espalier.Stored;
using Espalier.Tensors;

namespace Espalier.Tests.Kernels;

/// <summary>What a product with grouped weights is tried on.</summary>
static class GroupedCase
{
    /// <summary>The kinds of weights that have kernels of their own.</summary>
    public enum Kind
    {
        FourBits,
        FourBitsAroundEight,
        EightBits,
        EightBitsWithOffsets,
    }

    public static GroupedWeight Weights(Rng rng, Kind kind, int rows, int columns, int group)
    {
        Tensor normal = Normal(rng, rows, columns);
        int bits = kind is Kind.EightBits or Kind.EightBitsWithOffsets ? 8 : 4;
        IntGroups groups = IntGroups.Of(normal, bits, group);
        return kind switch
        {
            Kind.FourBitsAroundEight => new Shifted(groups, 8),
            Kind.EightBitsWithOffsets => new Shifted(groups, null),
            _ => groups,
        };
    }

    public static Tensor Multiply(
        GroupedGemm gemm,
        Workers workers,
        Tensor x,
        GroupedWeight weights,
        Epilogue epilogue = default
    )
    {
        GroupedMatrix packed = gemm.Pack(weights);
        GroupedRows rows = new(x.Rows, packed);
        gemm.Quantize(workers, x, rows);
        Tensor y = new(x.Rows, weights.Rows);
        y.Span.Fill(float.NaN);
        gemm.Multiply(workers, rows, packed, y, epilogue);
        return y;
    }

    public static Tensor Normal(Rng rng, params ReadOnlySpan<int> extents)
    {
        Tensor tensor = new(extents);
        for (int i = 0; i < tensor.Count; i++)
        {
            tensor.Span[i] = rng.Normal((ulong)i);
        }

        return tensor;
    }

    /// <summary>The same codes and scales, which stand for other numbers: around a zero, or with an offset of a third.</summary>
    sealed class Shifted(IntGroups groups, int? zero)
        : GroupedWeight(groups.Shape, groups.Bits, groups.Group)
    {
        public override int? Zero => zero;

        public override long Bytes => groups.Bytes;

        public override (float Scale, float Offset) Read(int row, int group, Span<byte> codes)
        {
            float scale = groups.Read(row, group, codes).Scale;
            return (scale, zero is { } middle ? -middle * scale : (group + 1f) / 3);
        }

        public override Weight Slice(int first, int count) =>
            new Shifted((IntGroups)groups.Slice(first, count), zero);

        protected override Weight Append(ReadOnlySpan<Weight> others, Shape shape) =>
            throw new NotSupportedException();
    }
}
