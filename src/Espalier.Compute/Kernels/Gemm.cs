using Espalier.Tensors;

namespace Espalier.Kernels;

/// <summary>
/// What happens to a product before it is written: <c>c = activation(product + bias)</c>, or
/// <c>c += product</c> when <paramref name="Accumulate"/>.
/// </summary>
/// <param name="Bias">One number per column.</param>
/// <param name="Linear">Receives product + bias, which the backward pass of the activation needs.</param>
/// <param name="Accumulate">Adds to what c holds; only without bias and activation.</param>
public readonly record struct Epilogue(
    Tensor? Bias = null,
    Activation Activation = Activation.None,
    Tensor? Linear = null,
    bool Accumulate = false
);

/// <summary>The right-hand side of a product, B [K, N], in the layout that its kernel reads.</summary>
public abstract class PackedMatrix(int k, int n)
{
    public int K { get; } = k;
    public int N { get; } = n;

    /// <summary>Memory that the packed form takes.</summary>
    public abstract long Bytes { get; }
}

/// <summary>The packed forms that a weight [O, I] has, each null where it has none: as [I, O] and as [O, I].</summary>
public readonly record struct PackedForms(PackedMatrix? Transposed, PackedMatrix? Straight);

/// <summary>
/// float32 matrix products. Every element of c is one sum over k in an order that the shape alone
/// fixes, so results do not depend on the number of threads.
/// </summary>
public abstract class Gemm
{
    /// <summary>Memory for a right-hand side; packed again as often as B changes.</summary>
    public abstract PackedMatrix Allocate(int k, int n);

    /// <summary>Packs B, given as [K, N], or as [N, K] when <paramref name="transposed"/> (a Linear's weight).</summary>
    public abstract void Pack(Workers workers, Tensor b, bool transposed, PackedMatrix into);

    /// <summary>c [M, N] = a · b; a is [M, K], or [K, M] when <paramref name="transposedA"/>.</summary>
    public abstract void Multiply(
        Workers workers,
        Tensor a,
        bool transposedA,
        PackedMatrix b,
        Tensor c,
        Epilogue epilogue = default
    );

    /// <summary>c [M, N] = aᵀ or a · b, or c += it, for a b [K, N] that is used once (a weight's gradient).</summary>
    public virtual void Multiply(
        Workers workers,
        Tensor a,
        bool transposedA,
        Tensor b,
        Tensor c,
        bool accumulate
    ) =>
        Multiply(
            workers,
            a,
            transposedA,
            Pack(workers, b, false),
            c,
            new Epilogue(Accumulate: accumulate)
        );

    /// <summary>
    /// All of a Linear's backward pass at once; false, and nothing done, where these kernels have nothing better than
    /// one part after another.
    /// </summary>
    public virtual bool Backward(Workers workers, in LinearGradients gradients) => false;

    public PackedMatrix Pack(Workers workers, Tensor b, bool transposed)
    {
        PackedMatrix packed = transposed
            ? Allocate(b.Columns, b.Rows)
            : Allocate(b.Rows, b.Columns);
        Pack(workers, b, transposed, packed);
        return packed;
    }

    protected static (int M, int K, int N) Check(
        Tensor a,
        bool transposedA,
        PackedMatrix b,
        Tensor c
    )
    {
        var (m, k) = transposedA ? (a.Columns, a.Rows) : (a.Rows, a.Columns);
        return k == b.K && c.Rows == m && c.Columns == b.N
            ? (m, k, b.N)
            : throw new ArgumentException(
                $"Gemm: a is {a.Shape}{(transposedA ? " transposed" : "")}, b [{b.K}, {b.N}] and c {c.Shape}; "
                    + "a [M, K] · b [K, N] gives c [M, N]."
            );
    }

    protected static void Check(in Epilogue epilogue, Tensor c)
    {
        if (
            epilogue.Accumulate
            && epilogue is not { Bias: null, Linear: null, Activation: Activation.None }
        )
        {
            throw new ArgumentException(
                "Gemm: Accumulate adds a product to c; it goes with no bias, activation or Linear."
            );
        }

        if (epilogue.Bias is { } bias && bias.Count != c.Columns)
        {
            throw new ArgumentException(
                $"Gemm: the bias is {bias.Shape} and c {c.Shape}; the bias has one number per column."
            );
        }

        if (epilogue.Linear is { } linear && !linear.Shape.Equals(c.Shape))
        {
            throw new ArgumentException(
                $"Gemm: Linear is {linear.Shape} and c {c.Shape}; they must be of one shape."
            );
        }
    }
}
