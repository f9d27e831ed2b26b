namespace Espalier.Tensors;

/// <summary>
/// Row-major float32 numbers. The memory is pinned and starts at a multiple of 64 bytes, so that
/// kernels may take its address and full vectors never straddle two cache lines.
/// </summary>
public sealed class Tensor
{
    const int Alignment = 64;
    readonly float[] _storage;
    readonly int _start;

    Tensor(float[] storage, int start, Shape shape)
    {
        _storage = storage;
        _start = start;
        Shape = shape;
    }

    /// <summary>Zeros.</summary>
    public Tensor(params ReadOnlySpan<int> extents)
        : this(new Shape(extents)) { }

    /// <summary>Zeros.</summary>
    public Tensor(Shape shape)
    {
        Shape = shape;
        (_storage, _start) = Allocate(shape.Count);
    }

    public Tensor(Shape shape, ReadOnlySpan<float> values)
        : this(shape)
    {
        if (values.Length != shape.Count)
        {
            throw new ArgumentException(
                $"{values.Length} values do not fill a tensor of {shape}; it takes {shape.Count}."
            );
        }

        values.CopyTo(Span);
    }

    public Shape Shape { get; }

    public int Count => Shape.Count;

    public int Rows => Shape.Rows;

    public int Columns => Shape.Columns;

    public Span<float> Span => _storage.AsSpan(_start, Shape.Count);

    public Span<float> Row(int row) => Span.Slice(row * Columns, Columns);

    /// <summary>The same numbers under other extents; nothing is copied.</summary>
    public Tensor Reshape(params ReadOnlySpan<int> extents)
    {
        Shape shape = new(extents);
        return shape.Count == Count
            ? new Tensor(_storage, _start, shape)
            : throw new ArgumentException(
                $"Reshape: {Shape} has {Count} elements, {shape} has {shape.Count}."
            );
    }

    /// <summary>The first rows, as a matrix over the same memory; nothing is copied.</summary>
    public Tensor Head(int rows) =>
        rows <= Rows
            ? new Tensor(_storage, _start, new Shape(rows, Columns))
            : throw new ArgumentException($"Head: {rows} rows asked of {Shape}.");

    /// <summary>A part of this memory under a shape of its own; nothing is copied.</summary>
    internal Tensor Part(int start, Shape shape) =>
        start >= 0 && start <= Count - shape.Count
            ? new Tensor(_storage, _start + start, shape)
            : throw new ArgumentException($"Part: {shape} at {start} does not lie within {Shape}.");

    /// <summary>A copy of a matrix, rows for columns.</summary>
    public Tensor Transposed()
    {
        Tensor turned = new(Columns, Rows);
        Span<float> to = turned.Span;
        for (int r = 0; r < Rows; r++)
        {
            ReadOnlySpan<float> from = Row(r);
            for (int c = 0; c < from.Length; c++)
            {
                to[c * Rows + r] = from[c];
            }
        }

        return turned;
    }

    public Tensor Clone() => new(Shape, Span);

    /// <summary>The rows of several matrices one below the other, or vectors end to end; one alone is itself, not copied.</summary>
    public static Tensor Stacked(params ReadOnlySpan<Tensor> parts)
    {
        if (parts.Length == 1)
        {
            return parts[0];
        }

        int count = 0,
            at = 0;
        foreach (Tensor part in parts)
        {
            count += part.Count;
        }

        Tensor all =
            parts[0].Shape.Rank == 1
                ? new Tensor(count)
                : new Tensor(count / parts[0].Columns, parts[0].Columns);
        foreach (Tensor part in parts)
        {
            part.Span.CopyTo(all.Span[at..]);
            at += part.Count;
        }

        return all;
    }

    static (float[] Storage, int Start) Allocate(int count)
    {
        const int slack = Alignment / sizeof(float);
        float[] storage = LargePages.Allocate<float>(count + slack);
        unsafe
        {
            fixed (float* first = storage)
            {
                int past = (int)((nuint)first % Alignment);
                return (storage, past == 0 ? 0 : (Alignment - past) / sizeof(float));
            }
        }
    }
}
