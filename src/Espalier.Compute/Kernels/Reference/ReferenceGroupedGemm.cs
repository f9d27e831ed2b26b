using System.Runtime.InteropServices;
using Espalier.Kernels.Grouped;
using Espalier.Stored;
using Espalier.Tensors;

namespace Espalier.Kernels.Reference;

/// <summary>Plain loops; the definition of how activations are quantized in groups and meet codes.</summary>
sealed class ReferenceGroupedGemm : GroupedGemm
{
    // Below it a reciprocal, or a scale, would leave the normal numbers: such a group counts as zeros.
    internal const float LeastLargest = 1e-33f;

    sealed class Plain : GroupedMatrix
    {
        public Plain(GroupedWeight weights)
            : base(weights)
        {
            int groups = weights.Groups;
            Groups = groups;
            Codes = new byte[Outputs * Inputs];
            Scales = new float[Outputs * groups];
            Offsets = new float[Zero is null ? Outputs * groups : 0];
            Units = new float[Outputs];
            ushort[] scales = new ushort[groups],
                offsets = new ushort[Zero is null ? groups : 0];
            for (int o = 0; o < Outputs; o++)
            {
                Units[o] = HalfScales.Read(
                    weights,
                    o,
                    Codes.AsSpan(o * Inputs, Inputs),
                    scales,
                    offsets
                );
                for (int g = 0; g < groups; g++)
                {
                    Scales[o * groups + g] = HalfScales.Value(scales[g]);
                    if (Zero is null)
                    {
                        Offsets[o * groups + g] = HalfScales.Value(offsets[g]);
                    }
                }
            }
        }

        public int Groups { get; }
        public byte[] Codes { get; }
        public float[] Scales { get; }
        public float[] Offsets { get; }
        public float[] Units { get; }

        public override long Bytes =>
            Codes.Length + 4L * (Scales.Length + Offsets.Length + Units.Length);

        public override void AddRow(int row, Span<float> to)
        {
            for (int i = 0; i < to.Length; i++)
            {
                int at = row * Groups + i / Group;
                to[i] += Weight(
                    Codes[row * Inputs + i],
                    Scales[at],
                    Zero is null ? Offsets[at] : 0,
                    Zero ?? 0,
                    Units[row]
                );
            }
        }
    }

    /// <summary>What a code stands for.</summary>
    internal static float Weight(int code, float scale, float offset, int zero, float unit) =>
        (scale * (code - zero) + offset) * unit;

    public override GroupedMatrix Pack(GroupedWeight weights_OI)
    {
        Check(weights_OI);
        return new Plain(weights_OI);
    }

    public override void Quantize(Workers workers, Tensor x, GroupedRows into)
    {
        Check(x, into);
        into.Rows = x.Rows;
        for (int r = 0; r < x.Rows; r++)
        {
            Span<byte> to = into.Values.AsSpan(r * into.Stride, into.Stride);
            for (int first = 0; first < x.Columns; first += into.Group)
            {
                int columns = Math.Min(into.Group, x.Columns - first),
                    bytes = into.Digits * GroupedRows.Padded(columns);
                Span<sbyte> digits = MemoryMarshal.Cast<byte, sbyte>(
                    to.Slice(GroupedRows.HeadBytes, bytes)
                );
                var (scale, sum) = QuantizeGroup(x.Row(r).Slice(first, columns), digits, into.Most);
                MemoryMarshal.Write(to, sum);
                MemoryMarshal.Write(to[(GroupedRows.HeadBytes + bytes)..], scale);
                MemoryMarshal.Write(to[(GroupedRows.HeadBytes + bytes + 4)..], scale * sum);
                to = to[(GroupedRows.HeadBytes + bytes + GroupedRows.TailBytes)..];
            }
        }
    }

    /// <summary>scale = max|x| / most, q = half-to-even(x · (most / max|x|)); their sum.</summary>
    /// <param name="digits">Receives q as one byte each, or all low bytes and then all high ones.</param>
    internal static (float Scale, int Sum) QuantizeGroup(
        ReadOnlySpan<float> x,
        Span<sbyte> digits,
        int most
    )
    {
        digits.Clear();
        float largest = 0;
        foreach (float value in x)
        {
            // NaN is larger than all.
            largest = Math.Max(largest, Math.Abs(value));
        }

        if (!float.IsFinite(largest))
        {
            return (float.NaN, 0);
        }

        if (largest < LeastLargest)
        {
            return (0, 0);
        }

        float reciprocal = most / largest;
        int padded = GroupedRows.Padded(x.Length),
            sum = 0;
        for (int i = 0; i < x.Length; i++)
        {
            int q = (int)MathF.Round(x[i] * reciprocal, MidpointRounding.ToEven);
            digits[i] = (sbyte)q;
            if (digits.Length > padded)
            {
                digits[padded + i] = (sbyte)((q - digits[i]) >> 8);
            }

            sum += q;
        }

        return (largest / most, sum);
    }

    public override void Multiply(
        Workers workers,
        GroupedRows x,
        GroupedMatrix weights,
        Tensor y,
        Epilogue epilogue = default,
        int column = 0
    )
    {
        Check(x, weights, y, epilogue, column);
        Plain w = (Plain)weights;
        workers.Run(
            x.Rows,
            r =>
            {
                Span<float> row = y.Row(r).Slice(column, w.Outputs);
                for (int o = 0; o < row.Length; o++)
                {
                    row[o] = Dot(x.Values.AsSpan(r * x.Stride, x.Stride), x.Digits, w, o);
                }

                ReferenceGemm.Finish(row, r, epilogue);
            }
        );
    }

    static float Dot(ReadOnlySpan<byte> row, int digits, Plain w, int output)
    {
        float total = 0;
        for (int g = 0; g < w.Groups; g++)
        {
            int first = g * w.Group,
                columns = Math.Min(w.Group, w.Inputs - first),
                padded = GroupedRows.Padded(columns);
            ReadOnlySpan<byte> codes = w.Codes.AsSpan(output * w.Inputs + first, columns),
                values = row[GroupedRows.HeadBytes..],
                tail = values[(digits * padded)..];
            float scale = MemoryMarshal.Read<float>(tail),
                scaledSum = MemoryMarshal.Read<float>(tail[4..]);
            int sum = 0;
            for (int i = 0; i < columns; i++)
            {
                int q = (sbyte)values[i] + (digits > 1 ? (sbyte)values[padded + i] << 8 : 0);
                sum += q * (codes[i] - (w.Zero ?? 0));
            }

            int at = output * w.Groups + g;
            total = MathF.FusedMultiplyAdd(sum * scale, w.Scales[at], total);
            if (w.Zero is null)
            {
                total = MathF.FusedMultiplyAdd(scaledSum, w.Offsets[at], total);
            }

            row = tail[GroupedRows.TailBytes..];
        }

        return total * w.Units[output];
    }
}
