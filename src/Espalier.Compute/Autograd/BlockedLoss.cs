using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Autograd;

/// <summary>
/// A loss of a language model's scores s = x · weightᵀ, some rows at a time: their scores are made, turn into their gradient where
/// they lie, go on to x and the weight, and leave their memory to the next rows. All scores of 8 x 256 tokens of 49,152 words
/// and their gradient would be 800 MB.
/// </summary>
sealed class BlockedLoss : Operation
{
    /// <summary>Scores of a block. Fewer ask for the weight's gradient, which is as large as the weight, more often.</summary>
    public const int BlockNumbers = 1 << 25;
    readonly Linear _scores;
    readonly Tensor? _dx;
    readonly Tensor? _dWeight;

    public BlockedLoss(Tape tape, Linear scores, RowLoss loss)
    {
        _scores = scores;
        Tensor x = scores.X.Value,
            weight = scores.Weight.Value;
        _dx = scores.X.NeedsGradient ? tape.Rent(x.Shape) : null;
        _dWeight = scores.Weight.NeedsGradient ? tape.Rent(weight.Shape) : null;
        double[] parts = new double[x.Rows];
        int most = Math.Clamp(scores.BlockNumbers / weight.Rows, 1, Math.Max(1, x.Rows)),
            blocks = (x.Rows + most - 1) / most,
            each = (x.Rows + blocks - 1) / blocks;
        Tensor room = tape.Briefly(new Shape(each, weight.Rows));
        for (int first = 0; first < x.Rows; first += each)
        {
            int rows = Math.Min(each, x.Rows - first);
            Tensor here = x.Part(first * x.Columns, new Shape(rows, x.Columns)),
                s = room.Head(rows);
            tape.Kernels.Gemm.Multiply(
                tape.Workers,
                here,
                false,
                tape.Packed(weight, transposed: true),
                s
            );
            loss.Run(tape.Workers, first, s, s, parts);
            LinearGradients gradients = new(
                here,
                s,
                _dx is null ? null : tape.Packed(weight, transposed: false),
                _dx?.Part(first * x.Columns, here.Shape),
                false,
                _dWeight,
                first > 0,
                null
            );
            Linear.Backward(tape, gradients);
        }

        Tensor y = tape.Rent(1, 1);
        y.Span[0] = (float)loss.Total(parts);
        Output = new Variable(y, scores.Output.NeedsGradient);
    }

    internal override void Backward(Tape tape)
    {
        float up = Output.Gradient!.Span[0];
        Loss.Send(tape, _scores.X, _dx, up);
        Loss.Send(tape, _scores.Weight, _dWeight, up);
    }

    public override Cost Cost =>
        Cost.Elements(2L * _scores.X.Value.Rows * _scores.Weight.Value.Rows);
}
