using Espalier.Tensors;

namespace Espalier.Autograd;

public sealed partial class Tape
{
    /// <summary>dropout(x) + residual.</summary>
    public Variable Add(Variable x, Variable residual, float dropout = 0) =>
        Record(new Add(this, x, residual, dropout));
}

/// <summary>s = dropout(x) + residual: the stream that goes on beside the blocks of a model whose norms come first.</summary>
sealed class Add : Operation
{
    readonly Variable _x;
    readonly Variable _residual;
    readonly float _dropout;
    readonly Rng _mask;

    public Add(Tape tape, Variable x, Variable residual, float dropout)
    {
        (_x, _residual) = (x, residual);
        Tensor s = tape.Rent(x.Value.Shape),
            dropped = x.Value;
        if (tape.Training && dropout > 0)
        {
            (_dropout, _mask, dropped) = (dropout, tape.NextStream(), s);
            tape.Kernels.Rows.Dropout(tape.Workers, _mask, dropout, x.Value, s);
        }

        tape.Kernels.Rows.Add(tape.Workers, dropped, residual.Value, s);
        Output = new Variable(s, x.NeedsGradient || residual.NeedsGradient);
    }

    internal override void Backward(Tape tape)
    {
        Tensor ds = Output.Gradient!,
            dx = ds;
        if (_dropout > 0 && _x.NeedsGradient)
        {
            dx = tape.Contribution(_x);
            tape.Kernels.Rows.Dropout(tape.Workers, _mask, _dropout, ds, dx);
        }

        tape.Send(_x, dx);
        tape.Send(_residual, ds);
    }

    public override Cost Cost => Cost.Elements(3L * _x.Value.Count);
}
