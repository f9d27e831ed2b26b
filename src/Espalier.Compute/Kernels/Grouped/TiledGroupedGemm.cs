using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Espalier.Kernels.Vectors;
using Espalier.Stored;
using Espalier.Tensors;

namespace Espalier.Kernels.Grouped;

/// <summary>
/// What the vector kernels share: panels that stream by, tile after tile of rows, and rows quantized in vectors. A panel is read
/// as it lies in memory, four bits a weight, and its codes are spread in registers; with few rows the product is bound by these bytes.
/// </summary>
abstract unsafe class TiledGroupedGemm : GroupedGemm
{
    // Numbers a thread quantizes at least before another is asked.
    const int LeastQuantized = 1 << 14;

    // Rows that share a panel in one block of work.
    const int BlockRows = 48;

    // Multiply-adds below which a block costs less than handing it over: where rows are few it waits for memory, and has fewer.
    const long LeastWork = 1 << 19,
        LeastWorkOfFew = 1 << 17;
    const int FewRows = 4;

    // x + (−0) is x for every x, −0 among them.
    static readonly float* NoBias = MinusZeros();

    protected abstract int TileRows(GroupedPanels panels);

    /// <summary>Called before weights are packed: what a kernel needs once.</summary>
    protected virtual void Prepare(GroupedPanels panels) { }

    /// <summary>All of tiles below each other but the activation; leaves none to go.</summary>
    protected abstract void Multiply(ref GroupedTile tile, GroupedPanels weights);

    public sealed override GroupedMatrix Pack(GroupedWeight weights_OI)
    {
        Check(weights_OI);
        GroupedPanels panels = new(weights_OI);
        Prepare(panels);
        return panels;
    }

    public sealed override void Quantize(Workers workers, Tensor x, GroupedRows into)
    {
        Check(x, into);
        into.Rows = x.Rows;
        int rows = Math.Max(1, LeastQuantized / Math.Max(1, x.Columns));
        workers.Run((x.Rows + rows - 1) / rows, new Quantization(x, into, rows));
    }

    public sealed override void Multiply(
        Workers workers,
        GroupedRows x,
        GroupedMatrix weights,
        Tensor y,
        Epilogue epilogue = default,
        int column = 0
    )
    {
        Check(x, weights, y, epilogue, column);
        Product product = new(this, x, (GroupedPanels)weights, y, epilogue, column);
        workers.Run(product.Blocks, product);
    }

    /// <summary>Some rows times one panel of outputs, on this thread.</summary>
    /// <param name="bias">Of all outputs, or null.</param>
    /// <param name="y">Place of the panel's first output in the first row.</param>
    /// <param name="stride">Numbers between two rows of y.</param>
    void MultiplyPanel(
        byte* x,
        long xStride,
        int rows,
        GroupedPanels weights,
        int panel,
        float* bias,
        float* y,
        long stride
    )
    {
        int column = panel * GroupedPanels.PanelColumns,
            vectors = weights.Vectors(panel),
            tileRows = TileRows(weights),
            missing = vectors * GroupedPanels.VectorColumns - weights.ColumnsOf(panel);
        GroupedTile tile = new()
        {
            X = x,
            XStride = xStride,
            Weights = weights.Stream(panel),
            Groups = weights.Groups,
            Blocks = weights.Blocks,
            LastBlocks = weights.LastBlocks,
            NegatedZero = -(weights.Zero ?? 0),
            Units = weights.Units(panel),
            Bias = bias is null ? NoBias : bias + column,
            Sums = Scratch.ForBlock(tileRows * GroupedPanels.PanelColumns),
            Y = y,
            YStride = stride * sizeof(float),
            LastMask = 0xFFFF >> missing,
            Tiles = rows / tileRows,
            Rows = tileRows,
            Vectors = vectors,
        };
        if (tile.Tiles > 0)
        {
            Multiply(ref tile, weights);
        }

        if (rows % tileRows != 0)
        {
            (tile.Tiles, tile.Rows) = (1, rows % tileRows);
            Multiply(ref tile, weights);
        }
    }

    static float* MinusZeros()
    {
        float* zeros = (float*)
            NativeMemory.AlignedAlloc(GroupedPanels.PanelColumns * sizeof(float), 64);
        new Span<float>(zeros, GroupedPanels.PanelColumns).Fill(-0f);
        return zeros;
    }

    readonly struct Quantization(Tensor x, GroupedRows into, int rows) : IBlocks
    {
        public void Run(int block)
        {
            int past = Math.Min(x.Rows, (block + 1) * rows);
            for (int r = block * rows; r < past; r++)
            {
                GroupQuantizer.Row(x.Row(r), into, r);
            }
        }
    }

    readonly struct Product : IBlocks
    {
        readonly TiledGroupedGemm _kernel;
        readonly GroupedRows _x;
        readonly GroupedPanels _weights;
        readonly Tensor _y;
        readonly Epilogue _epilogue;
        readonly int _column;
        readonly int _panelBlocks;
        readonly int _panels;

        public Product(
            TiledGroupedGemm kernel,
            GroupedRows x,
            GroupedPanels weights,
            Tensor y,
            Epilogue epilogue,
            int column
        )
        {
            (_kernel, _x, _weights) = (kernel, x, weights);
            (_y, _epilogue, _column) = (y, epilogue, column);
            long panelWork =
                    (long)Math.Min(x.Rows, BlockRows) * GroupedPanels.PanelColumns * x.Columns,
                least = x.Rows <= FewRows ? LeastWorkOfFew * Math.Max(1, x.Rows) : LeastWork;
            _panels = (int)((least + panelWork - 1) / Math.Max(1, panelWork));
            _panelBlocks = (weights.Panels + _panels - 1) / Math.Max(1, _panels);
        }

        public int Blocks => (_x.Rows + BlockRows - 1) / BlockRows * _panelBlocks;

        public void Run(int block)
        {
            int firstRow = block / _panelBlocks * BlockRows,
                rows = Math.Min(_x.Rows - firstRow, BlockRows);
            int firstPanel = block % _panelBlocks * _panels,
                endPanel = Math.Min(_weights.Panels, firstPanel + _panels);
            byte* x = (byte*)Unsafe.AsPointer(ref _x.Values[0]) + (long)firstRow * _x.Stride;
            float* first = _y.Address() + (long)firstRow * _y.Columns + _column,
                bias = _epilogue.Bias is { } given ? given.Address() : null;
            for (int panel = firstPanel; panel < endPanel; panel++)
            {
                float* y = first + panel * GroupedPanels.PanelColumns;
                _kernel.MultiplyPanel(x, _x.Stride, rows, _weights, panel, bias, y, _y.Columns);
                for (int r = 0; _epilogue.Activation != Activation.None && r < rows; r++)
                {
                    VectorActivations.Apply(
                        _epilogue.Activation,
                        new Span<float>(y + (long)r * _y.Columns, _weights.ColumnsOf(panel))
                    );
                }
            }
        }
    }
}
