using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Autograd;

public sealed partial class Tape
{
    /// <summary>Attention of q [T, heads · width] and k, v [T, key heads · width] within each sequence.</summary>
    /// <param name="keySums">As in <see cref="Attention.Forward"/>.</param>
    public Variable SelfAttention(
        Variable q,
        Variable k,
        Variable v,
        Sequences sequences,
        AttentionForm form,
        float dropout,
        Tensor? keySums = null
    ) => Record(new SelfAttention(this, q, k, v, sequences, form, dropout, keySums));
}

/// <summary>softmax(scale · q kᵀ) v for each head of each sequence, dropout on the probabilities.</summary>
sealed class SelfAttention : Operation
{
    readonly Variable _q;
    readonly Variable _k;
    readonly Variable _v;
    readonly AttentionCall _call;
    readonly Tensor? _probabilities;

    public SelfAttention(
        Tape tape,
        Variable q,
        Variable k,
        Variable v,
        Sequences sequences,
        AttentionForm form,
        float dropout,
        Tensor? keySums
    )
    {
        (_q, _k, _v) = (q, k, v);
        _call = new AttentionCall(
            new Columns(q.Value),
            new Columns(k.Value),
            new Columns(v.Value),
            sequences,
            form,
            Dropout: tape.Training && dropout > 0
                ? new AttentionDropout(dropout, tape.NextStream())
                : default
        );
        bool grows = q.NeedsGradient || k.NeedsGradient || v.NeedsGradient;
        Tensor y = tape.Rent(q.Value.Shape);
        _probabilities = grows
            ? tape.Rent(1, checked((int)sequences.ProbabilitiesStart(sequences.Count, form.Heads)))
            : null;
        tape.Kernels.Attention.Forward(tape.Workers, _call, y, _probabilities, keySums);
        Output = new Variable(y, grows);
    }

    internal override void Backward(Tape tape)
    {
        Tensor dq = tape.Contribution(_q),
            dk = tape.Contribution(_k),
            dv = tape.Contribution(_v);
        tape.Kernels.Attention.Backward(
            tape.Workers,
            _call,
            _probabilities!,
            Output.Gradient!,
            new Columns(dq),
            new Columns(dk),
            new Columns(dv)
        );
        tape.Send(_q, dq);
        tape.Send(_k, dk);
        tape.Send(_v, dv);
    }

    public override Cost Cost
    {
        get
        {
            long pairs = _call.Form.Pairs(_call.Sequences);
            return new Cost(
                2 * pairs * _call.Form.Width,
                sizeof(float) * (2L * _q.Value.Count + 2L * _k.Value.Count + 2 * pairs)
            );
        }
    }
}
