using Espalier.Tensors;

namespace Espalier.Kernels;

/// <summary>A right-hand side in panels of columns, in memory that may be larger.</summary>
abstract class PanelledMatrix(int k, int n, Shape extent, Tensor values) : PackedMatrix(k, n)
{
    protected Tensor Values { get; } = values.Part(0, extent);

    public override long Bytes => 4L * Values.Count;

    /// <summary>Packs b, given as [K, N], or as [N, K] when <paramref name="transposed"/>.</summary>
    public abstract void Fill(Workers workers, Tensor b, bool transposed);
}

/// <summary>Products whose right-hand side lies in panels.</summary>
abstract class PanelledGemm<TPanels> : Gemm
    where TPanels : PanelledMatrix
{
    // Panels of a right-hand side that is used once, kept for the next one of this thread.
    [ThreadStatic]
    static Tensor? _once;

    /// <summary>Called before anything is packed: what a kernel needs once.</summary>
    protected virtual void Prepare() { }

    /// <summary>Memory that the panels of such a matrix take.</summary>
    protected abstract Shape Extent(int k, int n);

    protected abstract TPanels Panels(int k, int n, Tensor memory);

    public sealed override PackedMatrix Allocate(int k, int n)
    {
        Prepare();
        return Panels(k, n, new Tensor(Extent(k, n)));
    }

    public sealed override void Pack(Workers workers, Tensor b, bool transposed, PackedMatrix into)
    {
        TPanels panels = Mine(into);
        var (k, n) = transposed ? (b.Columns, b.Rows) : (b.Rows, b.Columns);
        if (k != panels.K || n != panels.N)
        {
            throw new ArgumentException(
                $"Gemm: b is {b.Shape}{(transposed ? " transposed" : "")} and the memory it is to be "
                    + $"packed into is for [{panels.K}, {panels.N}]."
            );
        }

        panels.Fill(workers, b, transposed);
    }

    public sealed override void Multiply(
        Workers workers,
        Tensor a,
        bool transposedA,
        Tensor b,
        Tensor c,
        bool accumulate
    )
    {
        Prepare();
        TPanels panels = Once(b);
        panels.Fill(workers, b, transposed: false);
        Multiply(workers, a, transposedA, panels, c, new Epilogue(Accumulate: accumulate));
    }

    protected TPanels Once(Tensor b)
    {
        int count = Extent(b.Rows, b.Columns).Count;
        if (_once is null || _once.Count < count)
        {
            _once = new Tensor(count);
        }

        return Panels(b.Rows, b.Columns, _once);
    }

    protected virtual bool IsMine(TPanels panels) => true;

    protected TPanels Mine(PackedMatrix packed) =>
        packed is TPanels panels && IsMine(panels)
            ? panels
            : throw new ArgumentException(
                $"Gemm: the right-hand side was packed by other kernels ({packed.GetType().Name}); "
                    + "pack it with the family that multiplies."
            );
}
