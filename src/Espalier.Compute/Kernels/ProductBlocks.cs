namespace Espalier.Kernels;

/// <summary>
/// How a product is cut into blocks of work: one chunk of rows by one panel of columns each, over all of k. Of many rows the
/// front half of the blocks has the first half, so that <see cref="Workers"/> bring rows to the core that has them. Of few
/// rows it has the first panels: there the panels are what has to be brought, and each to one core only.
/// </summary>
readonly struct ProductBlocks
{
    // More blocks even out threads of different speed; fewer read the panels less often.
    const int WantedBlocks = 24;
    const int LeastStrips = 4;
    const int ManyStrips = 16;

    // What a chunk of a may take of the second cache, beside a panel that passes by.
    const int ChunkBytes = 400 << 10;

    readonly int _rows;
    readonly int _panels;
    readonly int _chunkRows;
    readonly int _chunks;
    readonly int _front;
    readonly bool _panelByPanel;

    /// <param name="stripRows">Of a full tile.</param>
    /// <param name="rowBytes">That a strip reads of a row before it goes on to the next.</param>
    public ProductBlocks(int rows, int panels, int stripRows, int rowBytes)
    {
        (_rows, _panels) = (rows, panels);
        int strips = (rows + stripRows - 1) / stripRows,
            halves = strips < ManyStrips ? 1 : 2,
            wanted = Math.Max(halves, (WantedBlocks + panels - 1) / Math.Max(1, panels)),
            cached = ChunkBytes / stripRows / Math.Max(1, rowBytes),
            chunkStrips = Math.Max(Math.Min((strips + wanted - 1) / wanted, cached), LeastStrips);
        _chunks = (strips + chunkStrips - 1) / chunkStrips;
        _chunkRows = chunkStrips * stripRows;
        _front = halves == 1 ? 0 : _chunks / 2;
        _panelByPanel = strips <= cached;
    }

    public int Count => _panels * _chunks;

    /// <summary>
    /// The block's panel and rows. Next to each other in time are blocks that share a panel, where a stays in the cache by itself, else
    /// blocks that share a chunk.
    /// </summary>
    public (int Panel, int Row, int PastRow) At(int block)
    {
        int first = 0,
            chunks = _front;
        if (block >= _front * _panels)
        {
            // Whoever comes from the back has the panels in the same order as who comes from the front.
            (first, chunks) = (_front, _chunks - _front);
            block = _front > 0 ? Count - 1 - block : block;
        }

        int panel = _panelByPanel ? block / chunks : block % _panels,
            row = (first + (_panelByPanel ? block % chunks : block / _panels)) * _chunkRows;
        return (panel, row, Math.Min(row + _chunkRows, _rows));
    }
}
