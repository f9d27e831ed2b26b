using Espalier.Kernels.Fp32;
using Espalier.Tensors;

namespace Espalier.Kernels.Bf16;

/// <summary>
/// B [K, N] in panels of 64 columns (the last may have 16, 32 or 48). A panel holds, for each pair of steps of k,
/// that pair of each of its columns: 16 columns fill one 512-bit vector, whose every 32-bit lane meets one pair of a row
/// of a. Missing columns and an odd last step are zeros. AMX has panels of 32 columns and takes 16 pairs at a
/// time: there the missing pairs are zeros too.
/// </summary>
sealed unsafe class Bf16Panels(int k, int n, Bf16Cut cut, Tensor values)
    : PanelledMatrix(k, n, Extent(k, n, cut), values)
{
    public const int VectorColumns = 16;

    // Pairs in one block of packing. Columns that lie as rows: with 64 columns 32 KiB, which the nearest cache holds while
    // they are turned. Rows: whole ones, so that memory is read in one line, of all panels.
    const int TurnedPairs = 128;
    const int LaidPairs = 8;

    /// <summary>Rows of b that <see cref="FillRows"/> takes at a time, or a multiple of them.</summary>
    public const int PartRows = 2 * LaidPairs;

    /// <summary>Pairs of steps by columns, each pair in the place of a float.</summary>
    public static Shape Extent(int k, int n, Bf16Cut cut) =>
        new(
            ((k + 1) / 2 + cut.Pairs - 1) / cut.Pairs * cut.Pairs,
            (n + VectorColumns - 1) / VectorColumns * VectorColumns
        );

    /// <summary>Columns of a panel; the last may have fewer vectors.</summary>
    public int PanelColumns => cut.Columns;

    /// <summary>Of steps of k, with the zeros behind them.</summary>
    public int Pairs => Values.Rows;

    int HeldPairs => (K + 1) / 2;

    public int Count => (N + PanelColumns - 1) / PanelColumns;

    /// <summary>Vectors of 16 columns in a panel: 4, in the last panel 1 to 4.</summary>
    public int Vectors(int panel) =>
        Math.Min(PanelColumns, Values.Columns - panel * PanelColumns) / VectorColumns;

    /// <summary>Bytes from a panel to the one behind it; 0 where there is none.</summary>
    public long Ahead(int panel) =>
        panel + 1 < Count ? (long)sizeof(uint) * PanelColumns * Pairs : 0;

    public uint* Start(int panel) => (uint*)Values.Address() + (nint)panel * PanelColumns * Pairs;

    public override void Fill(Workers workers, Tensor b, bool transposed)
    {
        if (transposed)
        {
            Turning job = new(this, b);
            workers.Run(Count * job.Pieces, job);
        }
        else
        {
            Laying job = new(this, b);
            workers.Run(job.Blocks, job);
        }
    }

    /// <summary>
    /// Packs rows of b, given as [K, N], or as [N, K] when <paramref name="transposed"/>; all of them once, and each time a multiple
    /// of <see cref="PartRows"/>, except the last.
    /// </summary>
    public void FillRows(Tensor b, bool transposed, int first, int rows)
    {
        if (!transposed)
        {
            Laying job = new(this, b);
            bool last = first + rows == b.Rows;
            int end = last ? job.Blocks : (first + rows) / (2 * LaidPairs);
            for (int block = first / (2 * LaidPairs); block < end; block++)
            {
                job.Run(block);
            }

            return;
        }

        Turning turning = new(this, b);
        for (int end = first + rows; first < end; )
        {
            int panel = first / PanelColumns,
                here = Math.Min(end, (panel + 1) * PanelColumns) - first;
            for (int piece = 0; piece < turning.Pieces; piece++)
            {
                turning.Columns(panel, first, here, piece);
            }

            first += here;
        }
    }

    readonly struct Turning(Bf16Panels panels, Tensor b) : IBlocks
    {
        public int Pieces => (panels.Pairs + TurnedPairs - 1) / TurnedPairs;

        public void Run(int block)
        {
            int panel = block / Pieces,
                column = panel * panels.PanelColumns,
                columns = Math.Min(panels.PanelColumns, panels.N - column);
            Columns(panel, column, columns, block % Pieces);
        }

        /// <summary>Some columns of a panel; the last ones bring the zeros behind them.</summary>
        public void Columns(int panel, int column, int columns, int piece)
        {
            int first = piece * TurnedPairs,
                pairs = Math.Min(TurnedPairs, panels.Pairs - first),
                held = Math.Clamp(panels.HeldPairs - first, 0, pairs),
                steps = Math.Min(2 * held, panels.K - 2 * first),
                width = panels.Vectors(panel) * VectorColumns,
                offset = column - panel * panels.PanelColumns,
                padded = column + columns == panels.N ? width - offset : columns;
            float* rows = Scratch.ForBlock(panels.PanelColumns * TurnedPairs),
                from = b.Address() + (nint)column * panels.K + 2 * first;
            for (int j = 0; j < columns; j++)
            {
                Bf16Numbers.Row(from + (nint)j * panels.K, steps, (uint*)rows + j * TurnedPairs);
            }

            float* to = (float*)panels.Start(panel) + (nint)first * width + offset;
            Panels.Transpose(rows, TurnedPairs, columns, held, to, width, padded);
            for (int pair = held; pair < pairs; pair++)
            {
                new Span<float>(to + pair * width, padded).Clear();
            }
        }
    }

    /// <summary>Packs b, given as [K, N].</summary>
    public readonly struct Laying(Bf16Panels panels, Tensor b) : IBlocks
    {
        public int Blocks => (panels.Pairs + LaidPairs - 1) / LaidPairs;

        public void Run(int block)
        {
            int first = block * LaidPairs,
                end = Math.Min(panels.Pairs, first + LaidPairs),
                n = panels.N,
                wide = panels.PanelColumns,
                padded = panels.Values.Columns;
            nint panelSize = (nint)wide * panels.Pairs;
            uint* start = panels.Start(0);
            for (int pair = first; pair < end; pair++)
            {
                bool held = pair < panels.HeldPairs;
                float* row = b.Address() + (nint)pair * 2 * n,
                    next = 2 * pair + 1 < panels.K ? row + n : null;
                uint* panel = start;
                for (int column = 0; column < n; column += wide, panel += panelSize)
                {
                    int columns = held ? Math.Min(wide, n - column) : 0,
                        width = Math.Min(wide, padded - column);
                    uint* to = panel + (nint)pair * width;
                    Bf16Numbers.Rows(
                        row + column,
                        next is null ? null : next + column,
                        columns,
                        to
                    );
                    if (columns < width)
                    {
                        new Span<uint>(to + columns, width - columns).Clear();
                    }
                }
            }
        }
    }
}
