using Espalier.Tensors;

namespace Espalier.Autograd;

/// <summary>A tensor that a loss may depend on, and the loss' gradient with respect to it.</summary>
public sealed class Variable
{
    readonly Func<Tensor>? _make;
    Tensor? _value;
    Tensor? _gradient;
    bool _holdsNothing;

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

        _value = value;
        _gradient = gradient;
        NeedsGradient = gradient is not null;
    }

    internal Variable(Tensor value, bool needsGradient)
    {
        _value = value;
        NeedsGradient = needsGradient;
    }

    /// <summary>A product whose value is made when somebody asks for it.</summary>
    internal Variable(Linear product, Func<Tensor> make, bool needsGradient)
    {
        (Product, _make) = (product, make);
        NeedsGradient = needsGradient;
    }

    public Tensor Value => _value ??= _make!();

    /// <summary>What gives the value, where that may be had in parts; null: it is there.</summary>
    internal Linear? Product { get; }

    /// <summary>Null until something has been propagated to it; a parameter's is zero until then.</summary>
    public Tensor? Gradient
    {
        get
        {
            if (_holdsNothing)
            {
                _gradient!.Span.Clear();
                _holdsNothing = false;
            }

            return _gradient;
        }
    }

    public bool NeedsGradient { get; }

    /// <summary>
    /// Of a table of embeddings: the rows whose gradient may be other than zero, so that nobody needs to look at the
    /// others. Null: any.
    /// </summary>
    public RowSet? Rows { get; init; }

    /// <summary>
    /// Zero from now on. The zeros are not written, since what comes next usually takes the place of what is there: a pass over
    /// the memory less here and a read less there. A table whose rows are followed is cleared by whoever knows the rows.
    /// </summary>
    public void ClearGradient()
    {
        if (Rows is null)
        {
            _holdsNothing = _gradient is not null;
        }
    }

    /// <summary>The gradient to write to or, when something is there already, to add to.</summary>
    internal Tensor Receive(out bool add, Func<Shape, Tensor> rent)
    {
        add = _gradient is not null && !_holdsNothing;
        _holdsNothing = false;
        return _gradient ??= rent(Value.Shape);
    }
}
