using System.Runtime.CompilerServices;

namespace Espalier.Kernels.Vectors;

/// <summary>
/// Activations a register at a time. Every step is rounded alike at every width, so all widths give the same bits.
/// </summary>
public static unsafe class VectorActivations
{
    /// <summary>x = activation(x).</summary>
    public static void Apply(Activation activation, Span<float> x)
    {
        fixed (float* at = x)
        {
            if (Lanes16.IsSupported)
            {
                Apply<Lanes16>(activation, at, at, x.Length);
            }
            else if (Lanes8.IsSupported)
            {
                Apply<Lanes8>(activation, at, at, x.Length);
            }
            else
            {
                for (int i = 0; i < x.Length; i++)
                {
                    x[i] = (float)Activations.Value(activation, x[i]);
                }
            }
        }
    }

    internal static void Apply<T>(Activation activation, float* x, float* y, int count)
        where T : struct, ILanes<T> => Apply<T>(activation, x, y, 0, 1, count);

    /// <summary>Pieces of rows that lie a stride apart: the many constants of a curve are loaded once for all of them.</summary>
    internal static void Apply<T>(
        Activation activation,
        float* x,
        float* y,
        nint stride,
        int rows,
        int count
    )
        where T : struct, ILanes<T>
    {
        if (activation != Activation.None || x != y)
        {
            On(activation, new ValueLoop<T>(x, y, stride, rows, count));
        }
    }

    internal static void Derivative<T>(
        Activation activation,
        float* x,
        float* dy,
        float* dx,
        int count
    )
        where T : struct, ILanes<T>
    {
        if (activation != Activation.None || dx != dy)
        {
            On(activation, new SlopeLoop<T>(x, dy, dx, count));
        }
    }

    /// <summary>Runs a loop with the curve of an activation.</summary>
    internal static void On<L>(Activation activation, in L loop)
        where L : struct, ICurveLoop
    {
        switch (activation)
        {
            case Activation.None:
                loop.Run<Identity>();
                break;
            case Activation.Gelu:
                loop.Run<Gelu>();
                break;
            case Activation.GeluTanh:
                loop.Run<GeluTanh>();
                break;
            case Activation.Relu:
                loop.Run<Relu>();
                break;
            case Activation.Silu:
                loop.Run<Silu>();
                break;
            case Activation.Tanh:
                loop.Run<Tanh>();
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(activation), activation, null);
        }
    }
}

/// <summary>A loop over numbers that is compiled for each curve.</summary>
interface ICurveLoop
{
    void Run<F>()
        where F : struct, ICurve;
}

readonly unsafe struct ValueLoop<T>(float* x, float* y, nint stride, int rows, int count)
    : ICurveLoop
    where T : struct, ILanes<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<F>()
        where F : struct, ICurve
    {
        float* from = x,
            to = y;
        for (int r = rows; r > 0; r--, from += stride, to += stride)
        {
            int i = 0;
            for (; i <= count - T.Count; i += T.Count)
            {
                F.Value(T.Load(from + i)).Store(to + i);
            }

            if (i < count)
            {
                T last = F.Value(T.LoadPart(from + i, count - i));
                last.StorePart(to + i, count - i);
            }
        }
    }
}

readonly unsafe struct SlopeLoop<T>(float* x, float* dy, float* dx, int count) : ICurveLoop
    where T : struct, ILanes<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<F>()
        where F : struct, ICurve
    {
        int i = 0;
        for (; i <= count - T.Count; i += T.Count)
        {
            (F.Slope(T.Load(x + i)) * T.Load(dy + i)).Store(dx + i);
        }

        if (i < count)
        {
            T last = F.Slope(T.LoadPart(x + i, count - i));
            last *= T.LoadPart(dy + i, count - i);
            last.StorePart(dx + i, count - i);
        }
    }
}
