using Espalier.Kernels.Rowwise;
using Espalier.Kernels.Vectors;
using Espalier.Tensors;

namespace Espalier.Kernels.Heads;

/// <summary>Work on one head of keys of one sequence.</summary>
interface IHead
{
    void Run(in AttentionItem item);
}

readonly struct HeadBlocks<THead>(AttentionShape shape, THead head) : IBlocks
    where THead : struct, IHead
{
    public void Run(int job)
    {
        var (first, past) = shape.ItemsOf(job);
        for (int i = first; i < past; i++)
        {
            head.Run(shape.Item(i));
        }
    }
}

/// <summary>What all the heads of a call share, and how they are dealt out as jobs.</summary>
readonly unsafe struct AttentionShape
{
    /// <summary>Queries at a time, so that their scores stay near: whole registers, and a multiple of a product's six rows.</summary>
    public const int Tile = 48;

    // Multiply-adds that take a thread a few microseconds.
    const long WorthAJob = 1 << 18;

    readonly Sequences _queries;
    readonly Sequences _keys;

    // Pairs of rows of all sequences before each one: where its probabilities start, for one head.
    readonly long* _pairs;
    readonly int _itemsPerJob;

    AttentionShape(in AttentionCall call, Sequences keys, long* pairs, float* keySums)
    {
        (Form, _queries, _keys) = (call.Form, call.Sequences, keys);
        _pairs = pairs;
        KeySums = keySums;
        KeyHeads = Form.Heads / Form.Group;
        Scale = Form.Scale ?? 1 / MathF.Sqrt(Form.Width);
        Items = _queries.Count * KeyHeads;
        long work = 2 * Pairs * Form.Heads * Form.Width;
        long perItem = Math.Max(1, work / Math.Max(1, Items));
        _itemsPerJob = (int)Math.Clamp(WorthAJob / perItem, 1, Math.Max(1, Items));
    }

    public AttentionForm Form { get; }

    public int KeyHeads { get; }

    /// <summary>A line of numbers for each head of keys, one for each row of them; null where they are not wanted.</summary>
    public float* KeySums { get; }

    public int KeyRows => _keys.Rows;

    public int QueryRows => _queries.Rows;

    /// <summary>Heads of keys of all sequences.</summary>
    public int Items { get; }

    public int Jobs => (Items + _itemsPerJob - 1) / _itemsPerJob;

    public float Scale { get; }

    long Pairs => _pairs[_queries.Count];

    /// <summary>Holds the call's scratch as long as it is used.</summary>
    public static AttentionShape Of(in AttentionCall call, bool keySums = false)
    {
        AttentionForm form = call.Form;
        if (form.Heads < 1 || form.Width < 1)
        {
            throw new ArgumentException(
                $"Attention: {form.Heads} heads of width {form.Width}; both must be 1 or more."
            );
        }

        if (form.KeyHeads < 0 || (form.KeyHeads > 0 && form.Heads % form.KeyHeads != 0))
        {
            throw new ArgumentException(
                $"Attention: {form.Heads} heads and {form.KeyHeads} of keys; each of those serves as many heads, so one "
                    + "must divide the other."
            );
        }

        if (form.Scale <= 0 || form.Reach < 0)
        {
            throw new ArgumentException(
                $"Attention: the scale is {form.Scale} and the reach {form.Reach}; a scale is above 0 and a reach 0 or more."
            );
        }

        Sequences queries = call.Sequences,
            keys = call.KeySequences ?? queries;
        Check(queries);
        Check(keys);
        int count = queries.Count;
        if (keys.Count != count)
        {
            throw new ArgumentException(
                $"Attention: {count} sequences of queries and {keys.Count} of keys; there must be as many."
            );
        }

        int starts = 2 * (count + 1),
            sums = keySums ? form.Heads / form.Group * keys.Rows : 0;
        float* scratch = Scratch.ForCall(starts + sums);
        long* pairs = (long*)scratch;
        pairs[0] = 0;
        for (int s = 0; s < count; s++)
        {
            pairs[s + 1] = pairs[s] + (long)queries.RowsOf(s) * keys.RowsOf(s);
        }

        return new AttentionShape(call, keys, pairs, keySums ? scratch + starts : null);
    }

    static void Check(Sequences sequences)
    {
        int count = sequences.Count;
        if (count < 0 || sequences.Starts.Length <= count || sequences.Starts[0] != 0)
        {
            throw new ArgumentException(
                $"Attention: {count} sequences and {sequences.Starts.Length} starts; there must be one "
                    + "start more than sequences, and the first must be 0."
            );
        }

        for (int s = 0; s < count; s++)
        {
            int rows = sequences.RowsOf(s),
                keys = sequences.KeysOf(s);
            if (rows < 0 || keys < 0 || keys > rows)
            {
                throw new ArgumentException(
                    $"Attention: sequence {s} has {rows} rows, {keys} of them real; starts must rise and a "
                        + "sequence cannot be longer than its rows."
                );
            }
        }
    }

    /// <summary>Rows of queries, all their heads.</summary>
    public void CheckQueries(Columns columns, string name) =>
        Check(columns, name, _queries.Rows, Form.Heads);

    /// <summary>Rows of keys, all their heads.</summary>
    public void CheckKeys(Columns columns, string name) =>
        Check(columns, name, _keys.Rows, KeyHeads);

    void Check(Columns columns, string name, int rows, int heads)
    {
        Tensor tensor = columns.Tensor;
        if (
            columns.Offset < 0
            || columns.Offset > tensor.Columns - heads * Form.Width
            || tensor.Rows < rows
        )
        {
            throw new ArgumentException(
                $"Attention: {name} is {tensor.Shape} from column {columns.Offset} on; it must have "
                    + $"{rows} rows and {heads} · {Form.Width} columns from there."
            );
        }
    }

    public void CheckProbabilities(Tensor probabilities, string name = "probabilities")
    {
        if (probabilities.Count < Pairs * Form.Heads)
        {
            throw new ArgumentException(
                $"Attention: {name} is {probabilities.Shape}; these sequences have {Pairs * Form.Heads}."
            );
        }
    }

    public (int First, int Past) ItemsOf(int job) =>
        (job * _itemsPerJob, Math.Min(Items, (job + 1) * _itemsPerJob));

    public AttentionItem Item(int item)
    {
        var (s, keyHead) = Math.DivRem(item, KeyHeads);
        int group = Form.Group,
            head = keyHead * group,
            rows = _queries.RowsOf(s),
            keyRows = _keys.RowsOf(s);
        return new AttentionItem(
            Form,
            keyHead,
            head,
            group,
            _queries.Starts[s],
            rows,
            _queries.KeysOf(s),
            _keys.Starts[s],
            keyRows,
            _keys.KeysOf(s),
            _pairs[s] * Form.Heads + (long)head * rows * keyRows
        );
    }

    /// <summary>What the heads of keys have left in their lines, added up in their order.</summary>
    public void AddHeads<T>(Tensor keySums)
        where T : struct, ILanes<T>
    {
        if (keySums.Count < KeyRows)
        {
            throw new ArgumentException(
                $"Attention: keySums is {keySums.Shape}; it must have one number for each of {KeyRows} keys."
            );
        }

        Span<float> to = keySums.Span[..KeyRows];
        new Span<float>(KeySums, KeyRows).CopyTo(to);
        for (int head = 1; head < KeyHeads; head++)
        {
            RowBlocks.AddTo<T>(KeySums + (nint)head * KeyRows, keySums.Address(), KeyRows);
        }
    }

    /// <summary>Whole registers that hold <paramref name="count"/> numbers, in numbers.</summary>
    public static int Padded<T>(int count)
        where T : struct, ILanes<T> => (count + T.Count - 1) / T.Count * T.Count;
}
