using System.Runtime.CompilerServices;

namespace Espalier.Kernels.Vectors;

/// <summary>
/// A function and its derivative on a register of numbers. Against <see cref="Activations"/>, over all magnitudes, values
/// are right to 1.6e-7 · max(1, |x|) and slopes to 4e-7.
/// </summary>
interface ICurve
{
    static abstract T Value<T>(T x)
        where T : struct, ILanes<T>;

    static abstract T Slope<T>(T x)
        where T : struct, ILanes<T>;
}

/// <summary>x; no activation.</summary>
readonly struct Identity : ICurve
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x)
        where T : struct, ILanes<T> => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Slope<T>(T x)
        where T : struct, ILanes<T> => T.All(1);
}

/// <summary>x Φ(x); its slope is Φ(x) + x · e^(−x²/2) / √(2π).</summary>
readonly struct Gelu : ICurve
{
    // Behind this the normal distribution is 0 or 1 to 4e-8.
    const float Limit = 5.4f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x)
        where T : struct, ILanes<T> => T.Larger(T.All(-Limit), x) * Normal(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Slope<T>(T x)
        where T : struct, ILanes<T>
    {
        x = T.Smaller(T.All(12), T.Larger(T.All(-12), x));
        T bell = Lanes.Exp(x * x * T.All(-0.5f)) * T.All(0.398942280f);
        return T.MultiplyAdd(x, bell, Normal(x));
    }

    /// <summary>
    /// Φ(x) = ½ + x · p(x²) with |x| held to the limit. p is a polynomial of degree 15 in t = x² · 2 / limit² − 1, so t is
    /// in [−1, 1] and Horner's rule loses nothing: all its coefficients (our fit at Chebyshev nodes) add up to 0.4.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T Normal<T>(T x)
        where T : struct, ILanes<T>
    {
        x = T.Smaller(T.All(Limit), T.Larger(T.All(-Limit), x));
        T t = T.MultiplyAdd(x * x, T.All(2 / (Limit * Limit)), T.All(-1));
        T p = T.All(-1.931289007e-04f);
        p = T.MultiplyAdd(p, t, T.All(4.756740236e-04f));
        p = T.MultiplyAdd(p, t, T.All(-3.459172149e-04f));
        p = T.MultiplyAdd(p, t, T.All(6.060034502e-04f));
        p = T.MultiplyAdd(p, t, T.All(-2.147433814e-03f));
        p = T.MultiplyAdd(p, t, T.All(3.999933600e-03f));
        p = T.MultiplyAdd(p, t, T.All(-6.029065698e-03f));
        p = T.MultiplyAdd(p, t, T.All(9.438301437e-03f));
        p = T.MultiplyAdd(p, t, T.All(-1.422450598e-02f));
        p = T.MultiplyAdd(p, t, T.All(1.971279271e-02f));
        p = T.MultiplyAdd(p, t, T.All(-2.569571324e-02f));
        p = T.MultiplyAdd(p, t, T.All(3.210646287e-02f));
        p = T.MultiplyAdd(p, t, T.All(-3.921113163e-02f));
        p = T.MultiplyAdd(p, t, T.All(4.850015417e-02f));
        p = T.MultiplyAdd(p, t, T.All(-6.532794982e-02f));
        p = T.MultiplyAdd(p, t, T.All(1.309281141e-01f));
        return T.MultiplyAdd(x, p, T.All(0.5f));
    }
}

/// <summary>½ x (1 + tanh u) is x / (1 + e^−2u), with u = √(2/π) (x + 0.044715 x³).</summary>
readonly struct GeluTanh : ICurve
{
    const float TwiceScale = 2 * 0.797884561f;
    const float Cubic = 0.044715f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x)
        where T : struct, ILanes<T> => Silu.Held(x) * Silu.Sigmoid(TwiceU(x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Slope<T>(T x)
        where T : struct, ILanes<T>
    {
        x = T.Smaller(T.All(20), T.Larger(T.All(-20), x));
        T slopeOfTwiceU = T.MultiplyAdd(x * x, T.All(3 * Cubic * TwiceScale), T.All(TwiceScale));
        return Silu.Slope(x, slopeOfTwiceU, Lanes.Exp(T.All(0) - TwiceU(x)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T TwiceU<T>(T x)
        where T : struct, ILanes<T>
    {
        T factor = T.MultiplyAdd(x * x, T.All(Cubic * TwiceScale), T.All(TwiceScale));
        return x * factor;
    }
}

/// <summary>x / (1 + e^−x).</summary>
readonly struct Silu : ICurve
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x)
        where T : struct, ILanes<T> => Held(x) * Sigmoid(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Slope<T>(T x)
        where T : struct, ILanes<T>
    {
        x = T.Smaller(T.All(88), Held(x));
        return Slope(x, T.All(1), Lanes.Exp(T.All(0) - x));
    }

    /// <summary>
    /// Derivative of x · s, s = 1 / (1 + e^−v): s + x · s · (1 − s) · v'. Where s is nearly 1, 1 − s is better had as s · e^−v.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Slope<T>(T x, T slopeOfV, T exp)
        where T : struct, ILanes<T>
    {
        T s = T.All(1) / (T.All(1) + exp);
        return T.MultiplyAdd(x * s * (s * exp), slopeOfV, s);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sigmoid<T>(T x)
        where T : struct, ILanes<T> => T.All(1) / (T.All(1) + Lanes.Exp(T.All(0) - x));

    /// <summary>x, but not below −88: from there on the sigmoid is that of −88, and the product nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Held<T>(T x)
        where T : struct, ILanes<T> => T.Larger(T.All(-88), x);
}

readonly struct Relu : ICurve
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x)
        where T : struct, ILanes<T> => T.Larger(T.All(0), x);

    /// <summary>1 where x is above 0: at least the smallest number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Slope<T>(T x)
        where T : struct, ILanes<T> => T.WhereAtLeast(x, T.All(float.Epsilon), T.All(1));
}

/// <summary>1 − 2 / (e^2x + 1).</summary>
readonly struct Tanh : ICurve
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x)
        where T : struct, ILanes<T> => T.All(1) - T.All(2) / (Lanes.Exp(x + x) + T.All(1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Slope<T>(T x)
        where T : struct, ILanes<T>
    {
        T y = Value(x);
        return T.All(1) - y * y;
    }
}
