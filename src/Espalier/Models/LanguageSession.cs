using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models.Walk;
using Espalier.Tensors;

namespace Espalier.Models;

/// <summary>Takes scores of the next token as they are made.</summary>
/// <param name="row">Of the batch (of the sequences, where the last token's are wanted alone): that of the first row of the scores.</param>
/// <param name="logits">[rows, vocabulary]; the memory is used again.</param>
public delegate void TakeLogits(int row, Tensor logits);

/// <summary>Takes scores of the next token behind tokens, at the exit at which these leave.</summary>
/// <param name="tokens">Places in the batch; as many count as the scores have rows.</param>
/// <param name="exit">Counted from 0.</param>
/// <param name="logits">[rows, vocabulary]; the memory is used again.</param>
public delegate void TakeExits(int[] tokens, int exit, Tensor logits);

/// <summary>
/// One stream of a language model from packed weights: texts scored whole, and sequences that grow a step at a time beside each
/// other, with the keys and values of what they have seen in a cache. Not for several threads at once; make a session for each.
/// </summary>
public sealed class LanguageSession
{
    readonly PackedModel _packed;
    readonly Workers _workers;
    readonly Buffers _buffers = new();
    readonly Infer _infer;
    readonly Taking _taking = new();
    readonly Rows _rows = new();
    readonly TokenExits _leaving;
    readonly TakeExits _takeLast;
    readonly bool _pads;
    Past[] _pasts = [];
    Past[] _scored = [];
    int[] _exits = [];
    Batch? _batch;

    /// <param name="form">How keys and values are kept.</param>
    /// <param name="pads">
    /// Whether what sequences read in one step is padded to the longest, where the model lacks dynamic length: to be measured. A step
    /// of a token each has nothing to pad.
    /// </param>
    /// <exception cref="InvalidDataException">The model is no language model.</exception>
    public LanguageSession(
        PackedModel packed,
        Workers workers,
        CacheForm form = CacheForm.Fp32,
        bool pads = false
    )
    {
        ModelConfig config = packed.Model.Config;
        if (!config.IsLanguage)
        {
            throw new InvalidDataException(
                $"A {config.Family.ModelType} model classifies texts and says no next token; name a language model, such as HuggingFaceTB/SmolLM2-135M-Instruct."
            );
        }

        (_packed, _workers) = (packed, workers);
        _infer = new Infer(packed);
        _leaving = new TokenExits(config, _buffers);
        _takeLast = TakeLast;
        _pads = pads && !packed.Model.Traits.DynamicLength;
        Cache = new KeyValueCache(form, config.Layers.Select(l => l.Attention.Form));
    }

    public Model Model => _packed.Model;

    /// <summary>Keys and values of all sequences of this session.</summary>
    public KeyValueCache Cache { get; }

    /// <summary>A sequence that has seen nothing yet; <see cref="Past.Clear"/> gives its memory back.</summary>
    public Past Begin() => new(Cache);

    /// <summary>Scores behind every token of texts, which are read from their beginning and not kept.</summary>
    /// <param name="from">Rows of the batch in front of this one are read and not scored.</param>
    /// <param name="see">Is shown what goes through the model.</param>
    /// <exception cref="ArgumentException">A text is longer than the model's context.</exception>
    public void Score(Batch batch, TakeLogits take, int from = 0, ISee<Columns>? see = null)
    {
        for (int s = 0; s < batch.Count; s++)
        {
            Check(batch.Starts[s + 1] - batch.Starts[s], 0);
        }

        _taking.Begin(take, from);
        _infer.Run(
            _buffers.Begin(_workers, _packed.Kernels, batch, null),
            batch,
            _taking,
            see,
            from: from
        );
    }

    /// <summary>
    /// Scores behind every token of texts at an effort: what a text would have been given that was written so, token by token, each
    /// looking back at what those before it left in the cache.
    /// </summary>
    /// <param name="take">Is given each token once, in the order of exits.</param>
    /// <inheritdoc cref="Score(Batch, TakeLogits, int, ISee{Columns}?)"/>
    public void Score(Batch batch, Effort effort, TakeExits take, int from = 0)
    {
        if (!Leaves(effort))
        {
            int[] tokens = new int[TokenExits.RowsAtOnce];
            Score(
                batch,
                (row, logits) =>
                {
                    for (int r = 0; r < logits.Rows; r++)
                    {
                        tokens[r] = row + r;
                    }

                    take(tokens, Model.Config.ExitCount - 1, logits);
                },
                from
            );
            return;
        }

        if (_scored.Length < batch.Count)
        {
            _scored =
            [
                .. _scored,
                .. Enumerable.Range(0, batch.Count - _scored.Length).Select(_ => Begin()),
            ];
        }

        for (int s = 0; s < batch.Count; s++)
        {
            int tokens = batch.Starts[s + 1] - batch.Starts[s];
            Check(tokens, 0);
            _scored[s].Reserve(tokens);
        }

        Flow flow = _buffers.Begin(_workers, _packed.Kernels, batch, null, _scored);
        _leaving.Begin(flow, batch, effort, take, Wanted.All, from);
        _infer.Run(flow, batch, _leaving);
        foreach (Past past in _scored)
        {
            past.Clear();
        }
    }

    bool Leaves(Effort effort) => effort.Rule != ExitRule.Never && Model.Config.HeadExits.Count > 0;

