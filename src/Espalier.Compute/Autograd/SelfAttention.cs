using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Autograd;

/// <summary>softmax(q kᵀ / √width) v for each head of each sequence, dropout on the probabilities.</summary>
sealed class SelfAttention : Operation
{
    readonly Variable _q;
    readonly Variable _k;
    readonly Variable _v;
    readonly Sequences _sequences;
    readonly int _heads;
    readonly AttentionDropout _dropout;
    readonly Tensor? _probabilities;

    SelfAttention(
        Tape tape,
        Variable q,
        Variable k,
        Variable v,
        Sequences sequences,
        int heads,
        float dropout
    )
    {
        (_q, _k, _v, _sequences, _heads) = (q, k, v, sequences, heads);
        _dropout =
            tape.Training && dropout > 0
                ? new AttentionDropout(dropout, tape.NextStream())
                : default;
        bool grows = q.NeedsGradient || k.NeedsGradient || v.NeedsGradient;
        Tensor y = tape.Rent(q.Value.Shape);
        _probabilities = grows
            ? tape.Rent(1, checked((int)sequences.ProbabilitiesStart(sequences.Count, heads)))
            : null;
        tape.Kernels.Attention.Forward(
            tape.Workers,
            new Columns(q.Value),
            new Columns(k.Value),
            new Columns(v.Value),
            sequences,
            heads,
            Width,
            y,
            _probabilities,
            _dropout
        );
        Output = new Variable(y, grows);
    }

    int Width => _q.Value.Columns / _heads;

    internal override Variable Output { get; }

    public static Variable Forward(
        Tape tape,
        Variable q,
        Variable k,
        Variable v,
        Sequences sequences,
        int heads,
        float dropout
    ) => tape.Record(new SelfAttention(tape, q, k, v, sequences, heads, dropout));

    internal override void Backward(Tape tape)
    {
        Tensor dq = tape.Contribution(_q),
            dk = tape.Contribution(_k),
            dv = tape.Contribution(_v);
        tape.Kernels.Attention.Backward(
            tape.Workers,
            new Columns(_q.Value),
            new Columns(_k.Value),
            new Columns(_v.Value),
            _sequences,
            _heads,
            Width,
            _probabilities!,
            Output.Gradient!,
            new Columns(dq),
            new Columns(dk),
            new Columns(dv),
            _dropout
        );
        tape.Send(_q, dq);
        tape.Send(_k, dk);
        tape.Send(_v, dv);
    }

    public override Cost Cost
    {
        get
        {
            long pairs = 0;
            for (int s = 0; s < _sequences.Count; s++)
            {
                pairs += (long)_heads * _sequences.RowsOf(s) * _sequences.KeysOf(s);
            }

            return new Cost(2 * pairs * Width, sizeof(float) * (4L * _q.Value.Count + 2 * pairs));
        }
    }
}
