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
/// What a frozen language model says about the training texts: its likeliest next tokens, and hidden states. A text is asked once and
/// kept as long as there is room; what does not fit is asked anew each time. Scores of the whole vocabulary are never held at once.
/// </summary>
sealed class LanguageTeacher : ISee<Columns>
{
    /// <summary>What is kept takes no more.</summary>
    public const long MostBytes = 1L << 30;

    readonly DistillationWeights _weights;
    readonly Workers _workers;
    readonly LanguageSession _session;
    readonly int _last;
    readonly Dictionary<int, Told> _known = [];
    long _room = MostBytes;
    Tensor? _embedding;
    Tensor? _state;

    public LanguageTeacher(Model model, DistillationWeights weights, OperatorContext context)
    {
        (_weights, _workers) = (weights, context.Workers);
        _last = model.Config.Layers.Count - 1;
        _session = new LanguageSession(
            new PackedModel(Teacher.Whole(model), context.Workers, context.Kernels),
            context.Workers
        );
    }

    /// <summary>Behind every token of a batch.</summary>
    public Told Of(Batch batch)
    {
        if (batch.Examples.All(_known.ContainsKey))
        {
            return Joined([.. batch.Examples.Select(e => _known[e])]);
        }

        Told told = Ask(batch);
        for (int s = 0; s < batch.Count; s++)
        {
            int example = batch.Examples[s],
                first = batch.Starts[s],
                rows = batch.Starts[s + 1] - first;
            long bytes = rows * BytesOfRow(told);
            if (!_known.ContainsKey(example) && bytes <= _room)
            {
                _room -= bytes;
                _known.Add(
                    example,
                    new Told(
                        told.Tokens.Slice(first, rows),
                        Some(told.Embedding, first, rows),
                        Some(told.Last, first, rows)
                    )
                );
            }
        }

        return told;
    }

    Told Ask(Batch batch)
    {
        LikelyTokens tokens = LikelyTokens.Empty(
            batch.Tokens,
            Math.Min(_weights.Top, _session.Model.Config.Vocabulary)
        );
        (_embedding, _state) = (null, null);
        _session.Score(
            batch,
            (row, logits) => tokens.Fill(_workers, row, logits, _weights.Temperature),
            see: this
        );
        return new Told(tokens, _embedding, _state);
    }

    void ISee<Columns>.Embedding(Columns x) =>
        _embedding = _weights.Embedding > 0 ? x.Tensor.Clone() : null;

    void ISee<Columns>.State(int layer, Columns x) =>
        _state = _weights.Last > 0 && layer == _last ? x.Tensor.Clone() : null;

    static long BytesOfRow(Told told) =>
        LikelyTokens.BytesOf(told.Tokens.K)
        + sizeof(float) * ((told.Embedding?.Columns ?? 0L) + (told.Last?.Columns ?? 0));

    static Tensor? Some(Tensor? of, int first, int rows) =>
        of?.Part(first * of.Columns, new Shape(rows, of.Columns)).Clone();

    static Told Joined(IReadOnlyList<Told> parts) =>
        parts is [var only]
            ? only
            : new Told(
                LikelyTokens.Joined([.. parts.Select(p => p.Tokens)]),
                Stacked(parts, p => p.Embedding),
                Stacked(parts, p => p.Last)
            );

    static Tensor? Stacked(IReadOnlyList<Told> parts, Func<Told, Tensor?> of) =>
        of(parts[0]) is null ? null : Tensor.Stacked([.. parts.Select(p => of(p)!)]);
}