    /// <summary>
    /// Reads new tokens of sequences, each behind what it has seen, in one pass: a prompt, or the token that was chosen last.
    /// Sequences of any lengths may stand beside each other, and others in the next step.
    /// </summary>
    /// <param name="ids">New tokens of all sequences, one sequence behind the other.</param>
    /// <param name="counts">Of each sequence: how many of them are its own, at least 1.</param>
    /// <param name="effort">
    /// Each token, of a prompt too, leaves at the first exit that this lets it; null: none does. Later layers compute its keys and
    /// values from the state it left with, and nothing else.
    /// </param>
    /// <returns>Scores of the token behind the last one of each, [sequences, vocabulary]; good until the next call.</returns>
    /// <exception cref="ArgumentException">A sequence would be longer than the model's context.</exception>
    public Tensor Step(
        ReadOnlySpan<Past> sequences,
        ReadOnlySpan<int> ids,
        ReadOnlySpan<int> counts,
        Effort? effort = null
    )
    {
        if (_pasts.Length < sequences.Length)
        {
            _pasts = new Past[sequences.Length];
            _exits = new int[sequences.Length];
        }

        int tokens = 0;
        int? padTo = _pads ? PadTo(sequences, counts) : null;
        for (int s = 0; s < sequences.Length; s++)
        {
            _pasts[s] = sequences[s];
            Check(counts[s], sequences[s].Length);
            sequences[s].Reserve(Math.Max(counts[s], padTo ?? 0));
            tokens += counts[s];
        }

        Batch batch = BatchOf(ids[..tokens], counts);
        _rows.Begin(_buffers.Matrix("next", sequences.Length, Model.Config.Vocabulary));
        Flow flow = _buffers.Begin(_workers, _packed.Kernels, batch, padTo, _pasts);
        if (effort is not null && Leaves(effort))
        {
            _leaving.Begin(flow, batch, effort, _takeLast, Wanted.Last, 0);
            _infer.Run(flow, batch, _leaving);
        }
        else
        {
            _exits.AsSpan().Fill(Model.Config.ExitCount - 1);
            _infer.Run(flow, batch, _rows, wanted: Wanted.Last);
        }

        for (int s = 0; s < sequences.Length; s++)
        {
            sequences[s].Advance(counts[s]);
        }

        return _rows.Logits;
    }

    /// <summary>Of each sequence of the last step: the exit, counted from 0, that the scores are of.</summary>
    public ReadOnlySpan<int> Exits => _exits;

    /// <summary>The rows of the sequences whose last tokens these are.</summary>
    void TakeLast(int[] tokens, int exit, Tensor logits)
    {
        int[] starts = _batch!.Starts;
        for (int r = 0, s = 0; r < logits.Rows; r++)
        {
            while (starts[s + 1] <= tokens[r])
            {
                s++;
            }

            logits.Row(r).CopyTo(_rows.Logits.Row(s));
            _exits[s] = exit;
        }
    }

    /// <summary>The most that a sequence reads in this step, as far as there is room for it in the context of all.</summary>
    int PadTo(ReadOnlySpan<Past> sequences, ReadOnlySpan<int> counts)
    {
        int most = 0,
            room = Model.Config.MaxLength;
        for (int s = 0; s < counts.Length; s++)
        {
            most = Math.Max(most, counts[s]);
            room = Math.Min(room, Model.Config.MaxLength - sequences[s].Length);
        }

        return Math.Min(most, room);
    }

    void Check(int tokens, int before)
    {
        int most = Model.Config.MaxLength;
        if (tokens < 1 || tokens + before > most)
        {
            throw new ArgumentException(
                $"A sequence of {before + tokens} tokens, {tokens} of them new: at least 1 is new, and the model's context holds {most}."
            );
        }
    }

    /// <summary>The batch of the last step again where it has the same form, as most steps' has.</summary>
    Batch BatchOf(ReadOnlySpan<int> ids, ReadOnlySpan<int> counts)
    {
        if (_batch is null || _batch.Count != counts.Length || _batch.Ids.Length != ids.Length)
        {
            _batch = new Batch
            {
                Ids = new int[ids.Length],
                TypeIds = new int[ids.Length],
                Starts = new int[counts.Length + 1],
            };
        }

        ids.CopyTo(_batch.Ids);
        for (int s = 0; s < counts.Length; s++)
        {
            _batch.Starts[s + 1] = _batch.Starts[s] + counts[s];
        }

        return _batch;
    }

    /// <summary>Hands scores on.</summary>
    sealed class Taking : IAnswers
    {
        TakeLogits _take = null!;
        int _row;

        public void Begin(TakeLogits take, int row) => (_take, _row) = (take, row);

        public bool Asks(int layer) => false;

        public bool Answer(int layer, Tensor here)
        {
            _take(_row, here);
            _row += here.Rows;
            return true;
        }
    }

    /// <summary>Gathers the scores of all sequences.</summary>
    sealed class Rows : IAnswers
    {
        int _row;

        public Tensor Logits { get; private set; } = null!;

        public void Begin(Tensor logits) => (Logits, _row) = (logits, 0);

        public bool Asks(int layer) => false;

        public bool Answer(int layer, Tensor here)
        {
            for (int r = 0; r < here.Rows; r++)
            {
                here.Row(r).CopyTo(Logits.Row(_row++));
            }

            return true;
        }
    }
}
