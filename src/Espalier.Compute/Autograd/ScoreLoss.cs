using System.Numerics.Tensors;
using Espalier.Kernels;
using Tensor = Espalier.Tensors.Tensor;

namespace Espalier.Autograd;

public sealed partial class Tape
{
    /// <summary>
    /// Mean of squared differences of attention scores, before the softmax, over all heads and all pairs of a real query and
    /// a key that it sees (TinyBERT, Jiao et al. 2020, equation 7).
    /// </summary>
    /// <param name="teacher">What <see cref="Attention.Scores"/> wrote for as many heads.</param>
    public Variable ScoreLoss(
        Variable q,
        Variable k,
        Tensor teacher,
        Sequences sequences,
        AttentionForm form
    ) => Record(new ScoreLoss(this, q, k, teacher, sequences, form));
}

sealed class ScoreLoss : Operation
{
    readonly Variable _q;
    readonly Variable _k;
    readonly AttentionCall _call;
    readonly Tensor _differences;
    readonly long _pairs;

    public ScoreLoss(
        Tape tape,
        Variable q,
        Variable k,
        Tensor teacher,
        Sequences sequences,
        AttentionForm form
    )
    {
        long scores = sequences.ProbabilitiesStart(sequences.Count, form.Heads);
        if (teacher.Count != scores)
        {
            throw new ArgumentException(
                $"ScoreLoss: the teacher's scores are {teacher.Shape}; {form.Heads} heads on these sequences have {scores}. "
                    + "Student and teacher must have as many heads."
            );
        }

        (_q, _k) = (q, k);
        Columns keys = new(k.Value);
        _call = new AttentionCall(new Columns(q.Value), keys, keys, sequences, form);
        _pairs = form.Pairs(sequences, real: true);
        _differences = tape.Rent(teacher.Shape);
        tape.Kernels.Attention.Scores(tape.Workers, _call, _differences);
        TensorPrimitives.Subtract(_differences.Span, teacher.Span, _differences.Span);
        double squares = tape.Kernels.Rows.SumOfSquares(tape.Workers, _differences);
        Tensor y = tape.Rent(1, 1);
        y.Span[0] = (float)(squares / Math.Max(1, _pairs));
        Output = new Variable(y, q.NeedsGradient || k.NeedsGradient);
    }

    internal override void Backward(Tape tape)
    {
        Tensor dq = tape.Contribution(_q),
            dk = tape.Contribution(_k);
        float slope = 2 * Output.Gradient!.Span[0] / Math.Max(1, _pairs);
        TensorPrimitives.Multiply(_differences.Span, slope, _differences.Span);
        tape.Kernels.Attention.ScoresBackward(
            tape.Workers,
            _call,
            _differences,
            new Columns(dq),
            new Columns(dk)
        );
        tape.Send(_q, dq);
        tape.Send(_k, dk);
    }

    public override Cost Cost =>
        new(
            _pairs * _call.Form.Width,
            sizeof(float) * (_q.Value.Count + (long)_k.Value.Count + 2 * _pairs)
        );
}
