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

    // Pairs in one block of packing: with 64 columns 32 KiB, which the nearest cache holds while they are turned.
    const int PackedPairs = 128;

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
        int pieces = (Pairs + PackedPairs - 1) / PackedPairs;
        workers.Run(Count * pieces, new Packing(this, b, transposed, pieces));
    }

    readonly struct Packing(Bf16Panels panels, Tensor b, bool transposed, int pieces) : IBlocks
    {
        public void Run(int block)
        {
            int panel = block / pieces,
                first = block % pieces * PackedPairs,
                pairs = Math.Min(PackedPairs, panels.Pairs - first),
                column = panel * PanelColumns,
                columns = Math.Min(PanelColumns, panels.N - column),
                width = panels.Vectors(panel) * VectorColumns;
            uint* to = panels.Start(panel) + (nint)first * width;
            if (transposed)
            {
                int steps = Math.Min(2 * pairs, panels.K - 2 * first);
                uint* rows = (uint*)Scratch.ForBlock(PanelColumns * PackedPairs);
                for (int j = 0; j < columns; j++)
                {
                    float* from = b.Address() + (nint)(column + j) * panels.K + 2 * first;
                    Bf16Numbers.Row(from, steps, rows + j * PackedPairs);
                }

                Panels.Transpose(
                    (float*)rows,
                    PackedPairs,
                    columns,
                    pairs,
                    (float*)to,
                    width,
                    width
                );
                return;
            }

            for (int pair = first; pair < first + pairs; pair++, to += width)
            {
                float* from = b.Address() + (nint)pair * 2 * panels.N + column;
                bool both = 2 * pair + 1 < panels.K;
                Bf16Numbers.Rows(from, both ? from + panels.N : null, columns, to);
                new Span<uint>(to + columns, width - columns).Clear();
            }
        }
    }
}
