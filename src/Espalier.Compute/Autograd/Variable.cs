using Espalier.Tensors;

namespace Espalier.Autograd;

/// <summary>A tensor that a loss may depend on, and the loss' gradient with respect to it.</summary>
public sealed class Variable
{
    /// <summary>A parameter: its gradient adds up until the optimizer takes it.</summary>
    /// <param name="gradient">Null: frozen, no gradient is computed.</param>
    public Variable(Tensor value, Tensor? gradient)
    {
        if (gradient is not null && !gradient.Shape.Equals(value.Shape))
        {
            throw new ArgumentException(
                $"A gradient of {gradient.Shape} does not fit a value of {value.Shape}."
            );
        }

        Value = value;
        Gradient = gradient;
        NeedsGradient = gradient is not null;
    }

    internal Variable(Tensor value, bool needsGradient)
    {
        Value = value;
        NeedsGradient = needsGradient;
    }

    public Tensor Value { get; }

    /// <summary>Null until something has been propagated to it.</summary>
    public Tensor? Gradient { get; internal set; }

    public bool NeedsGradient { get; }

    /// <summary>
    /// Of a table of embeddings: the rows whose gradient may be other than zero, so that nobody needs to look at the
    /// others. Null: any.
    /// </summary>
    public RowSet? Rows { get; init; }
}
