using System.Numerics.Tensors;
using Espalier.Kernels.Heads;
using Espalier.Kernels.Rowwise;
using Espalier.Kernels.Vectors;
using Tensor = Espalier.Tensors.Tensor;

namespace Espalier.Kernels.Int8;

/// <summary>
/// A layer in two kinds of work, neither of which writes an fp32 matrix to memory: <see cref="AttendGroup"/>, a group of
/// heads over some sequences, from their product to the context; and <see cref="FeedRows"/>, a few rows from the context to
/// the next layer's input. Many sequences are dealt out whole, both kinds in a row and all layers in a row (<see cref="PackTurns"/>);
/// few are dealt out by heads, then by rows.
/// </summary>
sealed unsafe class TiledInt8Layer<T> : Int8Layer
    where T : struct, ILanes<T>
{
    // Rows of sequences that are dealt out together: the product's tiles have six rows, and a panel of weights
    // should be used for several of them.
    const int PackRows = 48;

    // What the feed-forward's inner rows may take of the second cache; a share is left to the weights that stream by.
    const int FeedBytes = 320 << 10;
    const int LeastRows = 6;

    readonly LayerWeights _weights;
    readonly TiledInt8Gemm _int8;
    readonly HeadGroups _heads;
    readonly Int8Panels _attention;
    readonly Int8Panels _up;
    readonly Int8Panels _down;
    readonly int _hidden;
    readonly int _context;
    readonly int _feedRows;

    public TiledInt8Layer(TiledInt8Gemm int8, LayerWeights weights)
    {
        (_int8, _weights) = (int8, weights);
        _heads = new HeadGroups(int8, weights);
        _attention = int8.Lay(weights.Attention.Weight);
        _up = int8.Lay(weights.Up.Weight);
        _down = int8.Lay(weights.Down.Weight);
        _hidden = _down.Outputs;
        _context = _attention.Inputs;
        int rows = FeedBytes / sizeof(float) / _up.Outputs / LeastRows * LeastRows;
        _feedRows = Math.Clamp(rows, LeastRows, PackRows);
    }

    public override long Bytes => _heads.Matrix.Bytes + _attention.Bytes + _up.Bytes + _down.Bytes;

    protected override void RunAll(
        Workers workers,
        ReadOnlyMemory<Int8Layer> layers,
        Sequences sequences,
        Tensor state,
        QuantizedRows bytes
    )
    {
        int widest = 0;
        foreach (Int8Layer layer in layers.Span)
        {
            TiledInt8Layer<T> one = (TiledInt8Layer<T>)layer;
            Check(sequences.Rows, state, bytes, null, one._weights);
            widest = Math.Max(widest, one._context);
        }

        var (count, longest) = Pack(sequences, null);
        bool whole = workers.Threads == 1 || (long)longest * workers.Threads <= sequences.Rows;
        int padded = AttentionShape.Padded<T>(count + 1);
        float* memory = Scratch.ForCall(
            padded + (whole ? PackTurns.Room(layers.Length, count) : sequences.Rows * widest)
        );
        int* packs = (int*)memory;
        Pack(sequences, packs);
        memory += padded;
        Batch batch = new(sequences, state.Address(), bytes, memory);
        try
        {
            if (whole)
            {
                PackTurns turns = PackTurns.In(memory, layers.Length, count);
                workers.Run(workers.Threads, new Whole(layers, batch, packs, turns));
                return;
            }

            foreach (Int8Layer layer in layers.Span)
            {
                TiledInt8Layer<T> one = (TiledInt8Layer<T>)layer;
                workers.Run(count * one._heads.Count, new Heads(one, batch, packs));
                one.FeedAll(workers, batch);
            }
        }
        finally
        {
            _int8.Leave();
            GC.KeepAlive(state);
        }
    }

    public override void Attend(
        Workers workers,
        Sequences sequences,
        QuantizedRows bytes,
        Tensor context,
        Tensor? keySums = null,
        bool firstRows = false
    )
    {
        int rows = sequences.Rows;
        Check(rows, null, bytes, context, _weights);
        int lines = keySums is null ? 0 : _heads.Count * rows;
        float* sums = Scratch.ForCall(lines + sequences.Count + 1);
        new Span<float>(sums, lines).Clear();
        Batch batch = new(sequences, null, bytes, context.Address())
        {
            KeySums = keySums is null ? null : sums,
            FirstRows = firstRows,
        };
        int* packs = (int*)(sums + lines);
        int count = Pack(sequences, packs).Count;
        try
        {
            workers.Run(count * _heads.Count, new Heads(this, batch, packs));
        }
        finally
        {
            _int8.Leave();
        }

        for (int group = 0; keySums is not null && group < _heads.Count; group++)
        {
            ReadOnlySpan<float> line = new(sums + (nint)group * rows, rows);
            Span<float> to = keySums.Span[..rows];
            if (group == 0)
            {
                line.CopyTo(to);
            }
            else
            {
                TensorPrimitives.Add(to, line, to);
            }
        }

        GC.KeepAlive(context);
    }

    public override void Feed(Workers workers, Tensor state, QuantizedRows bytes, Tensor context)
    {
        Check(bytes.Rows, state, bytes, context, _weights);
        try
        {
            FeedAll(workers, new Batch(default, state.Address(), bytes, context.Address()));
        }
        finally
        {
            _int8.Leave();
        }

        GC.KeepAlive(state);
        GC.KeepAlive(context);
    }

    void FeedAll(Workers workers, in Batch batch)
    {
        // As many blocks for one thread as for another, and each row's results are its own: the cut shows nowhere.
        int rows = batch.Bytes.Rows,
            rounds = (rows + _feedRows * workers.Threads - 1) / (_feedRows * workers.Threads),
            blocks = Math.Max(1, rounds * workers.Threads),
            blockRows = Math.Max(LeastRows, (rows + blocks - 1) / blocks);
        workers.Run((rows + blockRows - 1) / blockRows, new Rows(this, batch, rows, blockRows));
    }

    /// <summary>Sequences, one or as many short ones as fit <see cref="PackRows"/>.</summary>
    /// <param name="packs">Gets the first of each pack, and the end. Null: they are only counted.</param>
    static (int Count, int Longest) Pack(Sequences sequences, int* packs)
    {
        int count = 0,
            longest = 0,
            first = 0;
        for (int s = 0; s < sequences.Count; s++)
        {
            if (s == 0 || sequences.Starts[s + 1] - sequences.Starts[first] > PackRows)
            {
                first = s;
                if (packs != null)
                {
                    packs[count] = s;
                }

                count++;
            }

            longest = Math.Max(longest, sequences.Starts[s + 1] - sequences.Starts[first]);
        }

        if (packs != null)
        {
            packs[count] = sequences.Count;
        }

        return (count, longest);
    }

    /// <summary>Numbers of scratch that <see cref="AttendGroup"/> takes: the product of the rows, and what the largest head does.</summary>
    int AttendRoom(Sequences sequences, int first, int past)
    {
        int room = 0;
        for (int s = first; s < past; s++)
        {
            room = Math.Max(
                room,
                AttentionHead<T>.Room(sequences.RowsOf(s), sequences.KeysOf(s), _heads.Width)
            );
        }

        int rows = sequences.Starts[past] - sequences.Starts[first];
        return AttentionShape.Padded<T>(rows * _heads.Columns) + room;
    }

    /// <summary>A group of heads of sequences first to past: their rows' product, then attention, into the context.</summary>
    void AttendGroup(in Batch batch, int first, int past, int group, float* product)
    {
        Sequences sequences = batch.Sequences;
        int start = sequences.Starts[first],
            rows = sequences.Starts[past] - start,
            columns = _heads.Columns,
            width = _heads.Width,
            heads = _heads.Heads(group);
        int padded = AttentionShape.Padded<T>(rows * columns);
        var (firstPanel, pastPanel) = _heads.Panels(group);
        ByteRows x = ByteRows.Of(batch.Bytes).From(start, rows);
        for (int panel = firstPanel; panel < pastPanel; panel++)
        {
            float* y = product + (panel - firstPanel) * Int8Panels.PanelColumns;
            bool queries = (panel - firstPanel + 1) * Int8Panels.PanelColumns <= heads * width;
            if (!queries || !batch.FirstRows)
            {
                Product(x, panel, y);
                continue;
            }

            for (int s = first; s < past; s++)
            {
                int row = sequences.Starts[s] - start;
                Product(x.From(row, 1), panel, y + (nint)row * columns);
            }
        }

        for (int s = first; s < past; s++)
        {
            int row = sequences.Starts[s];
            float* query = product + (nint)(row - start) * columns;
            float* to = batch.Context + (nint)row * _context + _heads.FirstHead(group) * width;
            float* sums =
                batch.KeySums == null ? null : batch.KeySums + (nint)group * sequences.Rows + row;
            for (int head = 0; head < heads; head++, query += width, to += width)
            {
                AttentionHead<T>.Run(
                    new HeadColumns(query, columns, width),
                    new HeadColumns(query + heads * width, columns, width),
                    new HeadColumns(query + 2 * heads * width, columns, width),
                    new HeadColumns(to, _context, width),
                    batch.FirstRows ? 1 : sequences.RowsOf(s),
                    sequences.KeysOf(s),
                    product + padded,
                    sums
                );
            }
        }

        void Product(in ByteRows rows, int panel, float* y) =>
            _int8.MultiplyPanel(
                rows,
                _heads.Matrix,
                panel,
                _heads.Bias.Address(),
                y,
                columns,
                _attention
            );
    }

    /// <summary>Numbers of scratch that <see cref="FeedRows"/> takes.</summary>
    int FeedRoom(int rows) => rows * (_hidden + _up.Outputs + FeedStride / sizeof(float) + 2);

    /// <summary>Everything behind the attention, for some rows; what is in between stays in this thread's caches.</summary>
    void FeedRows(in Batch batch, int row, int rows, float* branch)
    {
        int inner = _up.Outputs,
            stride = FeedStride;
        float* up = branch + rows * _hidden;
        float* scales = up + rows * inner;
        ByteRows bytes = new(
            (byte*)(scales + 2 * rows),
            stride,
            scales,
            (int*)(scales + rows),
            rows
        );
        ByteRows state = ByteRows.Of(batch.Bytes).From(row, rows);
        for (int r = 0; r < rows; r++)
        {
            bytes.Quantize(_int8, r, batch.Context + (nint)(row + r) * _context, _context);
        }

        Multiply(bytes, _attention, _weights.Attention.Bias, branch, _up);
        AddNorm(batch, row, branch, _weights.AttentionNorm, state);
        Multiply(state, _up, _weights.Up.Bias, up, _down);
        for (int r = 0; r < rows; r++)
        {
            float* at = up + (nint)r * inner;
            VectorActivations.Apply<T>(_weights.Activation, at, at, inner);
            bytes.Quantize(_int8, r, at, inner);
        }

        Multiply(bytes, _down, _weights.Down.Bias, branch, _heads.Matrix);
        AddNorm(batch, row, branch, _weights.Norm, state);
    }

    void Multiply(in ByteRows x, Int8Panels weights, Tensor bias, float* y, Int8Panels next)
    {
        for (int panel = 0; panel < weights.Panels; panel++)
        {
            float* to = y + panel * Int8Panels.PanelColumns;
            _int8.MultiplyPanel(x, weights, panel, bias.Address(), to, weights.Outputs, next);
        }
    }

    /// <summary>state = norm(branch + state), and its bytes while the row is in the nearest cache.</summary>
    void AddNorm(
        in Batch batch,
        int row,
        float* branch,
        (Tensor Weight, Tensor Bias) norm,
        in ByteRows bytes
    )
    {
        NormRow loops = new(new Norm(norm.Weight, norm.Bias, _weights.NormEpsilon));
        for (int r = 0; r < bytes.Count; r++)
        {
            float* at = batch.State + (nint)(row + r) * _hidden,
                from = branch + (nint)r * _hidden;
            NormBlocks<T>.Row(from, at, at, null, _hidden, loops);
            bytes.Quantize(_int8, r, at, _hidden);
        }
    }

    /// <summary>Bytes of a quantized row between products, in whole lines of 64.</summary>
    int FeedStride => (Math.Max(_context, Math.Max(_hidden, _up.Outputs)) + 63) / 64 * 64;

    /// <summary>What all blocks of a call share.</summary>
    readonly struct Batch(Sequences sequences, float* state, QuantizedRows bytes, float* context)
    {
        public Sequences Sequences => sequences;
        public float* State => state;
        public QuantizedRows Bytes => bytes;
        public float* Context { get; init; } = context;

        /// <summary>A line for each group of heads; null where sums of keys are not wanted.</summary>
        public float* KeySums { get; init; }

        /// <summary>Only the first row of each sequence asks.</summary>
        public bool FirstRows { get; init; }
    }

    /// <summary>Whole layers for packs of sequences, as long as there are any: one block for each thread.</summary>
    readonly struct Whole(
        ReadOnlyMemory<Int8Layer> layers,
        Batch batch,
        int* packs,
        PackTurns turns
    ) : IBlocks
    {
        public void Run(int block)
        {
            bool back = block % 2 == 1;
            for (int layer = 0; layer < layers.Length; layer++)
            {
                TiledInt8Layer<T> one = (TiledInt8Layer<T>)layers.Span[layer];
                for (int pack; (pack = turns.Take(layer, back)) >= 0; )
                {
                    turns.WaitFor(layer, pack);
                    try
                    {
                        one.RunPack(batch, packs[pack], packs[pack + 1]);
                    }
                    finally
                    {
                        // Also of one that fails: others must not wait for it.
                        turns.End(layer, pack);
                    }
                }
            }
        }
    }

    /// <summary>The layer for sequences first to past, whose context stays in this thread's caches too.</summary>
    void RunPack(in Batch all, int first, int past)
    {
        int start = all.Sequences.Starts[first],
            rows = all.Sequences.Starts[past] - start,
            pieces = (rows + _feedRows - 1) / _feedRows,
            pieceRows = ((rows + pieces - 1) / pieces + LeastRows - 1) / LeastRows * LeastRows,
            padded = AttentionShape.Padded<T>(rows * _context);
        float* context = Scratch.ForBlock(
            padded + Math.Max(AttendRoom(all.Sequences, first, past), FeedRoom(pieceRows))
        );
        Batch batch = all with { Context = context - (nint)start * _context };
        for (int group = 0; group < _heads.Count; group++)
        {
            AttendGroup(batch, first, past, group, context + padded);
        }

        for (int row = 0; row < rows; row += pieceRows)
        {
            FeedRows(batch, start + row, Math.Min(pieceRows, rows - row), context + padded);
        }
    }

    /// <summary>One group of heads for one pack of sequences.</summary>
    readonly struct Heads(TiledInt8Layer<T> layer, Batch batch, int* packs) : IBlocks
    {
        public void Run(int block)
        {
            var (pack, group) = Math.DivRem(block, layer._heads.Count);
            int first = packs[pack],
                past = packs[pack + 1];
            float* room = Scratch.ForBlock(layer.AttendRoom(batch.Sequences, first, past));
            layer.AttendGroup(batch, first, past, group, room);
        }
    }

    readonly struct Rows(TiledInt8Layer<T> layer, Batch batch, int rows, int blockRows) : IBlocks
    {
        public void Run(int block)
        {
            int row = block * blockRows,
                count = Math.Min(blockRows, rows - row);
            layer.FeedRows(batch, row, count, Scratch.ForBlock(layer.FeedRoom(count)));
        }
    }
}
