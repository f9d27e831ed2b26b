using Espalier.Tensors;

namespace Espalier.Stored;

/// <summary>
/// Codes of 4 or 8 bits with a scale, and in 4 bits a zero, for each group, both as bfloat16: w ≈ scale · (code − zero). With 8 bits
/// the zero is 128 everywhere. A group begins at a byte of its own, and of two codes in a byte the first is in the lower half.
/// </summary>
public sealed class IntGroups : GroupedWeight
{
    public const int MiddleOf8 = 128;
    readonly byte[] _codes;

    /// <param name="codes">Of all groups, row by row; one that is not full has bytes for all its columns.</param>
    /// <param name="scales">[rows, groups].</param>
    /// <param name="zeros">Likewise; null with 8 bits.</param>
    public IntGroups(
        Shape shape,
        int bits,
        int group,
        byte[] codes,
        HalfWidth scales,
        HalfWidth? zeros
    )
        : base(shape, bits, group)
    {
        Shape groups = new(Rows, Groups);
        if (
            bits is not (4 or 8)
            || group % 8 != 0
            || codes.Length != groups.Count * GroupBytes
            || !groups.Equals(scales.Shape)
            || (bits == 4 ? !groups.Equals(zeros?.Shape) : zeros is not null)
        )
        {
            throw new ArgumentException(
                $"Groups of {group} in {bits} bits: {codes.Length} bytes, scales {scales.Shape} and zeros {zeros?.Shape} for {shape}; {groups.Count * GroupBytes} bytes and scales {groups} were expected, and as many zeros with 4 bits, none with 8."
            );
        }

        (_codes, Scales, Zeros) = (codes, scales, zeros);
    }

    /// <summary>Rounds a matrix to nearest, each group on a <see cref="Grid"/> of its own.</summary>
    public static IntGroups Of(Tensor matrix, int bits, int group)
    {
        Builder builder = new(matrix.Shape, bits, group);
        for (int r = 0; r < matrix.Rows; r++)
        {
            for (int first = 0; first < matrix.Columns; first += group)
            {
                int past = Math.Min(matrix.Columns, first + group);
                ReadOnlySpan<float> weights = matrix.Row(r)[first..past];
                Grid grid = Grid.Of(weights, bits, narrow: true);
                builder.Begin(r, first, grid);
                for (int c = first; c < past; c++)
                {
                    builder.Set(r, c, grid.Code(weights[c - first]));
                }
            }
        }

        return builder.Build();
    }

    /// <summary>Fills a matrix, whose groups and codes may come in any order.</summary>
    public sealed class Builder
    {
        readonly Shape _shape;
        readonly int _bits;
        readonly int _group;
        readonly int _groups;
        readonly byte[] _codes;
        readonly ushort[] _scales;
        readonly ushort[] _zeros;

        public Builder(Shape shape, int bits, int group)
        {
            (_shape, _bits, _group) = (shape, bits, group);
            _groups = (shape[1] + group - 1) / group;
            int count = shape[0] * _groups;
            _codes = new byte[checked((int)((long)count * group * bits / 8))];
            _scales = new ushort[count];
            _zeros = new ushort[bits == 4 ? count : 0];
        }

        /// <param name="column">Any of the group.</param>
        /// <param name="grid">A narrow one.</param>
        public void Begin(int row, int column, Grid grid)
        {
            int at = row * _groups + column / _group;
            _scales[at] = Bits(grid.Scale);
            if (_bits == 4)
            {
                _zeros[at] = Bits(grid.Zero);
            }

            static ushort Bits(float narrow) =>
                (ushort)(BitConverter.SingleToUInt32Bits(narrow) >> 16);
        }

        /// <summary>Once for each number.</summary>
        public void Set(int row, int column, byte code)
        {
            int at = row * _groups * _group + column;
            if (_bits == 4)
            {
                _codes[at / 2] |= (byte)(code << 4 * (at & 1));
            }
            else
            {
                _codes[at] = code;
            }
        }

        public IntGroups Build()
        {
            Shape groups = new(_shape[0], _groups);
            return new IntGroups(
                _shape,
                _bits,
                _group,
                _codes,
                new HalfWidth(groups, _scales, DType.BF16),
                _bits == 4 ? new HalfWidth(groups, _zeros, DType.BF16) : null
            );
        }
    }

    /// <summary>Of all groups, row by row.</summary>
    public ReadOnlySpan<byte> Codes => _codes;

    /// <summary>[rows, groups].</summary>
    public HalfWidth Scales { get; }

    /// <summary>[rows, groups]; null with 8 bits.</summary>
    public HalfWidth? Zeros { get; }

    public int GroupBytes => Group * Bits / 8;

    public override int? Zero => Zeros is null ? MiddleOf8 : null;

    public override long Bytes => BytesOf(Shape, Bits, Group);

    /// <summary>Of a matrix of that shape.</summary>
    public static long BytesOf(Shape shape, int bits, int group) =>
        (long)shape[0]
        * ((shape[1] + group - 1) / group)
        * (group * bits / 8 + sizeof(ushort) * (bits == 4 ? 2 : 1));

    public override (float Scale, float Offset) Read(int row, int group, Span<byte> codes)
    {
        int at = row * Groups + group;
        ReadOnlySpan<byte> from = _codes.AsSpan(at * GroupBytes, GroupBytes);
        float scale = Scales[at];
        if (Zeros is null)
        {
            from[..codes.Length].CopyTo(codes);
            return (scale, -MiddleOf8 * scale);
        }

        for (int i = 0; i < codes.Length; i++)
        {
            codes[i] = (byte)(from[i / 2] >> 4 * (i & 1) & 15);
        }

        return (scale, -scale * Zeros[at]);
    }

    public override Weight Slice(int first, int count) =>
        new IntGroups(
            new Shape(count, Columns),
            Bits,
            Group,
            _codes.AsSpan(first * Groups * GroupBytes, count * Groups * GroupBytes).ToArray(),
            (HalfWidth)Scales.Slice(first, count),
            (HalfWidth?)Zeros?.Slice(first, count)
        );

    protected override Weight Append(ReadOnlySpan<Weight> others, Shape shape)
    {
        List<byte> codes = [.. _codes];
        List<Weight> scales = [Scales],
            zeros = Zeros is null ? [] : [Zeros];
        foreach (Weight other in others)
        {
            IntGroups next = (IntGroups)other;
            codes.AddRange(next.Codes);
            scales.Add(next.Scales);
            if (next.Zeros is not null)
            {
                zeros.Add(next.Zeros);
            }
        }

        return new IntGroups(
            shape,
            Bits,
            Group,
            [.. codes],
            (HalfWidth)Stacked([.. scales]),
            zeros.Count == 0 ? null : (HalfWidth)Stacked([.. zeros])
        );
    }
}
