using Espalier.Autograd;

namespace Espalier.Tests.Autograd;

/// <summary>A scalar out of tensors: Σ weight · x over all of them. Its value is not looked at.</summary>
sealed class Projection : Operation
{
    readonly Variable[] _inputs;
    readonly Func<int, int, float> _weights;

    Projection(Tape tape, Variable[] inputs, Func<int, int, float> weights)
    {
        (_inputs, _weights) = (inputs, weights);
        Output = new Variable(tape.Rent(1, 1), inputs.Any(x => x.NeedsGradient));
    }

    public static Variable Forward(Tape tape, Variable[] inputs, Func<int, int, float> weights) =>
        tape.Record(new Projection(tape, inputs, weights));

    internal override void Backward(Tape tape)
    {
        for (int n = 0; n < _inputs.Length; n++)
        {
            Span<float> to = tape.Sums(_inputs[n]).Span;
            for (int i = 0; i < to.Length; i++)
            {
                to[i] += Output.Gradient!.Span[0] * _weights(n, i);
            }
        }
    }

    public override Cost Cost => default;
}

/// <summary>y = x: makes something computed out of a parameter.</summary>
sealed class Copy : Operation
{
    readonly Variable _x;

    Copy(Tape tape, Variable x)
    {
        _x = x;
        Output = new Variable(tape.Rent(x.Value.Shape), x.NeedsGradient);
        x.Value.Span.CopyTo(Output.Value.Span);
    }

    public static Variable Forward(Tape tape, Variable x) => tape.Record(new Copy(tape, x));

    internal override void Backward(Tape tape) => tape.Send(_x, Output.Gradient!);

    public override Cost Cost => default;
}
