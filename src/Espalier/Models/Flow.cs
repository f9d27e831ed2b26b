using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models.Walk;
using Espalier.Tensors;

namespace Espalier.Models;

/// <summary>A batch on its way through the layers of a session: the state, and which examples are still there.</summary>
sealed class Flow(Buffers buffers, Workers workers, KernelFamily kernels, int capacity)
{
    string _name = "";
    int _columns;

    public Workers Workers { get; } = workers;
    public KernelFamily Kernels { get; } = kernels;
    public Buffers Buffers { get; } = buffers;
    public int Capacity { get; } = capacity;
    public int[] Starts { get; } = new int[capacity + 1];
    public int[] Lengths { get; } = new int[capacity];

    /// <summary>Place in the batch of each sequence that is still there.</summary>
    public int[] Examples { get; } = new int[capacity];
    public bool[] Leaves { get; } = new bool[capacity];
    public int Count { get; private set; }

    public int Rows => Starts[Count];

    /// <summary>What came before each sequence, where its keys and values were kept; null: nothing did.</summary>
    public Past[]? Pasts { get; private set; }

    /// <summary>Tokens in front of a sequence's first.</summary>
    public int Before(int sequence) => Pasts?[sequence].Length ?? 0;

    /// <summary>Tokens of the longest sequence, what came before among them.</summary>
    public int Longest { get; private set; }

    public Sequences Sequences => new(Starts, Count, Lengths);

    /// <summary>The state quantized, where layers keep that.</summary>
    public QuantizedRows? Bytes { get; private set; }

    /// <summary>What goes through the layers from here on.</summary>
    /// <param name="other">Other memory than before: the state is computed from the state.</param>
    public Tensor State(int columns, bool other = false)
    {
        _columns = columns;
        _name = other ? "state" : "embedded";
        return State();
    }

    public Tensor State() => Buffers.Matrix(_name, Rows, _columns);

    // Of each row, where its token stands in its text; made when somebody asks, and moved along from then on.
    int[] _places = [];
    bool _placed;
    ulong[] _ranks = [];

    /// <summary>The place of each row's token in its sequence.</summary>
    public int[] Places()
    {
        if (_placed)
        {
            return _places;
        }

        if (_places.Length < Rows)
        {
            _places = new int[Rows];
        }

        for (int s = 0; s < Count; s++)
        {
            for (int t = Starts[s]; t < Starts[s + 1]; t++)
            {
                _places[t] = Before(s) + t - Starts[s];
            }
        }

        _placed = true;
        return _places;
    }

    /// <summary>Takes all but the most significant rows of each sequence out; the rest move together, in their order.</summary>
    /// <param name="sums">The significance of each row.</param>
    /// <param name="along">Other rows that move with those of the state.</param>
    public void Keep(Tensor sums, int most, Tensor? along = null)
    {
        Tensor state = State();
        int to = 0,
            start = 0;
        for (int s = 0; s < Count; s++)
        {
            int end = Starts[s + 1],
                kept = Math.Min(most, end - start);
            if (_ranks.Length < end - start)
            {
                _ranks = new ulong[end - start];
            }

            Span<ulong> ranks = _ranks.AsSpan(0, end - start);
            Significance.Rank(sums.Span[start..end], ranks);
            Significance.InOrder(ranks[..kept]);
            for (int i = 0; i < kept; i++)
            {
                Move(start + Significance.Position(ranks[i]), to + i, state, along);
            }

            to += kept;
            Lengths[s] = Math.Min(Lengths[s], kept);
            start = end;
            Starts[s + 1] = to;
        }

        if (Bytes is not null)
        {
            Bytes.Rows = to;
        }
    }

    /// <summary>Takes all rows of each sequence out but one.</summary>
    /// <param name="last">Its last real one instead of its first.</param>
    /// <param name="along">Other rows that move with those of the state.</param>
    public void Keep(bool last, Tensor along)
    {
        Tensor state = State();
        for (int s = 0; s < Count; s++)
        {
            int row = last ? Starts[s] + Lengths[s] - 1 : Starts[s];
            Move(row, s, state, along);
        }

        for (int s = 0; s < Count; s++)
        {
            (Starts[s + 1], Lengths[s]) = (s + 1, 1);
        }

        if (Bytes is not null)
        {
            Bytes.Rows = Count;
        }
    }

    void Move(int from, int to, Tensor state, Tensor? along)
    {
        if (from == to)
        {
            return;
        }

        state.Row(from).CopyTo(state.Row(to));
        along?.Row(from).CopyTo(along.Row(to));
        Bytes?.Move(from, to, 1);
        if (_placed)
        {
            _places[to] = _places[from];
        }
    }

    public void Begin(Batch batch, int? padTo, Past[]? pasts)
    {
        _placed = false;
        Bytes = null;
        Pasts = pasts;
        Longest = 0;
        Count = batch.Count;
        for (int s = 0; s < Count; s++)
        {
            int length = batch.Starts[s + 1] - batch.Starts[s];
            Lengths[s] = length;
            Examples[s] = s;
            Starts[s + 1] = Starts[s] + Math.Max(length, padTo ?? 0);
            Longest = Math.Max(Longest, Before(s) + Starts[s + 1] - Starts[s]);
        }
    }

    /// <summary>
    /// Takes the rows out that leave; the others move together, in their order, and a sequence may have none. Padding stays as long as
    /// any of its sequence does.
    /// </summary>
    /// <returns>Whether any is left.</returns>
    public bool LetGo(TokenExits exits)
    {
        Tensor state = State();
        int to = 0,
            start = 0;
        for (int s = 0; s < Count; s++)
        {
            int end = Starts[s + 1],
                padding = Before(s) + Lengths[s],
                kept = to;
            for (int row = start; row < end; row++)
            {
                bool isReal = _places[row] < padding;
                if (isReal && exits.Leaves[row])
                {
                    exits.Take(s, _places[row], state.Row(row));
                }
                else if (isReal || to > kept)
                {
                    Move(row, to++, state, null);
                }
            }

            start = end;
            Starts[s + 1] = to;
        }

        return to > 0;
    }

    /// <summary>The state is replaced by what leaves its bytes as they are.</summary>
    public void Unquantize() => Bytes = null;

    /// <summary>Quantizes the state; from here on the layers keep its bytes.</summary>
    public QuantizedRows Quantize()
    {
        Bytes = Buffers.Quantized(Rows, _columns, ofState: true);
        Kernels.Int8.Quantize(Workers, State(), Bytes);
        return Bytes;
    }

    /// <summary>Takes the sequences that leave out; the rest move together. False when none is left.</summary>
    public bool Compact()
    {
        Tensor state = State();
        int kept = 0,
            row = 0,
            start = 0;
        for (int s = 0; s < Count; s++)
        {
            // Starts[kept] is written below, and kept never passes s + 1.
            int end = Starts[s + 1],
                rows = end - start;
            if (!Leaves[s])
            {
                if (row != start)
                {
                    state
                        .Span.Slice(start * _columns, rows * _columns)
                        .CopyTo(state.Span[(row * _columns)..]);
                    Bytes?.Move(start, row, rows);
                    if (_placed)
                    {
                        _places.AsSpan(start, rows).CopyTo(_places.AsSpan(row));
                    }
                }

                (Lengths[kept], Examples[kept]) = (Lengths[s], Examples[s]);
                row += rows;
                Starts[++kept] = row;
            }

            start = end;
        }

        Count = kept;
        if (Bytes is not null)
        {
            Bytes.Rows = row;
        }

        return kept > 0;
    }
}
