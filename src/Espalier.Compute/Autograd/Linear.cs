using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Autograd;

public sealed partial class Tape
{
    /// <summary>activation(x [T, I] · weightᵀ + bias) [T, O].</summary>
    public Variable Linear(
        Variable x,
        Variable weight,
        Variable? bias,
        Activation activation = Activation.None
    ) => Record(new Linear(this, x, weight, bias, activation));

    /// <summary>
    /// x [T, D] · weightᵀ [T, vocabulary]: a language model's scores, which nobody makes before they are read. Losses take
    /// them some rows at a time, so that all of them never are in memory at once.
    /// </summary>
    /// <param name="blockNumbers">Scores that a loss has in memory at once, rounded to whole rows.</param>
    public Variable Scores(
        Variable x,
        Variable weight,
        int blockNumbers = BlockedLoss.BlockNumbers
    ) => Record(new Linear(this, x, weight, null, Activation.None, blockNumbers));
}

/// <summary>y [T, O] = activation(x [T, I] · weightᵀ [I, O] + bias).</summary>
sealed class Linear : Operation
{
    readonly Variable _x;
    readonly Variable _weight;
    readonly Variable? _bias;
    readonly Activation _activation;
    readonly Tensor? _linear;

    public Linear(
        Tape tape,
        Variable x,
        Variable weight,
        Variable? bias,
        Activation activation,
        int? blockNumbers = null
    )
    {
        if (x.Value.Columns != weight.Value.Columns)
        {
            throw new ArgumentException(
                $"Linear: x is {x.Value.Shape} and the weight {weight.Value.Shape}; their last extents must agree."
            );
        }

        (_x, _weight, _bias, _activation) = (x, weight, bias, activation);
        bool grows = x.NeedsGradient || weight.NeedsGradient || bias is { NeedsGradient: true };
        if (blockNumbers is { } numbers)
        {
            BlockNumbers = numbers;
            Output = new Variable(this, () => Product(tape), grows);
            return;
        }

        _linear =
            grows && activation != Activation.None
                ? tape.Rent(x.Value.Rows, weight.Value.Rows)
                : null;
        Output = new Variable(Product(tape), grows);
    }

    /// <summary>Of scores that are made when they are read: how many a loss has in memory at once.</summary>
    public int BlockNumbers { get; }

    public Variable X => _x;

    public Variable Weight => _weight;

    Tensor Product(Tape tape)
    {
        Tensor y = tape.Rent(_x.Value.Rows, _weight.Value.Rows);
        tape.Kernels.Gemm.Multiply(
            tape.Workers,
            _x.Value,
            false,
            tape.Packed(_weight.Value, transposed: true),
            y,
            new Epilogue(_bias?.Value, _activation, _linear)
        );
        return y;
    }

    internal override void Backward(Tape tape)
    {
        Tensor dy = Output.Gradient!;
        bool addWeight = false,
            addX = false;
        if (_linear is not null)
        {
            tape.Kernels.Rows.ActivateBackward(tape.Workers, _activation, _linear, dy, dy);
        }

        LinearGradients gradients = new(
            _x.Value,
            dy,
            _x.NeedsGradient ? tape.Packed(_weight.Value, transposed: false) : null,
            _x.NeedsGradient ? tape.Gradient(_x, out addX) : null,
            addX,
            _weight.NeedsGradient ? tape.Gradient(_weight, out addWeight) : null,
            addWeight,
            _bias is { NeedsGradient: true } ? tape.Sums(_bias) : null
        );
        Backward(tape, gradients);
    }

    public static void Backward(Tape tape, in LinearGradients gradients)
    {
        if (!tape.Kernels.Gemm.Backward(tape.Workers, gradients))
        {
            InParts(tape, gradients);
        }
    }

    static void InParts(Tape tape, in LinearGradients gradients)
    {
        Tensor dy = gradients.Dy;
        if (gradients.WeightGradient is { } weight)
        {
            tape.Kernels.Gemm.Multiply(
                tape.Workers,
                dy,
                true,
                gradients.X,
                weight,
                gradients.AddWeight
            );
        }

        if (gradients.BiasSums is { } bias)
        {
            tape.Kernels.Rows.AddColumnSums(tape.Workers, dy, bias);
        }

        if (gradients.Dx is { } dx)
        {
            tape.Kernels.Gemm.Multiply(
                tape.Workers,
                dy,
                false,
                gradients.Packed!,
                dx,
                new Epilogue(Accumulate: gradients.AddX)
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
