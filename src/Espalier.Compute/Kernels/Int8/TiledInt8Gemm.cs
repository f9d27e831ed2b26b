using System.Runtime.InteropServices;
using Espalier.Kernels.Vectors;
using Espalier.Stored;
using Espalier.Tensors;

namespace Espalier.Kernels.Int8;

/// <summary>
/// What the vector kernels share: the layout of the weights, and a product cut into tiles of
/// <see cref="TileRows"/> rows by one panel. Cache blocking needs no more: while a panel is used, it
/// streams from L2 or better at less than half of L2's rate, and each tile of x from L1.
/// </summary>
abstract unsafe class TiledInt8Gemm : Int8Gemm
{
    // Numbers a thread quantizes at least before another is asked.
    const int LeastQuantized = 1 << 14;

    // x + (−0) is x for every x, −0 among them; adding +0 would turn −0 into 0.
    static readonly float* NoBias = MinusZeros();

    protected abstract int TileRows { get; }

    /// <summary>Rows that share a panel in one block of work: a multiple of <see cref="TileRows"/>.</summary>
    protected virtual int BlockRows => 48;

    /// <summary>Multiply-adds below which a block costs less than handing it to a thread (about 3 us on VNNI).</summary>
    protected virtual long LeastWork => 1 << 19;

    public sealed override QuantizedMatrix Pack(Weight weights_OI)
    {
        CheckInputs(weights_OI);
        Prepare();
        return Lay(weights_OI);
    }

    public sealed override Int8Layer Pack(LayerWeights weights)
    {
        Prepare();
        return PackLayer(weights);
    }

    public sealed override void Quantize(Workers workers, Tensor x, QuantizedRows into)
    {
        Check(x, into);
        into.Rows = x.Rows;
        int rows = Math.Max(1, LeastQuantized / Math.Max(1, x.Columns));
        workers.Run((x.Rows + rows - 1) / rows, new Quantization(this, x, into, rows));
    }

