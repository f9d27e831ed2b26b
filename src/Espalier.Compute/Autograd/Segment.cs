using Espalier.Tensors;

namespace Espalier.Autograd;

public sealed partial class Tape
{
    /// <summary>
    /// Operations with one input and one output, such as a layer, of which nobody reads a gradient but the parameters' and the
    /// input's: the others leave their memory when the backward pass leaves the segment.
    /// </summary>
    /// <param name="run">Reads no other variables than x and parameters.</param>
    /// <param name="again">
    /// Whether the values inside are let go too, and made again for the backward pass: gradient checkpointing (Chen et al.
    /// 2016). The bytes of all gradients are the same.
    /// </param>
    public Variable Segment(Variable x, Func<Variable, Variable> run, bool again)
    {
        if (_within is not null)
        {
            throw new InvalidOperationException(
                "Segment: one was asked for within another; a tape has them one behind the other."
            );
        }

        return Record(new Segment(this, x, run, again));
    }
}

/// <summary>y = run(x), with inner operations of its own.</summary>
sealed class Segment : Operation
{
    readonly Variable _x;
    readonly Func<Variable, Variable> _run;
    readonly bool _again;
    readonly ulong _draws;
    readonly Cost _cost;
    List<Operation> _inner;

    public Segment(Tape tape, Variable x, Func<Variable, Variable> run, bool again)
    {
        (_x, _run, _again) = (x, run, again);
        _draws = tape.Draws;
        (Variable y, _inner) = tape.Inside(x, () => run(x), brief: again, _draws);
        _cost = _inner.Aggregate(default(Cost), (sum, operation) => sum + operation.Cost);
        if (again)
        {
            Tensor kept = tape.Rent(y.Value.Shape);
            y.Value.Span.CopyTo(kept.Span);
            y = new Variable(kept, y.NeedsGradient);
            _inner = [];
        }

        Output = y;
    }

    internal override void Backward(Tape tape)
    {
        Tensor dy = Output.Gradient!;
        tape.Inside(
            _x,
            () =>
            {
                if (_again)
                {
                    (Variable y, _inner) = tape.Recorded(() => _run(_x));
                    y.Receive(out _, _ => dy);
                }

                Tape.Backward(tape, _inner);
                return Output;
            },
            brief: true,
            _draws
        );
        _inner = [];
    }

    public override Cost Cost => _cost;
}
