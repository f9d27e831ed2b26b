using System.Numerics.Tensors;
using Tensor = Espalier.Tensors.Tensor;

namespace Espalier.Autograd;

/// <summary>
/// A scalar and its gradient, computed in double at once since every loss here is cheap beside the model.
/// The formulas are in <see cref="Losses"/>.
/// </summary>
sealed class Loss : Operation
{
    readonly Variable _x;
    readonly Tensor _gradient;

    Loss(Tape tape, Variable x, Func<Tensor, double> of)
    {
        _x = x;
        _gradient = tape.Rent(x.Value.Shape);
        double value = of(_gradient);
        Tensor y = tape.Rent(1, 1);
        y.Span[0] = (float)value;
        Output = new Variable(y, x.NeedsGradient);
    }

    internal override Variable Output { get; }

    /// <param name="of">Gives the value and writes the gradient.</param>
    public static Variable Forward(Tape tape, Variable x, Func<Tensor, double> of) =>
        tape.Record(new Loss(tape, x, of));

    internal override void Backward(Tape tape)
    {
        float up = Output.Gradient!.Span[0];
        Tensor dx = tape.Gradient(_x, out bool add);
        if (add)
        {
            TensorPrimitives.MultiplyAdd(_gradient.Span, up, dx.Span, dx.Span);
        }
        else
        {
            TensorPrimitives.Multiply(_gradient.Span, up, dx.Span);
        }
    }

    public override Cost Cost => Cost.Elements(2L * _x.Value.Count);
}

/// <summary>y = Σ weight · x over scalars.</summary>
sealed class WeightedSum : Operation
{
    readonly (Variable Loss, float Weight)[] _terms;

    WeightedSum(Tape tape, (Variable Loss, float Weight)[] terms)
    {
        _terms = terms;
        Tensor y = tape.Rent(1, 1);
        y.Span[0] = terms.Sum(t => t.Weight * t.Loss.Value.Span[0]);
        Output = new Variable(y, terms.Any(t => t.Loss.NeedsGradient));
    }

    internal override Variable Output { get; }

    public static Variable Forward(Tape tape, params (Variable Loss, float Weight)[] terms) =>
        terms is [(var only, 1f)] ? only : tape.Record(new WeightedSum(tape, terms));

    internal override void Backward(Tape tape)
    {
        foreach (var (loss, weight) in _terms.Where(t => t.Loss.NeedsGradient))
        {
            Tensor gradient = tape.Gradient(loss, out bool add);
            gradient.Span[0] = (add ? gradient.Span[0] : 0) + weight * Output.Gradient!.Span[0];
        }
    }

    public override Cost Cost => Cost.Elements(_terms.Length + 1L);
}
