using Espalier.Tensors;

namespace Espalier.Stored;

/// <summary>A byte for each number and a scale for each row: w ≈ scale · q, symmetric, ±127 (Jacob et al. 2018, per output channel).</summary>
public sealed class Int8Rows : Weight
{
    readonly sbyte[] _values;
    readonly float[] _scales;

    /// <param name="values">Row by row.</param>
    /// <param name="scales">One for each row.</param>
    public Int8Rows(Shape shape, sbyte[] values, float[] scales)
        : base(shape)
    {
        if (shape.Rank != 2 || values.Length != shape.Count || scales.Length != shape[0])
        {
            throw new ArgumentException(
                $"Int8 rows: {values.Length} bytes and {scales.Length} scales for {shape}; a matrix has as many bytes as elements and as many scales as rows."
            );
        }

        (_values, _scales) = (values, scales);
    }

    /// <summary>Rounds a matrix.</summary>
    public static Int8Rows Of(Tensor matrix)
    {
        sbyte[] values = new sbyte[matrix.Count];
        float[] scales = new float[matrix.Rows];
        for (int r = 0; r < scales.Length; r++)
        {
            scales[r] = Quantize(matrix.Row(r), values.AsSpan(r * matrix.Columns, matrix.Columns));
        }

        return new Int8Rows(matrix.Shape, values, scales);
    }

    public ReadOnlySpan<sbyte> Values => _values;
    public ReadOnlySpan<float> Scales => _scales;

    public ReadOnlySpan<sbyte> Row(int row) => _values.AsSpan(row * Columns, Columns);

    public override long Bytes => BytesOf(Shape);

    /// <summary>Of a matrix of that shape.</summary>
    public static long BytesOf(Shape shape) => shape.Count + 4L * shape[0];

    public override string ToString() => "int8 rows";

    public override Tensor Dense()
    {
        Tensor dense = new(Shape);
        for (int r = 0; r < _scales.Length; r++)
        {
            AddRow(r, dense.Row(r));
        }

        return dense;
    }

    public override void AddRow(int row, Span<float> to)
    {
        ReadOnlySpan<sbyte> from = Row(row);
        float scale = _scales[row];
        for (int i = 0; i < to.Length; i++)
        {
            to[i] += scale * from[i];
        }
    }

    public override Weight Slice(int first, int count) =>
        new Int8Rows(
            new Shape(count, Columns),
            _values[(first * Columns)..((first + count) * Columns)],
            _scales[first..(first + count)]
        );

    protected override Weight Append(ReadOnlySpan<Weight> others, Shape shape)
    {
        List<sbyte> values = [.. _values];
        List<float> scales = [.. _scales];
        foreach (Weight other in others)
        {
            values.AddRange(((Int8Rows)other).Values);
            scales.AddRange(((Int8Rows)other).Scales);
        }

        return new Int8Rows(shape, [.. values], [.. scales]);
    }

    /// <summary>
    /// Scale = max|row| / 127, or 1 where that is 0; q = half-to-even(w / scale). Only a subnormal scale,
    /// which has few bits, can put q outside ±127: there it is cut off.
    /// </summary>
    public static float Quantize(ReadOnlySpan<float> row, Span<sbyte> into)
    {
        float largest = 0;
        foreach (float w in row)
        {
            largest = Math.Max(largest, Math.Abs(w));
        }

        float scale = ScaleOf(largest);
        for (int i = 0; i < row.Length; i++)
        {
            into[i] = Round(row[i], scale);
        }

        return scale;
    }

    /// <summary>Of a row whose largest magnitude that is.</summary>
    public static float ScaleOf(float largest) => largest / 127f == 0 ? 1 : largest / 127f;

    public static sbyte Round(float w, float scale) =>
        (sbyte)(int)Math.Clamp(MathF.Round(w / scale, MidpointRounding.ToEven), -127, 127);
}
