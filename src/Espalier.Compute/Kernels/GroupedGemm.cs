using Espalier.Stored;
using Espalier.Tensors;

namespace Espalier.Kernels;

/// <summary>
/// Activations as signed bytes in the groups of the weights that they meet: <c>x ≈ scale · q</c>, scale = max|x| / 127 of a row's group.
/// So one large number, as language models have them, costs its own group its precision and no other.
/// </summary>
public sealed class GroupedRows
{
    // A group in memory: the sum of its bytes, the bytes (to a multiple of 8, the rest zero), its scale, scale · sum.
    internal const int HeadBytes = sizeof(int);
    internal const int TailBytes = 2 * sizeof(float);
    internal const int Padding = 8;

    public GroupedRows(int capacity, int columns, int group)
    {
        (Capacity, Columns, Group) = (capacity, columns, group);
        int whole = columns / group,
            rest = columns % group;
        Stride =
            whole * (HeadBytes + group + TailBytes)
            + (rest == 0 ? 0 : HeadBytes + Padded(rest) + TailBytes);
        Values = GC.AllocateArray<byte>(Math.Max(1, checked(capacity * Stride)), pinned: true);
    }

    /// <summary>Rows in use; at most <see cref="Capacity"/>.</summary>
    public int Rows { get; set; }
    public int Capacity { get; }
    public int Columns { get; }
    public int Group { get; }

    /// <summary>Bytes from row to row.</summary>
    internal int Stride { get; }

    internal byte[] Values { get; }

    internal static int Padded(int columns) => (columns + Padding - 1) / Padding * Padding;
}

/// <summary>Weights as codes in groups, in the layout of their kernel.</summary>
public abstract class GroupedMatrix(GroupedWeight weights)
    : QuantizedMatrix(weights.Rows, weights.Columns),
        IRowTable
{
    /// <summary>Columns that share a scale.</summary>
    public int Group { get; } = weights.Group;

    internal int Bits { get; } = weights.Bits;

    /// <inheritdoc cref="GroupedWeight.Zero"/>
    internal int? Zero { get; } = weights.Zero;

    /// <summary>Adds the weights of an output to numbers: a table that is also multiplied with is looked up in this same copy.</summary>
    public abstract void AddRow(int row, Span<float> to);
}

/// <summary>
/// Products of bytes with weights that stay as codes in memory. Of each group the sum of products is an exact integer; then, in
/// float32 and in the order of groups, each step rounded as written,
/// <c>a = fma(Σ q (code − zero) · scaleX, scaleW, a)</c> where all groups have one zero, else
/// <c>a = fma(scaleX · Σ q, offsetW, fma(Σ q code · scaleX, scaleW, a))</c>; at the end <c>y = activation(a · unit + bias)</c>.
/// Scales and offsets are half precision in units of a power of two for each output (<see cref="Grouped.HalfScales"/>). Every kernel
/// does just this, so all of them give the same bits.
/// </summary>
public abstract class GroupedGemm
{
    // 255 · 127 · this stays below 2³¹.
    internal const int MostColumns = 65_536;

    public abstract GroupedMatrix Pack(GroupedWeight weights_OI);

    /// <summary>
    /// Quantizes the rows of x; sets <see cref="GroupedRows.Rows"/>. A group with a number that is not finite has no scale, and what it
    /// meets is not a number.
    /// </summary>
    public abstract void Quantize(Workers workers, Tensor x, GroupedRows into);

    /// <summary>y [rows, outputs]; <see cref="Epilogue.Accumulate"/> and Linear are not for quantized products.</summary>
    /// <param name="column">Of y, where the outputs begin: those of other weights may stand beside them.</param>
    public abstract void Multiply(
        Workers workers,
        GroupedRows x,
        GroupedMatrix weights,
        Tensor y,
        Epilogue epilogue = default,
        int column = 0
    );

    protected static void Check(GroupedWeight weights)
    {
        if (
            weights.Group is < 8 or > MostColumns
            || weights.Group % GroupedRows.Padding != 0
            || weights.Columns < 1
        )
        {
            throw new ArgumentException(
                $"Grouped weights: {weights.Shape} in groups of {weights.Group} columns; a group has a multiple of 8 columns, up to {MostColumns}."
            );
        }
    }

    protected static void Check(Tensor x, GroupedRows into)
    {
        if (x.Columns != into.Columns || x.Rows > into.Capacity)
        {
            throw new ArgumentException(
                $"Grouped rows: x is {x.Shape} and the place for its bytes [{into.Capacity}, {into.Columns}]; "
                    + "the columns must be equal and the rows fit."
            );
        }
    }

    protected static void Check(
        GroupedRows x,
        GroupedMatrix weights,
        Tensor y,
        in Epilogue epilogue,
        int column
    )
    {
        if (
            x.Columns != weights.Inputs
            || x.Group != weights.Group
            || y.Rows != x.Rows
            || column < 0
            || y.Columns - column < weights.Outputs
        )
        {
            throw new ArgumentException(
                $"Grouped product: x is [{x.Rows}, {x.Columns}] in groups of {x.Group}, the weights [{weights.Outputs}, {weights.Inputs}] "
                    + $"in groups of {weights.Group} and y {y.Shape}; x [M, K] and weights [N, K] in the same groups give y [M, N] or columns of a wider one."
            );
        }

        if (epilogue.Bias is { } bias && bias.Count != weights.Outputs)
        {
            throw new ArgumentException(
                $"Grouped product: the bias is {bias.Shape} and the weights have {weights.Outputs} outputs; one number per output is needed."
            );
        }

        if (epilogue.Accumulate || epilogue.Linear is not null)
        {
            throw new ArgumentException(
                "Grouped product: Accumulate and Linear belong to training; quantized products only infer."
            );
        }
    }
}
