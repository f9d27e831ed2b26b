using Espalier.Tensors;

namespace Espalier.Kernels.Bf16;

/// <summary>
/// B [K, N] in panels of 64 columns (the last may have 16, 32 or 48). A panel holds, for each pair of steps of k,
/// that pair of each of its columns: 16 columns fill one 512-bit vector, whose every 32-bit lane meets one pair of a row
/// of a. Missing columns and an odd last step are zeros.
/// </summary>
sealed unsafe class Bf16Panels(int k, int n, Tensor values) : PackedMatrix(k, n)
{
    public const int PanelColumns = 64;
    public const int VectorColumns = 16;

    // Pairs in one block of packing. Columns that lie as rows: with 64 columns 32 KiB, which the nearest cache holds while
    // they are turned. Rows: whole ones, so that memory is read in one line, of all panels.
    const int TurnedPairs = 128;
    const int LaidPairs = 8;

    readonly Tensor _values = values.Part(0, Extent(k, n));

    public Bf16Panels(int k, int n)
        : this(k, n, new Tensor(Extent(k, n))) { }

    /// <summary>Pairs of steps by columns, each pair in the place of a float.</summary>
    public static Shape Extent(int k, int n) =>
        new((k + 1) / 2, (n + VectorColumns - 1) / VectorColumns * VectorColumns);

    public override long Bytes => 4L * _values.Count;

    public int Pairs => _values.Rows;

    public int Count => (N + PanelColumns - 1) / PanelColumns;

    /// <summary>Vectors of 16 columns in a panel: 4, in the last panel 1 to 4.</summary>
    public int Vectors(int panel) =>
        Math.Min(PanelColumns, _values.Columns - panel * PanelColumns) / VectorColumns;

    public uint* Start(int panel) => (uint*)_values.Address() + (nint)panel * PanelColumns * Pairs;

    /// <summary>Packs b, given as [K, N], or as [N, K] when <paramref name="transposed"/>.</summary>
    public void Fill(Workers workers, Tensor b, bool transposed)
    {
        if (transposed)
        {
            int pieces = (Pairs + TurnedPairs - 1) / TurnedPairs;
            workers.Run(Count * pieces, new Turning(this, b, pieces));
        }
        else
        {
            workers.Run((Pairs + LaidPairs - 1) / LaidPairs, new Laying(this, b));
        }
    }

    readonly struct Turning(Bf16Panels panels, Tensor b, int pieces) : IBlocks
    {
        public void Run(int block)
        {
            int panel = block / pieces,
                first = block % pieces * TurnedPairs,
                pairs = Math.Min(TurnedPairs, panels.Pairs - first),
                steps = Math.Min(2 * pairs, panels.K - 2 * first),
                column = panel * PanelColumns,
                columns = Math.Min(PanelColumns, panels.N - column),
                width = panels.Vectors(panel) * VectorColumns;
            float* rows = Scratch.ForBlock(PanelColumns * TurnedPairs),
                from = b.Address() + (nint)column * panels.K + 2 * first;
            for (int j = 0; j < columns; j++)
            {
                Bf16Numbers.Row(from + (nint)j * panels.K, steps, (uint*)rows + j * TurnedPairs);
            }

            float* to = (float*)panels.Start(panel) + (nint)first * width;
            Panels.Transpose(rows, TurnedPairs, columns, pairs, to, width, width);
        }
    }

    readonly struct Laying(Bf16Panels panels, Tensor b) : IBlocks
    {
        public void Run(int block)
        {
            int first = block * LaidPairs,
                end = Math.Min(panels.Pairs, first + LaidPairs);
            for (int pair = first; pair < end; pair++)
            {
                float* row = b.Address() + (nint)pair * 2 * panels.N,
                    next = 2 * pair + 1 < panels.K ? row + panels.N : null;
                for (int panel = 0; panel < panels.Count; panel++)
                {
                    int column = panel * PanelColumns,
                        columns = Math.Min(PanelColumns, panels.N - column),
                        width = panels.Vectors(panel) * VectorColumns;
                    uint* to = panels.Start(panel) + (nint)pair * width;
                    Bf16Numbers.Rows(
                        row + column,
                        next is null ? null : next + column,
                        columns,
                        to
                    );
                    new Span<uint>(to + columns, width - columns).Clear();
                }
            }
        }
    }
}
