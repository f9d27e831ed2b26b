using Espalier.Tensors;

namespace Espalier.Autograd;

public sealed partial class Tape
{
    /// <summary>x itself when there is nothing to drop.</summary>
    public Variable Dropout(Variable x, float probability) =>
        Training && probability > 0 ? Record(new Dropout(this, x, probability)) : x;
}

/// <summary>y = x / (1 − p) where kept, else 0 (Srivastava et al. 2014, inverted form).</summary>
sealed class Dropout : Operation
{
    readonly Variable _x;
    readonly float _probability;
    readonly Rng _mask;

    public Dropout(Tape tape, Variable x, float probability)
    {
        (_x, _probability, _mask) = (x, probability, tape.NextStream());
        Tensor y = tape.Rent(x.Value.Shape);
        tape.Kernels.Rows.Dropout(tape.Workers, _mask, probability, x.Value, y);
        Output = new Variable(y, x.NeedsGradient);
    }

    internal override void Backward(Tape tape)
    {
        Tensor dx = tape.Contribution(_x);
        tape.Kernels.Rows.Dropout(tape.Workers, _mask, _probability, Output.Gradient!, dx);
        tape.Send(_x, dx);
    }

    public override Cost Cost => Cost.Elements(2L * _x.Value.Count);
}