    public sealed override void Multiply(
        Workers workers,
        QuantizedRows x,
        QuantizedMatrix weights,
        Tensor y,
        Epilogue epilogue = default
    )
    {
        Check(x, weights, y, epilogue);
        Product product = new(this, x, (Int8Panels)weights, y, epilogue);
        try
        {
            workers.Run(product.Blocks, product);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Called before weights are packed: what a kernel needs once.</summary>
    protected virtual void Prepare() { }

    internal virtual Int8Panels Lay(Weight weights_OI) => new(weights_OI);

    /// <summary>Called after each job, on the caller's thread: what a kernel leaves in the processor.</summary>
    internal virtual void Leave() { }

    /// <summary>What goes row by row has sixteen lanes, unless a kernel says otherwise; quantizing too.</summary>
    protected virtual Int8Layer PackLayer(LayerWeights weights) =>
        new TiledInt8Layer<Lanes16>(this, weights);

    internal virtual (float Scale, int ZeroPoint) QuantizeRow(
        ReadOnlySpan<float> x,
        Span<byte> into
    ) => RowQuantizer.Avx512(x, into);

    /// <summary>Sums, scales and bias of tiles below each other; leaves none to go.</summary>
    protected virtual void Multiply(ref Int8Tile tile)
    {
        for (; tile.Tiles > 0; tile.MoveOn())
        {
            MultiplyOne(ref tile);
        }
    }

    /// <summary>Of kernels that know one tile at a time.</summary>
    protected virtual void MultiplyOne(ref Int8Tile tile) => throw new NotSupportedException();

    /// <summary>Rows times one panel of columns, on this thread.</summary>
    /// <param name="bias">Of all columns, or null.</param>
    /// <param name="y">Place of the panel's first column in the first row.</param>
    /// <param name="stride">Numbers between two rows of y.</param>
    /// <param name="next">Weights that come behind the last panel of these, to be fetched ahead.</param>
    internal void MultiplyPanel(
        in ByteRows x,
        Int8Panels weights,
        int panel,
        float* bias,
        float* y,
        long stride,
        Int8Panels? next = null
    )
    {
        int column = panel * Int8Panels.PanelColumns,
            vectors = weights.Vectors(panel),
            missing = vectors * Int8Panels.VectorColumns - weights.ColumnsOf(panel);
        Int8Tile tile = new()
        {
            X = x.Values,
            XStride = x.Stride,
            XScales = x.Scales,
            ZeroPoints = x.ZeroPoints,
            Weights = weights.Values(panel),
            Groups = weights.Groups,
            WeightScales = weights.Scales(panel),
            NegatedSums = weights.NegatedSums(panel),
            Bias = bias == null ? NoBias : bias + column,
            Y = y,
            YStride = stride * sizeof(float),
            Ahead = weights.Ahead(panel, next),
            LastMask = 0xFFFF >> missing,
            Vectors = vectors,
            Rows = TileRows,
            Tiles = x.Count / TileRows,
        };
        if (tile.Tiles > 0)
        {
            Multiply(ref tile);
        }

        tile.Rows = x.Count % TileRows;
        if (tile.Rows > 0)
        {
            tile.Tiles = 1;
            Multiply(ref tile);
        }
    }

    static float* MinusZeros()
    {
        float* zeros = (float*)NativeMemory.Alloc(Int8Panels.PanelColumns * sizeof(float));
        new Span<float>(zeros, Int8Panels.PanelColumns).Fill(-0f);
        return zeros;
    }

    readonly struct Quantization(TiledInt8Gemm kernel, Tensor x, QuantizedRows into, int rows)
        : IBlocks
    {
        public void Run(int block)
        {
            int end = Math.Min(x.Rows, (block + 1) * rows);
            for (int r = block * rows; r < end; r++)
            {
                (into.Scales[r], into.ZeroPoints[r]) = kernel.QuantizeRow(
                    x.Row(r),
                    into.Values.AsSpan(r * into.Stride, into.Columns)
                );
            }
        }
    }

    readonly struct Product : IBlocks
    {
        readonly TiledInt8Gemm _kernel;
        readonly QuantizedRows _x;
        readonly Int8Panels _weights;
        readonly Tensor _y;
        readonly Epilogue _epilogue;
        readonly int _panelBlocks;
        readonly int _panels;

        public Product(
            TiledInt8Gemm kernel,
            QuantizedRows x,
            Int8Panels weights,
            Tensor y,
            Epilogue epilogue
        )
        {
            (_kernel, _x, _weights, _y, _epilogue) = (kernel, x, weights, y, epilogue);
            long panelWork =
                (long)Math.Min(x.Rows, kernel.BlockRows) * Int8Panels.PanelColumns * x.Columns;
            _panels = (int)((kernel.LeastWork + panelWork - 1) / Math.Max(1, panelWork));
            _panelBlocks = (weights.Panels + _panels - 1) / Math.Max(1, _panels);
        }

        public int Blocks => (_x.Rows + _kernel.BlockRows - 1) / _kernel.BlockRows * _panelBlocks;

        // Neighbouring blocks share rows: x stays in L2 while the weights stream by as one long run, which
        // the processor fetches ahead.
        public void Run(int block)
        {
            int firstRow = block / _panelBlocks * _kernel.BlockRows;
            int endRow = Math.Min(_x.Rows, firstRow + _kernel.BlockRows);
            int firstPanel = block % _panelBlocks * _panels;
            int endPanel = Math.Min(_weights.Panels, firstPanel + _panels);
            fixed (float* bias = _epilogue.Bias is { } given ? given.Span : default)
            fixed (float* y = _y.Span)
            {
                ByteRows rows = ByteRows.Of(_x).From(firstRow, endRow - firstRow);
                float* first = y + (long)firstRow * _y.Columns;
                for (int panel = firstPanel; panel < endPanel; panel++)
                {
                    int column = panel * Int8Panels.PanelColumns;
                    _kernel.MultiplyPanel(rows, _weights, panel, bias, first + column, _y.Columns);
                    Activate(first + column, rows.Count, _weights.ColumnsOf(panel));
                }
            }
        }

        void Activate(float* first, int rows, int columns)
        {
            for (int r = 0; _epilogue.Activation != Activation.None && r < rows; r++)
            {
                float* row = first + (long)r * _y.Columns;
                VectorActivations.Apply(_epilogue.Activation, new Span<float>(row, columns));
            }
        }
    }
}
