using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Autograd;

public sealed partial class Tape
{
    /// <summary>norm(dropout(x) + residual) · weight + bias.</summary>
    public Variable AddNorm(
        Variable x,
        Variable? residual,
        Variable weight,
        Variable? bias,
        float epsilon,
        float dropout = 0,
        NormKind kind = NormKind.Layer
    ) => Record(new AddNorm(this, x, residual, weight, bias, epsilon, kind, dropout));

    /// <summary>norm(x) · weight + bias of each of as many heads that stand side by side in a row.</summary>
    public Variable NormHeads(
        Variable x,
        int heads,
        Variable weight,
        Variable? bias,
        float epsilon,
        NormKind kind
    ) => Record(new AddNorm(this, x, null, weight, bias, epsilon, kind, 0, heads));
}

/// <summary>y = norm(dropout(x) + residual).</summary>
sealed class AddNorm : Operation
{
    readonly Variable _x;
    readonly Variable? _residual;
    readonly Variable _weight;
    readonly Variable? _bias;
    readonly Norm _norm;
    readonly Tensor? _sum;
    readonly Tensor? _statistics;
    readonly float _dropout;
    readonly Rng _mask;
    readonly int _heads;

    public AddNorm(
        Tape tape,
        Variable x,
        Variable? residual,
        Variable weight,
        Variable? bias,
        float epsilon,
        NormKind kind,
        float dropout,
        int heads = 1
    )
    {
        (_x, _residual, _weight, _bias, _heads) = (x, residual, weight, bias, heads);
        _norm = new Norm(weight.Value, bias?.Value, epsilon, kind);
        bool grows =
            x.NeedsGradient
            || residual is { NeedsGradient: true }
            || weight.NeedsGradient
            || bias is { NeedsGradient: true };
        bool drops = tape.Training && dropout > 0,
            sums = drops || residual is not null;
        _sum =
            !grows ? null
            : sums ? tape.Rent(x.Value.Shape)
            : x.Value;
        _statistics = grows ? tape.Rent(heads * x.Value.Rows, 2) : null;
        Tensor y = tape.Rent(x.Value.Shape),
            dropped = x.Value;
        if (drops)
        {
            (_dropout, _mask) = (dropout, tape.NextStream());
            dropped = _sum ?? tape.Rent(y.Shape);
            tape.Kernels.Rows.Dropout(tape.Workers, _mask, dropout, x.Value, dropped);
        }

        tape.Kernels.Rows.AddNorm(
            tape.Workers,
            Heads(dropped),
            residual?.Value,
            _norm,
            Heads(y),
            sums ? _sum : null,
            _statistics
        );
        Output = new Variable(y, grows);
    }

    internal override void Backward(Tape tape)
    {
        // Alone, the input's gradient may be there in part: it goes on as a residual beside the norm.
        bool alone = _residual is null && _dropout == 0 && _x.NeedsGradient,
            add = false;
        Tensor dx = alone ? tape.Gradient(_x, out add) : tape.Contribution(_residual ?? _x);
        tape.Kernels.Rows.NormBackward(
            tape.Workers,
            Heads(Output.Gradient!),
            Heads(_sum!),
            _statistics!,
            _norm,
            Heads(dx),
            Sums(tape, _weight),
            _bias is null ? null : Sums(tape, _bias),
            add ? Heads(dx) : null
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

    /// <summary>The same memory with a row for each head.</summary>
    Tensor Heads(Tensor rows) =>
        _heads == 1 ? rows : rows.Reshape(rows.Rows * _heads, rows.Columns / _heads);

    /// <summary>Where the kernel adds; what it adds to a frozen parameter's is not looked at.</summary>
    static Tensor Sums(Tape tape, Variable parameter) =>
        parameter.NeedsGradient ? tape.Sums(parameter) : tape.Rent(parameter.Value.Shape);

    public override Cost Cost => Cost.Elements((_residual is null ? 2L : 3L) * _x.Value.Count);
}
