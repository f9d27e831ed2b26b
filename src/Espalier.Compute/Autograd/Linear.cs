using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Autograd;

/// <summary>y [T, O] = activation(x [T, I] · weightᵀ [I, O] + bias).</summary>
sealed class Linear : Operation
{
    readonly Variable _x;
    readonly Variable _weight;
    readonly Variable? _bias;
    readonly Activation _activation;
    readonly Tensor? _linear;

    Linear(Tape tape, Variable x, Variable weight, Variable? bias, Activation activation)
    {
        if (x.Value.Columns != weight.Value.Columns)
        {
            throw new ArgumentException(
                $"Linear: x is {x.Value.Shape} and the weight {weight.Value.Shape}; their last extents must agree."
            );
        }

        (_x, _weight, _bias, _activation) = (x, weight, bias, activation);
        Tensor y = tape.Rent(x.Value.Rows, weight.Value.Rows);
        bool grows = x.NeedsGradient || weight.NeedsGradient || bias is { NeedsGradient: true };
        _linear = grows && activation != Activation.None ? tape.Rent(y.Shape) : null;
        tape.Kernels.Gemm.Multiply(
            tape.Workers,
            x.Value,
            false,
            tape.Packed(weight.Value, transposed: true),
            y,
            new Epilogue(bias?.Value, activation, _linear)
        );
        Output = new Variable(y, grows);
    }

    internal override Variable Output { get; }

    public static Variable Forward(
        Tape tape,
        Variable x,
        Variable weight,
        Variable? bias,
        Activation activation
    ) => tape.Record(new Linear(tape, x, weight, bias, activation));

    internal override void Backward(Tape tape)
    {
        Tensor dy = Output.Gradient!;
        if (_linear is not null)
        {
            tape.Kernels.Rows.ActivateBackward(tape.Workers, _activation, _linear, dy, dy);
        }

        if (_weight.NeedsGradient)
        {
            Tensor gradient = tape.Gradient(_weight, out bool add);
            tape.Kernels.Gemm.Multiply(tape.Workers, dy, true, _x.Value, gradient, accumulate: add);
        }

        if (_bias is { NeedsGradient: true })
        {
            tape.Kernels.Rows.AddColumnSums(tape.Workers, dy, tape.Sums(_bias));
        }

        if (_x.NeedsGradient)
        {
            Tensor gradient = tape.Gradient(_x, out bool add);
            PackedMatrix weight = tape.Packed(_weight.Value, transposed: false);
            tape.Kernels.Gemm.Multiply(
                tape.Workers,
                dy,
                false,
                weight,
                gradient,
                new Epilogue(Accumulate: add)
            );
        }
    }

    public override Cost Cost
    {
        get
        {
            long rows = _x.Value.Rows,
                inputs = _weight.Value.Columns,
                outputs = _weight.Value.Rows;
            return new Cost(
                rows * inputs * outputs,
                sizeof(float) * (rows * inputs + inputs * outputs + rows * outputs)
            );
        }
    }
}
