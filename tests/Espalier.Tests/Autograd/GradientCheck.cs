using Espalier.Autograd;
using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Tests.Autograd;

/// <summary>How an operation is wired to its inputs.</summary>
public enum Wiring
{
    /// <summary>Inputs are parameters; the operation runs once.</summary>
    Once,

    /// <summary>Inputs are parameters; the operation runs twice on them.</summary>
    Twice,

    /// <summary>Inputs that may be are computed by another operation first; then it runs twice on them.</summary>
    TwiceOnComputed,
}

/// <summary>
/// Gradients of L = Σ w · y, w random, against differences of L. L is summed in double over the float outputs, and
/// the differences are (8 (L(+h) − L(−h)) − (L(+2h) − L(−2h))) / 12h with h = 1/32: the error of the formula is of the order
/// h⁴ = 1e-6, and rounding of the outputs by 1e-7 adds about 1e-7 · √(outputs) / h, some 1e-5 for these sizes.
/// </summary>
sealed class GradientCheck(KernelFamily family, Workers workers)
{
    /// <summary>Of the largest entry of the tensor.</summary>
    public const double Tolerance = 5e-4;

    const float Step = 1f / 32;
    static readonly Tensor Random = OperationCases.Normal("projection", 2, 1024);
    readonly Tape _tape = new(workers, family);

    /// <summary>Gradients as the tape gives them; null for what is frozen.</summary>
    public Tensor?[] Analytic(OperationCase operation, Wiring wiring, int frozen = -1)
    {
        // Memory of a step holds arbitrary numbers: let it be the worst.
        _tape.Begin();
        _tape.Rent(256, 1024).Span.Fill(float.NaN);
        _tape.WeightsChanged();
        operation.Begin(_tape);
        Variable[] inputs =
        [
            .. operation.Inputs.Select(
                (input, i) =>
                    new Variable(input.Value, i == frozen ? null : new Tensor(input.Value.Shape))
            ),
        ];
        Variable[] outputs = Run(operation, wiring, inputs);
        _tape.Backward(Projection.Forward(_tape, outputs, Weights));
        return [.. inputs.Select(input => input.Gradient)];
    }

    /// <summary>The gradient of one input by differences.</summary>
    public double[] Numeric(OperationCase operation, Wiring wiring, int input)
    {
        Tensor value = operation.Inputs[input].Value;
        double[] gradient = new double[value.Count];
        for (int i = 0; i < gradient.Length; i++)
        {
            double Difference(float h) => Moved(value, i, h) - Moved(value, i, -h);
            gradient[i] = (8 * Difference(Step) - Difference(2 * Step)) / (12 * Step);
        }

        return gradient;

        double Moved(Tensor tensor, int i, float by)
        {
            float here = tensor.Span[i];
            tensor.Span[i] = here + by;
            double loss = Loss(operation, wiring);
            tensor.Span[i] = here;
            return loss;
        }
    }

    /// <summary>The largest difference, as a share of the largest entry.</summary>
    public static double Error(Tensor analytic, double[] numeric)
    {
        double worst = 0,
            largest = 0;
        for (int i = 0; i < numeric.Length; i++)
        {
            double off = Math.Abs(analytic.Span[i] - numeric[i]);
            worst = Math.Max(worst, off); // NaN stays.
            largest = Math.Max(largest, Math.Abs(numeric[i]));
        }

        return worst / largest;
    }

    double Loss(OperationCase operation, Wiring wiring)
    {
        _tape.WeightsChanged();
        operation.Begin(_tape);
        Variable[] inputs =
        [
            .. operation.Inputs.Select(input => new Variable(input.Value, gradient: null)),
        ];
        double loss = 0;
        Variable[] outputs = Run(operation, wiring, inputs);
        for (int n = 0; n < outputs.Length; n++)
        {
            ReadOnlySpan<float> y = outputs[n].Value.Span,
                weights = Random.Row(n);
            for (int i = 0; i < y.Length; i++)
            {
                loss += (double)weights[i] * y[i];
            }
        }

        return loss;
    }

    Variable[] Run(OperationCase operation, Wiring wiring, Variable[] inputs)
    {
        if (wiring == Wiring.Once)
        {
            return [operation.Run(_tape, inputs)];
        }

        if (wiring == Wiring.TwiceOnComputed)
        {
            inputs =
            [
                .. inputs.Select(
                    (input, i) => operation.Inputs[i].Computed ? Copy.Forward(_tape, input) : input
                ),
            ];
        }

        return [operation.Run(_tape, inputs), operation.Run(_tape, inputs)];
    }

    /// <summary>Weight of an element of the first or second output.</summary>
    static float Weights(int output, int element) => Random.Row(output)[element];
}
