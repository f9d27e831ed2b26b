using Espalier.Stored.Formats;
using Espalier.Tensors;

namespace Espalier.Stored;

/// <summary>
/// A matrix in blocks of few bits, as a GGUF file holds it. Its bytes are in memory, or stay where they lie and are read when
/// somebody asks: a model that is packed then holds its packed form alone.
/// </summary>
public sealed class Blocks : GroupedWeight
{
    /// <summary>Reads bytes of the matrix, from a distance behind its start.</summary>
    public delegate void Source(long from, Span<byte> bytes);

    const int MostAtOnce = 4096;
    readonly BlockFormat _format;
    readonly Source _read;
    readonly byte[]? _bytes;
    readonly int _rowBytes;

    /// <exception cref="ArgumentException">The shape is no matrix whose rows are whole blocks.</exception>
    public Blocks(Shape shape, BlockFormat format, Source read)
        : base(shape, format.Bits, format.Group)
    {
        if (shape.Rank != 2 || shape.Columns % format.Size.Numbers != 0)
        {
            throw new ArgumentException(
                $"{format.Type} of {shape}: a matrix whose rows are whole blocks of {format.Size.Numbers} was expected."
            );
        }

        (_format, _read) = (format, read);
        _rowBytes = shape.Columns / format.Size.Numbers * format.Size.Bytes;
    }

    public override string ToString() => $"{_format.Type}";

    /// <param name="bytes">Of all blocks, row by row.</param>
    public Blocks(Shape shape, BlockFormat format, byte[] bytes)
        : this(shape, format, (from, to) => bytes.AsSpan((int)from, to.Length).CopyTo(to))
    {
        _bytes =
            bytes.Length == Bytes
                ? bytes
                : throw new ArgumentException(
                    $"{format.Type} of {shape}: {bytes.Length} bytes; {Bytes} were expected."
                );
    }

    /// <summary>Rounds a matrix, as llama.cpp's reference does.</summary>
    /// <inheritdoc cref="BlockFormat.Write" path="/exception"/>
    public static Blocks Of(Tensor matrix, BlockFormat format)
    {
        var (numbers, size) = format.Size;
        byte[] bytes = new byte[(long)matrix.Count / numbers * size];
        for (int i = 0; i < bytes.Length / size; i++)
        {
            format.Write(matrix.Span.Slice(i * numbers, numbers), bytes.AsSpan(i * size, size));
        }

        return new Blocks(matrix.Shape, format, bytes);
    }

    public DType Type => _format.Type;

    public override int? Zero => _format.Zero;

    public override long Bytes => (long)Rows * _rowBytes;

    /// <summary>Some of the bytes, from a distance behind the start.</summary>
    public void CopyBytes(long from, Span<byte> bytes) => _read(from, bytes);

    /// <summary>With its bytes in memory, for whoever reads all of it.</summary>
    public override Weight Loaded()
    {
        if (_bytes is not null)
        {
            return this;
        }

        byte[] bytes = GC.AllocateUninitializedArray<byte>(checked((int)Bytes));
        _read(0, bytes);
        return new Blocks(Shape, _format, bytes);
    }

    public override (float Scale, float Offset) Read(int row, int group, Span<byte> codes)
    {
        var (numbers, size) = _format.Size;
        int groups = numbers / Group;
        long at = (long)row * _rowBytes + group / groups * size;
        Span<byte> block = stackalloc byte[size];
        if (_bytes is not null)
        {
            return _format.Read(_bytes.AsSpan((int)at, size), group % groups, codes);
        }

        _read(at, block);
        return _format.Read(block, group % groups, codes);
    }

    public override void AddRow(int row, Span<float> to)
    {
        var (numbers, size) = _format.Size;
        int most = MostAtOnce / size * size;
        Span<byte> codes = stackalloc byte[Group],
            read = stackalloc byte[Math.Min(most, _rowBytes)];
        for (int from = 0; from < _rowBytes; from += most)
        {
            Span<byte> blocks = read[..Math.Min(most, _rowBytes - from)];
            _read((long)row * _rowBytes + from, blocks);
            for (int g = 0; g < blocks.Length / size * (numbers / Group); g++)
            {
                int block = g * Group / numbers;
                var (scale, offset) = _format.Read(
                    blocks.Slice(block * size, size),
                    g - block * (numbers / Group),
                    codes
                );
                Span<float> part = to.Slice(from / size * numbers + g * Group, Group);
                for (int i = 0; i < part.Length; i++)
                {
                    part[i] += scale * codes[i] + offset;
                }
            }
        }
    }

    public override Weight Slice(int first, int count)
    {
        long skipped = (long)first * _rowBytes;
        Shape shape = new(count, Columns);
        return _bytes is null
            ? new Blocks(shape, _format, (from, to) => _read(skipped + from, to))
            : new Blocks(
                shape,
                _format,
                _bytes[(int)skipped..(int)(skipped + (long)count * _rowBytes)]
            );
    }

    public override bool Joins(Weight other) => other is Blocks like && like.Type == Type;

    protected override Weight Append(ReadOnlySpan<Weight> others, Shape shape)
    {
        Blocks[] parts = [this, .. others.ToArray().Cast<Blocks>()];
        return new Blocks(
            shape,
            _format,
            (from, bytes) =>
            {
                foreach (Blocks part in parts)
                {
                    if (from < part.Bytes && !bytes.IsEmpty)
                    {
                        int here = (int)Math.Min(bytes.Length, part.Bytes - from);
                        part._read(from, bytes[..here]);
                        bytes = bytes[here..];
                        from = part.Bytes;
                    }

                    from -= part.Bytes;
                }
            }
        );
    }
}
