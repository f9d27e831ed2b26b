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

    /// <summary>dy = dy · activation'(x).</summary>
    public static void Derivative(Activation activation, ReadOnlySpan<float> x, Span<float> dy)
    {
        if (x.Length != dy.Length)
        {
            throw new ArgumentException(
                $"Derivative: x has {x.Length} elements and dy {dy.Length}; they must be as many."
            );
        }

        fixed (float* at = x)
        fixed (float* by = dy)
        {
            if (Lanes16.IsSupported)
            {
                Derivative<Lanes16>(activation, at, by, by, x.Length);
            }
            else if (Lanes8.IsSupported)
            {
                Derivative<Lanes8>(activation, at, by, by, x.Length);
            }
            else
            {
                for (int i = 0; i < x.Length; i++)
                {
                    dy[i] = (float)(dy[i] * Activations.Derivative(activation, x[i]));
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
        switch (activation)
        {
            case Activation.None:
                for (int r = 0; r < rows && x != y; r++)
                {
                    Buffer.MemoryCopy(x + r * stride, y + r * stride, 4L * count, 4L * count);
                }

                break;
            case Activation.Gelu:
                Map<T, Gelu>(x, y, stride, rows, count);
                break;
            case Activation.GeluTanh:
                Map<T, GeluTanh>(x, y, stride, rows, count);
                break;
            case Activation.Relu:
                Map<T, Relu>(x, y, stride, rows, count);
                break;
            case Activation.Silu:
                Map<T, Silu>(x, y, stride, rows, count);
                break;
            case Activation.Tanh:
                Map<T, Tanh>(x, y, stride, rows, count);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(activation), activation, null);
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
        switch (activation)
        {
            case Activation.None:
                if (dx != dy)
                {
                    Buffer.MemoryCopy(dy, dx, 4L * count, 4L * count);
                }

                break;
            case Activation.Gelu:
                MapSlope<T, Gelu>(x, dy, dx, count);
                break;
            case Activation.GeluTanh:
                MapSlope<T, GeluTanh>(x, dy, dx, count);
                break;
            case Activation.Relu:
                MapSlope<T, Relu>(x, dy, dx, count);
                break;
            case Activation.Silu:
                MapSlope<T, Silu>(x, dy, dx, count);
                break;
            case Activation.Tanh:
                MapSlope<T, Tanh>(x, dy, dx, count);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(activation), activation, null);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Map<T, F>(float* x, float* y, nint stride, int rows, int count)
        where T : struct, ILanes<T>
        where F : struct, ICurve
    {
        for (; rows > 0; rows--, x += stride, y += stride)
        {
            int i = 0;
            for (; i <= count - T.Count; i += T.Count)
            {
                F.Value(T.Load(x + i)).Store(y + i);
            }

            if (i < count)
            {
                T last = F.Value(T.LoadPart(x + i, count - i));
                last.StorePart(y + i, count - i);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void MapSlope<T, F>(float* x, float* dy, float* dx, int count)
        where T : struct, ILanes<T>
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
