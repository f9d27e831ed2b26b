using Espalier.Tensors;

namespace Espalier.Autograd;

/// <summary>y = layer norm(dropout(x) + residual) · weight + bias (Ba et al. 2016).</summary>
sealed class AddNorm : Operation
{
    readonly Variable _x;
    readonly Variable? _residual;
    readonly Variable _weight;
    readonly Variable _bias;
    readonly Tensor? _sum;
    readonly Tensor? _statistics;
    readonly float _dropout;
    readonly Rng _mask;

    AddNorm(
        Tape tape,
        Variable x,
        Variable? residual,
        Variable weight,
        Variable bias,
        float epsilon,
        float dropout
    )
    {
        (_x, _residual, _weight, _bias) = (x, residual, weight, bias);
        bool grows =
            x.NeedsGradient
            || residual is { NeedsGradient: true }
            || weight.NeedsGradient
            || bias.NeedsGradient;
        _sum = grows ? tape.Rent(x.Value.Shape) : null;
        _statistics = grows ? tape.Rent(x.Value.Rows, 2) : null;
        Tensor y = tape.Rent(x.Value.Shape),
            dropped = x.Value;
        if (tape.Training && dropout > 0)
        {
            (_dropout, _mask) = (dropout, tape.NextStream());
            dropped = _sum ?? tape.Rent(y.Shape);
            tape.Kernels.Rows.Dropout(tape.Workers, _mask, dropout, x.Value, dropped);
        }

        tape.Kernels.Rows.AddNorm(
            tape.Workers,
            dropped,
            residual?.Value,
            weight.Value,
            bias.Value,
            epsilon,
            y,
            _sum,
            _statistics
        );
        Output = new Variable(y, grows);
    }

    internal override Variable Output { get; }

    public static Variable Forward(
        Tape tape,
        Variable x,
        Variable? residual,
        Variable weight,
        Variable bias,
        float epsilon,
        float dropout
    ) => tape.Record(new AddNorm(tape, x, residual, weight, bias, epsilon, dropout));

    internal override void Backward(Tape tape)
    {
        Tensor dx = tape.Contribution(_residual ?? _x);
        tape.Kernels.Rows.NormBackward(
            tape.Workers,
            Output.Gradient!,
            _sum!,
            _statistics!,
            _weight.Value,
            dx,
            Sums(tape, _weight),
            Sums(tape, _bias)
        );
        Tensor dropped = dx;
        if (_dropout > 0 && _x.NeedsGradient)
        {
            dropped = _residual is null ? dx : tape.Contribution(_x);
            tape.Kernels.Rows.Dropout(tape.Workers, _mask, _dropout, dx, dropped);
        }

        tape.Send(_x, dropped);
        if (_residual is not null)
        {
            tape.Send(_residual, dx);
        }
    }

    /// <summary>Where the kernel adds; what it adds to a frozen parameter's is not looked at.</summary>
    static Tensor Sums(Tape tape, Variable parameter) =>
        parameter.NeedsGradient ? tape.Sums(parameter) : tape.Rent(parameter.Value.Shape);

    public override Cost Cost => Cost.Elements((_residual is null ? 2L : 3L) * _x.Value.Count);
}
