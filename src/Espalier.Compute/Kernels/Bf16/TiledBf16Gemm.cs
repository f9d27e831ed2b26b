using Espalier.Kernels.Rowwise;
using Espalier.Kernels.Vectors;
using Espalier.Tensors;

namespace Espalier.Kernels.Bf16;

/// <summary>
/// Products of operands rounded to bfloat16, summed in float32: what all kernels of this kind share. The left-hand
/// side is rounded into rows of pairs, then each block of work is a chunk of rows by some panels of columns, tile by tile over
/// all of k, finished while it is in the nearest cache. No cut along k is needed: a panel streams from L2 at less
/// than half of its rate.
/// </summary>
abstract unsafe class TiledBf16Gemm : PanelledGemm<Bf16Panels>
{
    // Whose sums are still in the nearest cache when they are finished.
    const int FinishedTiles = 4;

    protected abstract int TileRows { get; }

    protected virtual Bf16Cut Cut => new(64, 1);

    /// <summary>Called after a product, on the caller's thread: what a kernel leaves in the processor.</summary>
    protected virtual void Leave() { }

    /// <summary>c = a · b, or c += a · b, for tiles below each other; leaves none to go and stands behind the last.</summary>
    protected abstract void Multiply(ref Bf16Tile tile);

    protected sealed override Shape Extent(int k, int n) => Bf16Panels.Extent(k, n, Cut);

    protected sealed override Bf16Panels Panels(int k, int n, Tensor memory) =>
        new(k, n, Cut, memory);

    public sealed override void Multiply(
        Workers workers,
        Tensor a,
        bool transposedA,
        PackedMatrix b,
        Tensor c,
        Epilogue epilogue = default
    )
    {
        var (m, k, n) = Check(a, transposedA, b, c);
        Check(epilogue, c);
        Bf16Panels panels = Mine(b);
        if (m == 0 || n == 0)
        {
            return;
        }

        if (k == 0)
        {
            // No step, no pair: the sums are zeros, and a tile has at least one pair.
            Empty(c, epilogue);
            return;
        }

        uint* rows = Bf16Rows.Lay(workers, a, transposedA);
        Products products = Plan(rows, panels, c, epilogue);
        try
        {
            workers.Run(products.Blocks, products);
        }
        finally
        {
            Leave();
        }
    }

    Products Plan(uint* rows, Bf16Panels panels, Tensor c, in Epilogue epilogue) =>
        new(
            this,
            rows,
            panels,
            c,
            epilogue,
            new ProductBlocks(
                c.Rows,
                panels.Count,
                TileRows,
                sizeof(uint) * Bf16Rows.Stride(panels.K)
            )
        );

    /// <summary>
    /// In two jobs: all that is read is rounded, dy in one pass for both products, x beside it; then the blocks
    /// of both products.
    /// </summary>
    public sealed override bool Backward(Workers workers, in LinearGradients gradients) =>
        Lanes16.IsSupported
            ? Backward<Lanes16>(workers, gradients)
            : Lanes8.IsSupported && Backward<Lanes8>(workers, gradients);

