using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Autograd;

public sealed partial class Tape
{
    /// <summary>activation(gate) · up.</summary>
    public Variable Gate(Variable gate, Variable up, Activation activation) =>
        Record(new Gate(this, gate, 0, up, 0, activation));

    /// <summary>activation(first half of x's columns) · second half, or the other way round.</summary>
    /// <param name="second">Whether the second half is the gate.</param>
    public Variable Gate(Variable x, Activation activation, bool second = false)
    {
        if (x.Value.Columns % 2 != 0)
        {
            throw new ArgumentException($"Gate: x is {x.Value.Shape}, which has no two halves.");
        }

        int half = x.Value.Columns / 2;
        return Record(new Gate(this, x, second ? half : 0, x, second ? 0 : half, activation));
    }
}

/// <summary>y = activation(gate) · up, of two variables or of the halves of one.</summary>
sealed class Gate : Operation
{
    readonly Variable _gate;
    readonly Variable _up;
    readonly Gated _of;

    public Gate(Tape tape, Variable gate, int gateAt, Variable up, int upAt, Activation activation)
    {
        (_gate, _up) = (gate, up);
        _of = new Gated(activation, new(gate.Value, gateAt), new(up.Value, upAt));
        Tensor y = tape.Rent(gate.Value.Rows, gate.Value.Columns - Math.Max(gateAt, upAt));
        tape.Kernels.Rows.Gate(tape.Workers, _of, y);
        Output = new Variable(y, gate.NeedsGradient || up.NeedsGradient);
    }

    internal override void Backward(Tape tape)
    {
        bool one = ReferenceEquals(_gate, _up);
        Tensor dGate = tape.Contribution(_gate),
            dUp = one ? dGate : tape.Contribution(_up);
        Gated to = new(_of.Activation, new(dGate, _of.Gate.Offset), new(dUp, _of.Up.Offset));
        tape.Kernels.Rows.GateBackward(tape.Workers, _of, Output.Gradient!, to);
        tape.Send(_gate, dGate);
        if (!one)
        {
            tape.Send(_up, dUp);
        }
    }

    public override Cost Cost => Cost.Elements(3L * Output.Value.Count);
}
