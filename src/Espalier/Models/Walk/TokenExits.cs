using Espalier.Data;
using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Models.Walk;

/// <summary>
/// Who decides, behind an exit of a language model, which tokens go on. A token that left keeps its state, of which the layers that it
/// does not go through make its keys and values; what it says is what the exit said.
/// </summary>
sealed class TokenExits(ModelConfig model, Buffers buffers)
{
    // Scores of so many rows at once, as everywhere.
    public const int RowsAtOnce = 64;

    /// <summary>What the memory of scores is called, whose first rows are handed over.</summary>
    public const string Scores = "logits";

    // Of each token of the batch: what the exit before said, and for how long.
    int[] _said = [];
    int[] _streaks = [];

    // Of each row: its token; of the rows that are scored: which they are.
    int[] _tokens = [];
    int[] _rows = [];
    int[] _handed = [];
    bool[] _wanted = [];

    Flow _flow = null!;
    Batch _batch = null!;
    Effort _effort = Effort.Full;
    TakeExits _take = null!;
    Wanted _which;
    int _from;
    Tensor _left = null!;

    /// <summary>Of each row, whether it leaves now.</summary>
    public bool[] Leaves { get; private set; } = [];

    /// <summary>Tokens that left.</summary>
    public int Count { get; private set; }

    /// <summary>Of each that left, in the order of leaving: its sequence.</summary>
    public int[] SequenceOf { get; private set; } = [];

    /// <summary>And its place in that.</summary>
    public int[] Places { get; private set; } = [];

    /// <summary>And the state it left with.</summary>
    public Tensor States => buffers.Matrix("left", Count, model.Hidden);

    /// <param name="which">Tokens whose scores are handed over.</param>
    /// <param name="from">Where all are wanted: the first.</param>
    public void Begin(Flow flow, Batch batch, Effort effort, TakeExits take, Wanted which, int from)
    {
        (_flow, _batch, _effort, _take) = (flow, batch, effort, take);
        (_which, _from, Count) = (which, from, 0);
        int rows = flow.Rows;
        if (_said.Length < rows)
        {
            (_said, _streaks, _tokens) = (new int[rows], new int[rows], new int[rows]);
            (_rows, _handed, SequenceOf) = (new int[rows], new int[rows], new int[rows]);
            (Places, _wanted, Leaves) = (new int[rows], new bool[rows], new bool[rows]);
        }

        _said.AsSpan(0, batch.Tokens).Fill(-1);
        _streaks.AsSpan(0, batch.Tokens).Clear();

        // All of it now: a larger one would not hold what lies in this.
        _left = buffers.Matrix("left", batch.Tokens, model.Hidden);
    }

    public bool Asks(int layer) =>
        _effort.Rule switch
        {
            ExitRule.Never => false,
            ExitRule.Exit => model.ExitBehind(layer) == (int)_effort.Threshold - 1,
            _ => true,
        };

    /// <summary>Asks the head about the rows that are there, and lets some of them go.</summary>
    /// <param name="states">Behind the exit's norm.</param>
    /// <param name="score">The head.</param>
    /// <returns>Whether any goes on.</returns>
    public bool Answer(int layer, Tensor states, Func<Tensor, Tensor> score)
    {
        bool last = layer == model.Layers.Count - 1,
            all = last || _effort.Rule == ExitRule.Exit;
        int exit = last ? model.ExitCount - 1 : model.ExitBehind(layer)!.Value,
            count = Choose(all);
        for (int first = 0; first < count; first += RowsAtOnce)
        {
            int rows = Math.Min(RowsAtOnce, count - first);
            Tensor asked = buffers.Matrix("asked", rows, states.Columns);
            for (int r = 0; r < rows; r++)
            {
                states.Row(_rows[first + r]).CopyTo(asked.Row(r));
            }

            Tensor scores = score(asked);
            if (!all)
            {
                _flow.Workers.Run(rows, new Deciding(this, scores, first));
            }

            Hand(exit, scores, first, rows);
        }

        return !last && _flow.LetGo(this);
    }

    /// <summary>Which rows are scored: those that decide for themselves, or whose scores are wanted.</summary>
    /// <param name="all">Whether all leave, whatever they say.</param>
    int Choose(bool all)
    {
        int[] places = _flow.Places();
        int count = 0;
        for (int s = 0; s < _flow.Count; s++)
        {
            int begin = _batch.Starts[s] - _flow.Before(s),
                lastToken = _batch.Starts[s + 1] - 1;
            for (int row = _flow.Starts[s]; row < _flow.Starts[s + 1]; row++)
            {
                int token = begin + places[row];
                _tokens[row] = token;
                bool isReal = token <= lastToken;
                _wanted[row] =
                    isReal && (_which == Wanted.Last ? token == lastToken : token >= _from);
                Leaves[row] = all;
                if (isReal && (!all || _wanted[row]))
                {
                    _rows[count++] = row;
                }
            }
        }

        return count;
    }

    void Hand(int exit, Tensor scores, int first, int rows)
    {
        int count = 0;
        for (int r = 0; r < rows; r++)
        {
            int row = _rows[first + r];
            if (Leaves[row] && _wanted[row])
            {
                if (count < r)
                {
                    scores.Row(r).CopyTo(scores.Row(count));
                }

                _handed[count++] = _tokens[row];
            }
        }

        if (count > 0)
        {
            _take(
                _handed,
                exit,
                count == rows ? scores : buffers.Matrix(Scores, count, scores.Columns)
            );
        }
    }

    /// <summary>A token leaves, with what it knows by now.</summary>
    public void Take(int sequence, int place, ReadOnlySpan<float> state)
    {
        (SequenceOf[Count], Places[Count]) = (sequence, place);
        state.CopyTo(_left.Row(Count++));
    }

    /// <summary>One row each.</summary>
    readonly struct Deciding(TokenExits exits, Tensor scores, int first) : IBlocks
    {
        public void Run(int block)
        {
            int row = exits._rows[first + block],
                token = exits._tokens[row];
            exits.Leaves[row] = exits._effort.LeavesToken(
                scores.Row(block),
                ref exits._said[token],
                ref exits._streaks[token]
            );
        }
    }
}