    bool Backward<T>(Workers workers, in LinearGradients gradients)
        where T : struct, ILanes<T>
    {
        Tensor x = gradients.X,
            dy = gradients.Dy;
        if (dy.Rows == 0 || dy.Columns == 0 || x.Columns == 0)
        {
            return false;
        }

        Prepare();
        Bf16Panels? laid = gradients.WeightGradient is null ? null : Once(x);
        Tensor? rows = gradients.Dx is null ? null : Bf16Rows.ForRows(dy.Rows, dy.Columns),
            turned = laid is null ? null : Bf16Rows.ForColumns(dy.Columns, dy.Rows);
        RowBlocks sums = new(dy.Rows, dy.Columns);
        float* parts = gradients.BiasSums is null
            ? null
            : Scratch.ForCall(sums.Blocks * dy.Columns);
        Bf16GradientBlocks<T> rounding = new(
            dy,
            rows is null ? null : (uint*)rows.Address(),
            Bf16Rows.Stride(dy.Columns),
            turned is null ? null : (uint*)turned.Address(),
            Bf16Rows.Stride(dy.Rows),
            parts
        );
        Bf16Panels.Laying laying = laid is null ? default : new(laid, x);
        Two<Bf16GradientBlocks<T>, Bf16Panels.Laying> first = new(
            rounding,
            rounding.Blocks,
            laying,
            laid is null ? 0 : laying.Blocks
        );
        workers.Run(first.Blocks, first);
        if (gradients.BiasSums is { } bias)
        {
            sums.AddParts<T>(parts, dy.Columns, 0, bias.Address(), dy.Columns);
        }

        Products weight = default,
            input = default;
        if (laid is not null)
        {
            weight = Plan(
                (uint*)turned!.Address(),
                laid,
                gradients.WeightGradient!,
                new Epilogue(Accumulate: gradients.AddWeight)
            );
        }

        if (gradients.Dx is { } dx)
        {
            input = Plan(
                (uint*)rows!.Address(),
                Mine(gradients.Packed!),
                dx,
                new Epilogue(Accumulate: gradients.AddX)
            );
        }

        try
        {
            Two<Products, Products> second = new(weight, weight.Blocks, input, input.Blocks);
            workers.Run(second.Blocks, second);
        }
        finally
        {
            Leave();
        }

        return true;
    }

    /// <summary>
    /// Two jobs that do not wait for each other, as one; the second between the halves of the first, so that the first
    /// blocks of both are in the front half.
    /// </summary>
    readonly struct Two<TFirst, TSecond>(TFirst first, int blocks, TSecond second, int others)
        : IBlocks
        where TFirst : struct, IBlocks
        where TSecond : struct, IBlocks
    {
        public int Blocks => blocks + others;

        public void Run(int block)
        {
            int half = blocks / 2;
            if (block < half)
            {
                first.Run(block);
            }
            else if (block < half + others)
            {
                second.Run(block - half);
            }
            else
            {
                first.Run(block - others);
            }
        }
    }

    static void Empty(Tensor c, in Epilogue epilogue)
    {
        if (!epilogue.Accumulate)
        {
            c.Span.Clear();
            new GemmFinish(epilogue, c).Apply(0, c.Rows, 0, c.Columns);
        }
    }

    readonly struct Products(
        TiledBf16Gemm kernel,
        uint* rows,
        Bf16Panels panels,
        Tensor c,
        Epilogue epilogue,
        ProductBlocks blocks
    ) : IBlocks
    {
        public int Blocks => blocks.Count;

        public void Run(int block)
        {
            var (panel, row, rowEnd) = blocks.At(block);
            int column = panel * panels.PanelColumns,
                columns = Math.Min(panels.PanelColumns, panels.N - column),
                vectors = panels.Vectors(panel),
                stride = Bf16Rows.Stride(panels.K);
            Bf16Tile tile = new()
            {
                AStride = sizeof(uint) * stride,
                B = panels.Start(panel),
                Pairs = panels.Pairs,
                CStride = (long)c.Columns * sizeof(float),
                LastMask = 0xFFFF >> (vectors * Bf16Panels.VectorColumns - columns),
                Ahead = panels.Ahead(panel),
                Add = epilogue.Accumulate ? 1 : 0,
                Vectors = vectors,
            };
            GemmFinish finish = new(epilogue, c);
            int tileRows = kernel.TileRows;
            tile.A = rows + (nint)row * stride;
            tile.C = c.Address() + (nint)row * c.Columns + column;
            while (row < rowEnd)
            {
                int left = rowEnd - row;
                tile.Rows = Math.Min(tileRows, left);
                tile.Tiles = Math.Min(left / tile.Rows, finish.IsNothing ? left : FinishedTiles);
                int done = tile.Rows * (int)tile.Tiles;
                kernel.Multiply(ref tile);
                finish.Apply(row, done, column, columns);
                row += done;
            }
        }
    }
}
