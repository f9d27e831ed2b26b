using Espalier.Stored;
using Espalier.Tensors;

namespace Espalier.Kernels;

/// <summary>
/// Activations as integers in the groups of the weights that they meet: <c>x ≈ scale · q</c>, scale = max|x| / most of a row's group.
/// So one large number, as language models have them, costs its own group its precision and no other. Codes of 4 bits meet signed
/// bytes, most = 127. Codes of 8 bits are worth more than a byte beside them, which would lose twice what they do (language.md): q is
/// <c>low + 256 · high</c>, two signed bytes, and most = 127 · 256, or what keeps sums of a large group below 2³¹.
/// </summary>
public sealed class GroupedRows
{
    // A group in memory: the sum of q, the low bytes (to a multiple of 8, the rest zero), the high ones, its scale, scale · sum.
    internal const int HeadBytes = sizeof(int);
    internal const int TailBytes = 2 * sizeof(float);
    internal const int Padding = 8;

    /// <param name="weights">That they meet, or others of the same form.</param>
    public GroupedRows(int capacity, GroupedMatrix weights)
    {
        (Capacity, Columns) = (capacity, weights.Inputs);
        (Group, Digits) = (weights.Group, weights.Digits);
        int whole = Columns / Group,
            rest = Columns % Group;
        Stride =
            whole * (HeadBytes + Digits * Group + TailBytes)
            + (rest == 0 ? 0 : HeadBytes + Digits * Padded(rest) + TailBytes);
        Values = GC.AllocateArray<byte>(Math.Max(1, checked(capacity * Stride)), pinned: true);
    }

    /// <summary>Rows in use; at most <see cref="Capacity"/>.</summary>
    public int Rows { get; set; }
    public int Capacity { get; }
    public int Columns { get; }
    public int Group { get; }

    /// <summary>Bytes of a number.</summary>
    public int Digits { get; }

    /// <summary>Of |q|.</summary>
    internal int Most =>
        Digits == 1
            ? sbyte.MaxValue
            : Math.Min(sbyte.MaxValue << 8, int.MaxValue / (byte.MaxValue * Group));

    /// <summary>Bytes from row to row.</summary>
    internal int Stride { get; }

    internal byte[] Values { get; }

    /// <summary>Whether these are what the weights meet.</summary>
    public bool Fit(GroupedMatrix weights) =>
        (Columns, Group, Digits) == (weights.Inputs, weights.Group, weights.Digits);

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

    /// <summary>Bytes of each number that meets them, 1 with 4 bits and 2 with 8; see <see cref="GroupedRows"/>.</summary>
    public int Digits => Bits / 4;

    /// <inheritdoc cref="GroupedWeight.Zero"/>
    internal int? Zero { get; } = weights.Zero;

    /// <summary>Adds the weights of an output to numbers: a table that is also multiplied with is looked up in this same copy.</summary>
    public abstract void AddRow(int row, Span<float> to);
}

/// <summary>
/// Products of integers with weights that stay as codes in memory. Of each group the sum of products is an exact integer; then, in
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
            !x.Fit(weights)
            || y.Rows != x.Rows
            || column < 0
            || y.Columns - column < weights.Outputs
        )
        {
            throw new ArgumentException(
                $"Grouped product: x is [{x.Rows}, {x.Columns}] in groups of {x.Group} with {x.Digits} bytes a number, the weights [{weights.Outputs}, {weights.Inputs}] "
                    + $"in groups of {weights.Group} for {weights.Digits} bytes, and y {y.Shape}; x [M, K] and weights [N, K] in the same groups give y [M, N] or columns of a wider one."
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
