using Espalier.Tensors;

namespace Espalier.Kernels;

/// <summary>Columns of a matrix from <paramref name="Offset"/> on: a part of a fused projection without a copy.</summary>
public readonly record struct Columns(Tensor Tensor, int Offset = 0)
{
    public int Stride => Tensor.Columns;
}

/// <summary>
/// Sequences laid one behind the other: sequence s holds rows <c>Starts[s] .. Starts[s + 1]</c>.
/// </summary>
/// <param name="Starts">Count + 1 entries (a longer array may be reused); the first is 0.</param>
/// <param name="Lengths">
/// Rows of each sequence that are real; the rest is padding, which no query attends to. Null: all of them.
/// </param>
public readonly record struct Sequences(int[] Starts, int Count, int[]? Lengths = null)
{
    public int Rows => Starts[Count];

    public int RowsOf(int sequence) => Starts[sequence + 1] - Starts[sequence];

    /// <summary>Rows that are real.</summary>
    public int KeysOf(int sequence) => Lengths?[sequence] ?? RowsOf(sequence);

    /// <summary>
    /// Where the probabilities of a sequence start: all heads' [rows, rows of the keys], one sequence after the other.
    /// </summary>
    /// <param name="keys">Null: the sequences attend to themselves.</param>
    public long ProbabilitiesStart(int sequence, int heads, Sequences? keys = null)
    {
        Sequences seen = keys ?? this;
        long start = 0;
        for (int s = 0; s < sequence; s++)
        {
            start += (long)heads * RowsOf(s) * seen.RowsOf(s);
        }

        return start;
    }
}

/// <param name="Probability">Share of attention probabilities that are dropped; 0: none.</param>
/// <param name="Rng">Stream of the mask: row = head · total rows + query row, column = key within its sequence.</param>
public readonly record struct AttentionDropout(float Probability, Rng Rng);

/// <summary>What attention is in every call of a layer.</summary>
/// <param name="Heads">Of the queries.</param>
/// <param name="Width">Of one head.</param>
/// <param name="KeyHeads">
/// Heads of keys and values, each of which serves <c>Heads / KeyHeads</c> heads of queries that stand together (Ainslie
/// et al. 2023); 0: as many as of the queries.
/// </param>
/// <param name="Causal">Whether a query sees no key behind its own.</param>
/// <param name="Reach">
/// A query sees keys at most this far from its own: half of ModernBERT's <c>local_attention</c>, one less than a causal
/// <c>sliding_window</c>. Null: all.
/// </param>
/// <param name="Scale">What scores are multiplied by; null: 1 / √width.</param>
public readonly record struct AttentionForm(
    int Heads,
    int Width,
    int KeyHeads = 0,
    bool Causal = false,
    int? Reach = null,
    float? Scale = null
)
{
    /// <summary>Heads of queries to a head of keys.</summary>
    public int Group => KeyHeads == 0 ? 1 : Heads / KeyHeads;

    /// <summary>Whether some queries may see fewer keys than there are.</summary>
    public bool Masks => Causal || Reach is not null;

    /// <summary>Keys that a query sees, from the first to before past; none where both are the same.</summary>
    /// <param name="query">Its row within its sequence.</param>
    /// <param name="queries">Real rows of that sequence; its last is at the place of the last key.</param>
    public (int First, int Past) Seen(int query, int queries, int keys)
    {
        int at = query + keys - queries,
            reach = Reach ?? int.MaxValue / 2,
            first = Math.Clamp(at - reach, 0, keys);
        return (first, Math.Clamp(at + (Causal ? 0 : reach) + 1, first, keys));
    }

    /// <summary>Scores that sequences which attend to themselves take, of all heads.</summary>
    /// <param name="real">Whether padding has no queries either.</param>
    public long Pairs(Sequences sequences, bool real = false)
    {
        long pairs = 0;
        for (int s = 0; s < sequences.Count; s++)
        {
            int keys = sequences.KeysOf(s),
                rows = real ? keys : sequences.RowsOf(s);
            for (int i = 0; Masks && i < rows; i++)
            {
                var (first, past) = Seen(i, keys, keys);
                pairs += past - first;
            }

            pairs += Masks ? 0 : (long)rows * keys;
        }

        return Heads * pairs;
    }
}

/// <param name="Queries">[rows of the sequences, heads · width].</param>
/// <param name="Keys">[rows of the key sequences, key heads · width]; the values likewise.</param>
/// <param name="KeySequences">
/// Where the keys are others than the queries', such as those of a cache: as many sequences, and the last real query of
/// each stands at the place of the last real key. Null: the sequences attend to themselves.
/// </param>
public readonly record struct AttentionCall(
    Columns Queries,
    Columns Keys,
    Columns Values,
    Sequences Sequences,
    AttentionForm Form,
    Sequences? KeySequences = null,
    AttentionDropout Dropout = default
);

