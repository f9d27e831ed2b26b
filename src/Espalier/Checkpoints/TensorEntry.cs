using System.Collections.Immutable;
using Espalier.Tensors;

namespace Espalier.Checkpoints;

/// <summary>Where one tensor lies in a file; every number is proven to fit the file. Extents go outermost first (none: a scalar), the offset is from the start of the file, the length in
/// bytes.</summary>
public sealed record TensorEntry(
    string Name,
    DType Type,
    ImmutableArray<long> Extents,
    long Offset,
    long Length
)
{
    /// <summary>Number of elements.</summary>
    public long Count => Length / BlockSize.Of(Type).Bytes * BlockSize.Of(Type).Numbers;

    public bool Equals(TensorEntry? other) =>
        other is not null
        && Name == other.Name
        && Type == other.Type
        && Extents.AsSpan().SequenceEqual(other.Extents.AsSpan())
        && Offset == other.Offset
        && Length == other.Length;

    public override int GetHashCode() => HashCode.Combine(Name, Offset);

    public override string ToString() =>
        $"{Printable.Escape(Name)} {SafetensorsTypes.Name(Type)} [{string.Join(", ", Extents)}]";
}

/// <summary>How safetensors spells the number formats.</summary>
static class SafetensorsTypes
{
    static readonly (DType Type, string Name)[] All =
    [
        (DType.F64, "F64"),
        (DType.F32, "F32"),
        (DType.F16, "F16"),
        (DType.BF16, "BF16"),
        (DType.I64, "I64"),
        (DType.I32, "I32"),
        (DType.I16, "I16"),
        (DType.I8, "I8"),
        (DType.U8, "U8"),
        (DType.Bool, "BOOL"),
    ];

    public static string Names => string.Join(", ", All.Select(t => t.Name));

    public static DType? Parse(string name)
    {
        foreach (var type in All)
        {
            if (type.Name == name)
            {
                return type.Type;
            }
        }

        return null;
    }

    public static string Name(DType type) => type.ToString().ToUpperInvariant();

    public static int Size(DType type) => BlockSize.Of(type).Bytes;
}
