using System.Runtime.InteropServices;
using Espalier.Autograd;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Walk;
using Espalier.Tensors;

namespace Espalier.Operators;

/// <summary>What a teacher says of some tokens; states are null where nobody asks for them.</summary>
/// <param name="Embedding">[T, D].</param>
/// <param name="Last">Behind the last layer and its norm, [T, D].</param>
sealed record Told(LikelyTokens Tokens, Tensor? Embedding, Tensor? Last);

/// <summary>
/// What a frozen language model says about the training texts: its likeliest next tokens, and hidden states, each text asked once.
/// Scores of the whole vocabulary are never held at once.
/// </summary>
sealed class LanguageTeacher : ISee<Columns>, IDisposable
{
    readonly DistillationWeights _weights;
    readonly Workers _workers;
    readonly LanguageSession _session;
    readonly int _last;
    readonly int _top;
    readonly int _hidden;
    readonly TeacherCache _cache;
    Tensor? _embedding;
    Tensor? _state;

    public LanguageTeacher(Model model, DistillationWeights weights, OperatorContext context)
    {
        (_weights, _workers, _hidden) = (weights, context.Workers, model.Config.Hidden);
        _last = model.Config.Layers.Count - 1;
        _top = Math.Min(weights.Top, model.Config.Vocabulary);
        _session = new LanguageSession(
            new PackedModel(Teacher.Whole(model), context.Workers, context.Kernels),
            context.Workers
        );
        int states = (weights.Embedding > 0 ? 1 : 0) + (weights.Last > 0 ? 1 : 0);
        _cache = new TeacherCache(
            context,
            FormattableString.Invariant(
                $"top {_top} of temperature {weights.Temperature:R}, states {weights.Embedding > 0} {weights.Last > 0}"
            ),
            0,
            (int)(LikelyTokens.BytesOf(_top) / sizeof(float)) + states * _hidden
        );
    }

    /// <summary>Texts that the model was asked about.</summary>
    public int Asked => _cache.Asked;

    /// <summary>Behind every token of a batch of the training split.</summary>
    public Told Of(Batch batch)
    {
        Told told = new(
            LikelyTokens.Empty(batch.Tokens, _top),
            _weights.Embedding > 0 ? new Tensor(batch.Tokens, _hidden) : null,
            _weights.Last > 0 ? new Tensor(batch.Tokens, _hidden) : null
        );
        _cache.Read(batch, Parts(told, batch), Ask);
        return told;
    }

    IReadOnlyList<TeacherCache.Part> Ask(Batch batch)
    {
        LikelyTokens tokens = LikelyTokens.Empty(batch.Tokens, _top);
        (_embedding, _state) = (null, null);
        _session.Score(
            batch,
            (row, logits) => tokens.Fill(_workers, row, logits, _weights.Temperature),
            see: this
        );
        return Parts(new Told(tokens, _embedding, _state), batch);
    }

    static IReadOnlyList<TeacherCache.Part> Parts(Told told, Batch batch)
    {
        LikelyTokens tokens = told.Tokens;
        return
        [
            s => MemoryMarshal.Cast<int, float>(Rows(tokens.Ids, tokens.K, s)),
            s => Rows(tokens.Logs, tokens.K, s),
            s => Rows(tokens.Rest, 1, s),
            .. ((Tensor?[])[told.Embedding, told.Last])
                .OfType<Tensor>()
                .Select(state => (TeacherCache.Part)(s => TeacherCache.Rows(state, batch, s))),
        ];

        Span<T> Rows<T>(T[] of, int columns, int s) =>
            of.AsSpan((batch.Starts[s] * columns)..(batch.Starts[s + 1] * columns));
    }

    void ISee<Columns>.Embedding(Columns x) =>
        _embedding = _weights.Embedding > 0 ? x.Tensor.Clone() : null;

    void ISee<Columns>.State(int layer, Columns x) =>
        _state = _weights.Last > 0 && layer == _last ? x.Tensor.Clone() : null;

    public void Dispose() => _cache.Dispose();
}
