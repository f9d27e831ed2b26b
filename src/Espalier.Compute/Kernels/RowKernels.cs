using Espalier.Tensors;

namespace Espalier.Kernels;

/// <summary>
/// Everything that works on rows [T, D] and is not a product. Sums over rows run in blocks of
/// <see cref="BlockRows"/> rows that are then added in order, whatever the threads.
/// </summary>
public abstract class RowKernels
{
    /// <summary>Rows in one block of work; part of the definition of every sum over rows.</summary>
    public const int BlockRows = 16;

    /// <summary>y = activation(x), in place when y is x.</summary>
    public abstract void Activate(Workers workers, Activation activation, Tensor x, Tensor y);

    /// <summary>dx = dy · activation'(x), in place when dx is dy.</summary>
    public abstract void ActivateBackward(
        Workers workers,
        Activation activation,
        Tensor x,
        Tensor dy,
        Tensor dx
    );

    /// <summary>y = activation(gate) · up (Shazeer 2020).</summary>
    public abstract void Gate(Workers workers, in Gated of, Tensor y);

    /// <summary>Writes (does not add) the gradients of gate and up to others, or in the place of both.</summary>
    public abstract void GateBackward(Workers workers, in Gated of, Tensor dy, in Gated to);

    /// <summary>Turns heads by their rows' positions, in place when y is x.</summary>
    /// <param name="back">By the negative angle: the gradient.</param>
    public abstract void Rotate(
        Workers workers,
        in Rotation rotation,
        Columns x,
        Columns y,
        bool back = false
    );

    /// <summary>
    /// y = norm(s) with s = x + residual, per row; y may be x or the residual.
    /// </summary>
    /// <param name="sum">
    /// Receives s, where the backward pass or the next residual needs it; may be x or the residual itself, if y is not.
    /// </param>
    /// <param name="statistics">
    /// Receives the mean and 1/√(variance + ε) of each row, [T, 2]; of a norm that takes no mean, 0 for it.
    /// </param>
    public abstract void AddNorm(
        Workers workers,
        Tensor x,
        Tensor? residual,
        in Norm norm,
        Tensor y,
        Tensor? sum = null,
        Tensor? statistics = null
    );

    /// <summary>dx of the norm; adds to the gradients of weight and bias.</summary>
    /// <param name="more">
    /// Is added to dx, and may be dx: what else the sum's gradient is made of, where the sum goes on as a residual.
    /// </param>
    public abstract void NormBackward(
        Workers workers,
        Tensor dy,
        Tensor sum,
        Tensor statistics,
        in Norm norm,
        Tensor dx,
        Tensor weightGradient,
        Tensor? biasGradient,
        Tensor? more = null
    );

    /// <summary>Adds the sum over rows of x to <paramref name="sums"/> (a bias' gradient).</summary>
    public abstract void AddColumnSums(Workers workers, Tensor x, Tensor sums);

    /// <summary>
    /// y = x / (1 − p) where the mask keeps, else 0; in place when y is x. The same call on a gradient is
    /// its backward pass. The mask is defined by <see cref="DropoutMask"/>.
    /// </summary>
    public abstract void Dropout(Workers workers, Rng rng, float probability, Tensor x, Tensor y);

    /// <summary>y = x + other; y may be either.</summary>
    public abstract void Add(Workers workers, Tensor x, Tensor other, Tensor y);

    /// <summary>
    /// One step of AdamW (Loshchilov and Hutter 2019, algorithm 2) in one pass over the memory. The gradient is
    /// multiplied by <paramref name="gradientScale"/> (clipping) first.
    /// </summary>
    /// <param name="forms">Packed forms of the parameter, to be made again on the way.</param>
    /// <returns>Whether they were; these kernels may not be able to.</returns>
    public abstract bool AdamW(
        Workers workers,
        in Learned of,
        in AdamWStep step,
        float gradientScale,
        PackedForms forms = default
    );

    /// <summary>
    /// Steps of AdamW for some rows of a table. The steps before the last have no gradient, so a row that was not
    /// looked at for some steps ends with the bytes that taking each of them at its time would have given.
    /// </summary>
    /// <param name="of">Its gradient is of the last step, and zero afterwards; null: that one has none either.</param>
    public abstract void AdamW(
        Workers workers,
        in Learned of,
        in MissedSteps missed,
        float gradientScale
    );

    /// <summary>
    /// Numbers of a row that <see cref="Exponentials"/> takes together in float32; what is left over, which is all of a
    /// classifier's row, is taken in double.
    /// </summary>
    public const int ManyColumns = 512;

    /// <summary>y = e^((x − most) / temperature), of one row on the caller's thread; y may be x.</summary>
    /// <returns>Σ y.</returns>
    public abstract double Exponentials(
        ReadOnlySpan<float> x,
        double most,
        double temperature,
        Span<float> y
    );

    protected static void Check(in Gated of, Tensor y)
    {
        foreach (Columns part in (ReadOnlySpan<Columns>)[of.Gate, of.Up])
        {
            if (
                part.Tensor.Rows != y.Rows
                || part.Offset < 0
                || part.Offset > part.Stride - y.Columns
            )
            {
                throw new ArgumentException(
                    $"Gate: {part.Tensor.Shape} from column {part.Offset} on does not hold {y.Shape}, the shape of the result."
                );
            }
        }
    }

    /// <summary>Σ x², in double, over fixed blocks.</summary>
    public abstract double SumOfSquares(Workers workers, Tensor x);

    /// <summary>Σ x² over some rows, in double, row by row in their order.</summary>
    public static double SumOfSquares(Tensor x, ReadOnlySpan<int> rows)
    {
        double total = 0;
        foreach (int row in rows)
        {
            foreach (float value in x.Row(row))
            {
                total += (double)value * value;
            }
        }

        return total;
    }
}

/// <summary>Gate and up [T, columns of the result]: two halves of a product, or two products.</summary>
public readonly record struct Gated(Activation Activation, Columns Gate, Columns Up);

/// <summary>A parameter with its gradient and its two moments.</summary>
public readonly record struct Learned(
    Tensor Parameter,
    Tensor? Gradient,
    Tensor First,
    Tensor Second
);

/// <param name="Rows">Each at most once.</param>
/// <param name="Taken">Of every row of the table: how many of the steps it has taken.</param>
public readonly record struct MissedSteps(
    ReadOnlyMemory<int> Rows,
    ReadOnlyMemory<int> Taken,
    ReadOnlyMemory<AdamWStep> Steps
);

/// <param name="Rate">Learning rate of this step.</param>
/// <param name="Decay">Decoupled weight decay; 0 for biases and norms.</param>
/// <param name="Correction1">1 − β1^t.</param>
/// <param name="Correction2">1 − β2^t.</param>
public readonly record struct AdamWStep(
    float Rate,
    float Decay,
    float Beta1,
    float Beta2,
    float Epsilon,
    float Correction1,
    float Correction2
);
