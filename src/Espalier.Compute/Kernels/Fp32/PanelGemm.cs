using System.Runtime.CompilerServices;
using Espalier.Kernels.Vectors;
using Espalier.Tensors;

namespace Espalier.Kernels.Fp32;

/// <summary>
/// Products out of tiles. Columns are cut into blocks of 64 and rows into chunks; a block of work is one chunk by
/// one block of columns over all of k, and strip by strip its tiles are computed, finished and left.
/// </summary>
sealed unsafe class PanelGemm<T> : PanelledGemm<Panels>
    where T : struct, ILanes<T>
{
    protected override Shape Extent(int k, int n) => Fp32.Panels.Extent(k, n, T.Count);

    protected override Panels Panels(int k, int n, Tensor memory) =>
        new(k, n, PanelTile<T>.Width, T.Count, memory);

    protected override bool IsMine(Panels panels) => panels.Width == PanelTile<T>.Width;

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
        int columnBlocks = (n + Fp32.Panels.BlockColumns - 1) / Fp32.Panels.BlockColumns;
        if (m == 0 || columnBlocks == 0)
        {
            return;
        }

        ProductBlocks blocks = new(
            m,
            columnBlocks,
            PanelTile<T>.Rows,
            sizeof(float) * Math.Min(k, PanelTile<T>.Depth)
        );
        Products products = new(
            transposedA ? Strips.Lay(workers, a, PanelTile<T>.Rows) : a,
            transposedA,
            panels,
            c,
            epilogue,
            blocks
        );
        workers.Run(blocks.Count, products);
    }

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
            int column = panel * Fp32.Panels.BlockColumns,
                columns = Math.Min(Fp32.Panels.BlockColumns, panels.N - column);
            GemmFinish finish = new(epilogue, c);

            // As few equal depths as there must be; the last may be shorter.
            int pieces = Math.Max((panels.K + PanelTile<T>.Depth - 1) / PanelTile<T>.Depth, 1),
                depth = (panels.K + pieces - 1) / pieces;
            for (int piece = 0; piece < pieces; piece++)
            {
                int k = piece * depth;
                for (int strip = row; strip < rowEnd; strip += PanelTile<T>.Rows)
                {
                    int rows = Math.Min(PanelTile<T>.Rows, rowEnd - strip);
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
                ? a.Address() + row / PanelTile<T>.Rows * Strips.Size(panels.K) + k * Strips.Step
                : a.Address() + (nint)row * panels.K + k;
            bool add = epilogue.Accumulate || k > 0;
            float* edge = stackalloc float[PanelTile<T>.Rows * PanelTile<T>.Width];
            for (int end = column + columns; column < end; column += PanelTile<T>.Width)
            {
                int padded = panels.PaddedWidth(column),
                    here = Math.Min(PanelTile<T>.Width, end - column);
                bool whole = padded == here;
                float* to = c.Address() + (nint)row * c.Columns + column;
                TileProduct product = new(
                    (nint)from,
                    inStrips ? 1 : panels.K,
                    inStrips ? Strips.Step : 1,
                    (nint)(panels.Start(column) + (nint)k * padded),
                    depth,
                    (nint)(whole ? to : edge),
                    whole ? c.Columns : PanelTile<T>.Width,
                    whole && add
                );
                PanelTile<T>.Multiply(rows, padded / T.Count, product);
                if (!whole)
                {
                    // The last vector reaches past the row: into the next one, if it were written there.
                    for (int i = 0; i < rows; i++)
                    {
                        for (int j = 0; j < here; j++)
                        {
                            float* at = to + (nint)i * c.Columns + j;
                            *at = (add ? *at : 0) + edge[i * PanelTile<T>.Width + j];
                        }
                    }
                }
            }
        }
    }
}
