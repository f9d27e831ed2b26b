namespace Espalier.Kernels;

/// <summary>Activations and their derivatives in double: the definition that vector code is tested against.</summary>
public static class Activations
{
    const double SqrtHalf = 0.70710678118654752440;
    const double InverseSqrtTwoPi = 0.39894228040143267794;
    const double SqrtTwoOverPi = 0.79788456080286535588;
    const double Cubic = 0.044715;

    public static double Value(Activation activation, double x) =>
        activation switch
        {
            Activation.None => x,
            Activation.Gelu => 0.5 * x * (1 + Erf(x * SqrtHalf)),
            Activation.GeluTanh => 0.5
                * x
                * (1 + Math.Tanh(SqrtTwoOverPi * (x + Cubic * x * x * x))),
            Activation.Relu => Math.Max(x, 0),
            Activation.Silu => x / (1 + Math.Exp(-x)),
            Activation.Tanh => Math.Tanh(x),
            _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, null),
        };

    public static double Derivative(Activation activation, double x)
    {
        switch (activation)
        {
            case Activation.None:
                return 1;
            case Activation.Gelu:
                return 0.5 * (1 + Erf(x * SqrtHalf))
                    + x * InverseSqrtTwoPi * Math.Exp(-0.5 * x * x);
            case Activation.GeluTanh:
                double t = Math.Tanh(SqrtTwoOverPi * (x + Cubic * x * x * x));
                return 0.5 * (1 + t)
                    + 0.5 * x * (1 - t * t) * SqrtTwoOverPi * (1 + 3 * Cubic * x * x);
            case Activation.Relu:
                return x > 0 ? 1 : 0;
            case Activation.Silu:
                double s = 1 / (1 + Math.Exp(-x));
                return s * (1 + x * (1 - s));
            case Activation.Tanh:
                double h = Math.Tanh(x);
                return 1 - h * h;
            default:
                throw new ArgumentOutOfRangeException(nameof(activation), activation, null);
        }
    }

    /// <summary>
    /// The error function to about 1e-15: its Maclaurin series times e^-x² below 3 (Abramowitz and Stegun
    /// 7.1.6), the continued fraction of erfc above (7.1.14).
    /// </summary>
    public static double Erf(double x)
    {
        double a = Math.Abs(x);
        if (double.IsNaN(x) || a > 6)
        {
            return double.IsNaN(x) ? x : Math.Sign(x);
        }

        double scale = Math.Exp(-a * a) / Math.Sqrt(Math.PI);
        if (a >= 3)
        {
            double tail = a;
            for (int n = 60; n > 0; n--)
            {
                tail = a + 0.5 * n / tail;
            }

            return Math.Sign(x) * (1 - scale / tail);
        }

        double term = 2 * a,
            sum = term;
        for (int n = 1; term > 1e-17 * sum; n++)
        {
            term *= 2 * a * a / (2 * n + 1);
            sum += term;
        }

        return Math.Sign(x) * scale * sum;
    }
}