/// <summary>One call of attention of new tokens over what a cache holds and themselves.</summary>
/// <param name="Queries">[rows of the sequences, heads · width].</param>
/// <param name="Keys">[rows, key heads · width] of the new tokens; the values likewise.</param>
/// <param name="Pasts">Of each sequence (a longer array may be reused), with room for its rows.</param>
/// <param name="Places">
/// Of each row the place of its token in its sequence, ascending within one, where tokens between them have no row; their keys and
/// values are in the cache already (<see cref="Attention.Write"/>). Null: rows stand behind the past, one after the other.
/// </param>
public readonly record struct PastCall(
    Columns Queries,
    Columns Keys,
    Columns Values,
    Sequences Sequences,
    AttentionForm Form,
    Past[] Pasts,
    int Layer,
    int[]? Places = null
)
{
    /// <summary>The place of a row in its sequence; rows of it are counted from 0.</summary>
    internal int PlaceOf(int sequence, int row) =>
        Places is null ? Pasts[sequence].Length + row : Places[Sequences.Starts[sequence] + row];

    /// <summary>Keys up to that of a sequence's last row.</summary>
    internal int KeysOf(int sequence) =>
        Sequences.RowsOf(sequence) is > 0 and var rows ? PlaceOf(sequence, rows - 1) + 1 : 0;

    /// <exception cref="ArgumentException">A sequence has no room, or the cache was made for other layers.</exception>
    public void Check(Tensor y)
    {
        for (int s = 0; s < Sequences.Count; s++)
        {
            Past past = Pasts[s];
            AttentionForm form = past.Cache.LayerOf(Layer);
            if (
                KeysOf(s) > past.Room
                || (form.Heads / form.Group, form.Width) != (Form.Heads / Form.Group, Form.Width)
            )
            {
                throw new ArgumentException(
                    $"Attention: sequence {s} has {past.Length} tokens in the cache and {Sequences.RowsOf(s)} new rows, the last at place {KeysOf(s) - 1}, and room for {past.Room}; "
                        + $"reserve it, in a cache whose layer {Layer} has these heads."
                );
            }
        }

        if (y.Rows < Sequences.Rows || y.Columns != Form.Heads * Form.Width)
        {
            throw new ArgumentException(
                $"Attention: y is {y.Shape}; {Sequences.Rows} rows of {Form.Heads} · {Form.Width} columns were expected."
            );
        }
    }
}

/// <summary>Keys and values of tokens that have left the layers, on their way into a cache.</summary>
/// <param name="Keys">[rows, key heads · width]; the values likewise.</param>
/// <param name="SequenceOf">Of each row: whose token it is, as a place in <paramref name="Pasts"/>.</param>
/// <param name="Places">Of each row: where its token stands in its sequence, whose past has room for it.</param>
public readonly record struct PastRows(
    Columns Keys,
    Columns Values,
    int Count,
    int[] SequenceOf,
    int[] Places,
    Past[] Pasts,
    int Layer
);

/// <summary>
/// softmax(scale · q kᵀ) v for each sequence and head (Vaswani et al. 2017, equation 1). A query that sees no key gives 0.
/// </summary>
public abstract class Attention
{
    /// <param name="y">[rows of the sequences, heads · width].</param>
    /// <param name="probabilities">
    /// Receives the probabilities before dropout, for the backward pass; laid out as
    /// <see cref="Sequences.ProbabilitiesStart"/> says, [head][query][key]. Null: not kept.
    /// </param>
    /// <param name="keySums">
    /// Receives for each key the sum of its probabilities over all heads and real queries of its sequence: the significance
    /// of PoWER-BERT (Goyal et al. 2020, section 3.2). One number for each row of keys; 0 for padding. Null: not wanted.
    /// </param>
    public abstract void Forward(
        Workers workers,
        in AttentionCall call,
        Tensor y,
        Tensor? probabilities = null,
        Tensor? keySums = null
    );

    /// <summary>
    /// Writes the new tokens' keys and values behind what each sequence has in the cache, and attends to all of them. The pasts
    /// become longer only when <see cref="Past.Advance"/> says so.
    /// </summary>
    /// <param name="y">[rows of the sequences, heads · width].</param>
    public abstract void Continue(Workers workers, in PastCall call, Tensor y);

    /// <summary>
    /// Writes keys and values to their places in the cache and attends to nothing: those of tokens that other tokens still look at.
    /// </summary>
    public static unsafe void Write(in PastRows rows)
    {
        for (int r = 0; r < rows.Count; r++)
        {
            Past past = rows.Pasts[rows.SequenceOf[r]];
            AttentionForm form = past.Cache.LayerOf(rows.Layer);
            var (page, token) = Math.DivRem(rows.Places[r], KeyValueCache.PageTokens);
            float* key = Row(rows.Keys, r),
                value = Row(rows.Values, r);
            for (int head = 0; head < form.Heads / form.Group; head++)
            {
                past.Head(page, rows.Layer, head)
                    .Write(token, key + head * form.Width, value + head * form.Width);
            }
        }

        GC.KeepAlive(rows.Keys.Tensor);
        GC.KeepAlive(rows.Values.Tensor);
    }

    private protected static unsafe float* Row(Columns columns, int row) =>
        columns.Tensor.Address() + (nint)row * columns.Stride + columns.Offset;

    /// <summary>Writes (does not add) the gradients of q, k and v.</summary>
    public abstract void Backward(
        Workers workers,
        in AttentionCall call,
        Tensor probabilities,
        Tensor dy,
        Columns dq,
        Columns dk,
        Columns dv
    );

    /// <summary>
    /// Writes scale · q kᵀ for each pair of a real query and a key that it sees, and 0 for all others; laid out as probabilities
    /// are. The call's values are not looked at.
    /// </summary>
    public abstract void Scores(Workers workers, in AttentionCall call, Tensor scores);

    /// <summary>Writes (does not add) the gradients of q and k, from those of the scores.</summary>
    /// <param name="dScores">0 wherever <see cref="Scores"/> writes 0 for a pair that is not seen.</param>
    public abstract void ScoresBackward(
        Workers workers,
        in AttentionCall call,
        Tensor dScores,
        Columns dq,
        Columns dk
    );
}
