namespace Espalier.Tensors;

/// <summary>Extents of a row-major tensor, outermost first. No extents: a scalar.</summary>
public sealed class Shape : IEquatable<Shape>
{
    readonly int[] _extents;

    public Shape(params ReadOnlySpan<int> extents)
    {
        long count = 1;
        foreach (int extent in extents)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(extent);
            count = checked(count * extent);
        }

        if (count > Array.MaxLength)
        {
            throw new ArgumentException(
                $"A tensor of [{string.Join(", ", extents.ToArray())}] has {count} elements; "
                    + $"at most {Array.MaxLength} fit in one."
            );
        }

        _extents = extents.ToArray();
        Count = (int)count;
    }

    /// <summary>Number of elements.</summary>
    public int Count { get; }

    public int Rank => _extents.Length;

    public int this[Index index] => _extents[index];

    /// <summary>The last extent; 1 for a scalar.</summary>
    public int Columns => Rank == 0 ? 1 : _extents[^1];

    /// <summary>All extents but the last, multiplied.</summary>
    public int Rows => Columns == 0 ? 0 : Count / Columns;

    public ReadOnlySpan<int> Extents => _extents;

    public bool Equals(Shape? other) =>
        other is not null && _extents.AsSpan().SequenceEqual(other._extents);

    public override bool Equals(object? obj) => Equals(obj as Shape);

    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (int extent in _extents)
        {
            hash.Add(extent);
        }

        return hash.ToHashCode();
    }

    public override string ToString() => $"[{string.Join(", ", _extents)}]";
}
