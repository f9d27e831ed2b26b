using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Autograd;

public sealed partial class Tape
{
    /// <summary>Heads of x turned by their rows' positions.</summary>
    public Variable Rotate(Variable x, Rotation rotation) => Record(new Rotate(this, x, rotation));
}

/// <summary>Rotary position embedding: heads of x turned by their rows' positions.</summary>
sealed class Rotate : Operation
{
    readonly Variable _x;
    readonly Rotation _rotation;

    public Rotate(Tape tape, Variable x, Rotation rotation)
    {
        (_x, _rotation) = (x, rotation);
        Tensor y = tape.Rent(x.Value.Shape);
        tape.Kernels.Rows.Rotate(tape.Workers, rotation, new Columns(x.Value), new Columns(y));
        Output = new Variable(y, x.NeedsGradient);
    }

    internal override void Backward(Tape tape)
    {
        Tensor dx = tape.Contribution(_x);
        tape.Kernels.Rows.Rotate(
            tape.Workers,
            _rotation,
            new Columns(Output.Gradient!),
            new Columns(dx),
            back: true
        );
        tape.Send(_x, dx);
    }

    public override Cost Cost => Cost.Elements(2L * _x.Value.Count);
}
