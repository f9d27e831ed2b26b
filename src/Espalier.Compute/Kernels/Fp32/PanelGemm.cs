using System.Runtime.CompilerServices;
using Espalier.Tensors;

namespace Espalier.Kernels.Fp32;

/// <summary>
/// Products out of tiles. Columns are cut into blocks of 64 and rows into chunks; a block of work is one chunk by
/// one block of columns over all of k, and strip by strip its tiles are computed, finished and left.
/// </summary>
sealed unsafe class PanelGemm<TTile> : Gemm
    where TTile : struct, ITile
{
    public override PackedMatrix Allocate(int k, int n) =>
        new Panels(k, n, TTile.Width, TTile.Lanes);

    public override void Pack(Workers workers, Tensor b, bool transposed, PackedMatrix into)
    {
        Panels panels = Mine(into);
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

    public override void Multiply(
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
        Panels panels = Mine(b);
        int columnBlocks = (n + Panels.BlockColumns - 1) / Panels.BlockColumns;
        if (m == 0 || columnBlocks == 0)
        {
            return;
        }

        ProductBlocks blocks = new(
            m,
            columnBlocks,
            TTile.Rows,
            sizeof(float) * Math.Min(k, TTile.Depth)
        );
        Products products = new(
            transposedA ? Strips.Lay(workers, a, TTile.Rows) : a,
            transposedA,
            panels,
            c,
            epilogue,
            blocks
        );
        workers.Run(blocks.Count, products);
    }

    // Panels of a right-hand side that is used once, kept for the next one of this thread.
    [ThreadStatic]
    static Tensor? _once;

    public override void Multiply(
        Workers workers,
        Tensor a,
        bool transposedA,
        Tensor b,
        Tensor c,
        bool accumulate
    )
    {
        Shape extent = Panels.Extent(b.Rows, b.Columns, TTile.Lanes);
        if (_once is null || _once.Count < extent.Count)
        {
            _once = new Tensor(extent.Count);
        }

        Panels panels = new(b.Rows, b.Columns, TTile.Width, TTile.Lanes, _once);
        panels.Fill(workers, b, transposed: false);
        Multiply(workers, a, transposedA, panels, c, new Epilogue(Accumulate: accumulate));
    }

    static Panels Mine(PackedMatrix packed) =>
        packed is Panels panels && panels.Width == TTile.Width
            ? panels
            : throw new ArgumentException(
                $"Gemm: the right-hand side was packed by other kernels ({packed.GetType().Name}); "
                    + "pack it with the family that multiplies."
            );

    readonly struct Products(
        Tensor a,
        bool inStrips,
        Panels panels,
        Tensor c,
        Epilogue epilogue,
        ProductBlocks blocks
    ) : IBlocks
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(int block)
        {
            var (panel, row, rowEnd) = blocks.At(block);
            int column = panel * Panels.BlockColumns,
                columns = Math.Min(Panels.BlockColumns, panels.N - column);
            GemmFinish finish = new(epilogue, c);

            // As few equal depths as there must be; the last may be shorter.
            int pieces = Math.Max((panels.K + TTile.Depth - 1) / TTile.Depth, 1),
                depth = (panels.K + pieces - 1) / pieces;
            for (int piece = 0; piece < pieces; piece++)
            {
                int k = piece * depth;
                for (int strip = row; strip < rowEnd; strip += TTile.Rows)
                {
                    int rows = Math.Min(TTile.Rows, rowEnd - strip);
                    Tiles(strip, rows, column, columns, k, Math.Min(depth, panels.K - k));
                    if (piece == pieces - 1)
                    {
                        finish.Apply(strip, rows, column, columns);
                    }
                }
            }
        }

        [SkipLocalsInit]
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        void Tiles(int row, int rows, int column, int columns, int k, int depth)
        {
            // In strips: [strip, k, row in strip]; else [row, k].
            float* from = inStrips
                ? a.Address() + row / TTile.Rows * Strips.Size(panels.K) + k * Strips.Step
                : a.Address() + (nint)row * panels.K + k;
            bool add = epilogue.Accumulate || k > 0;
            float* edge = stackalloc float[TTile.Rows * TTile.Width];
            for (int end = column + columns; column < end; column += TTile.Width)
            {
                int padded = panels.PaddedWidth(column),
                    here = Math.Min(TTile.Width, end - column);
                bool whole = padded == here;
                float* to = c.Address() + (nint)row * c.Columns + column;
                TileProduct product = new(
                    (nint)from,
                    inStrips ? 1 : panels.K,
                    inStrips ? Strips.Step : 1,
                    (nint)(panels.Start(column) + (nint)k * padded),
                    depth,
                    (nint)(whole ? to : edge),
                    whole ? c.Columns : TTile.Width,
                    whole && add
                );
                TTile.Multiply(rows, padded / TTile.Lanes, product);
                if (!whole)
                {
                    // The last vector reaches past the row: into the next one, if it were written there.
                    for (int i = 0; i < rows; i++)
                    {
                        for (int j = 0; j < here; j++)
                        {
                            float* at = to + (nint)i * c.Columns + j;
                            *at = (add ? *at : 0) + edge[i * TTile.Width + j];
                        }
                    }
                }
            }
        }
    }
}
