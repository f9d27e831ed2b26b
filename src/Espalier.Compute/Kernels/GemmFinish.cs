using System.Runtime.CompilerServices;
using Espalier.Kernels.Vectors;
using Espalier.Tensors;

namespace Espalier.Kernels;

/// <summary>
/// What an <see cref="Epilogue"/> asks of a tile whose sums are written, while its rows are in the nearest cache: bias, what
/// the backward pass needs, activation. Holds addresses only: the tensors must outlive it.
/// </summary>
readonly unsafe struct GemmFinish(in Epilogue epilogue, Tensor c)
{
    readonly float* _c = c.Address();
    readonly float* _bias = epilogue.Bias is { } bias ? bias.Address() : null;
    readonly float* _linear = epilogue.Linear is { } linear ? linear.Address() : null;
    readonly nint _stride = c.Columns;
    readonly Activation _activation = epilogue.Activation;

    public bool IsNothing => _bias is null && _linear is null && _activation == Activation.None;

    public void Apply(int row, int rows, int column, int columns)
    {
        if (IsNothing)
        {
            return;
        }

        nint at = row * _stride + column;
        float* to = _c + at,
            linear = _linear is null ? to : _linear + at;
        if (Lanes16.IsSupported)
        {
            Rows<Lanes16>(to, linear, rows, column, columns);
        }
        else if (Lanes8.IsSupported)
        {
            Rows<Lanes8>(to, linear, rows, column, columns);
        }
        else
        {
            for (int i = 0; i < rows; i++)
            {
                Row(to + i * _stride, linear + i * _stride, column, columns);
            }
        }
    }

    /// <summary>From the sums at <paramref name="to"/> to what the backward pass needs, and from there back.</summary>
    void Rows<T>(float* to, float* linear, int rows, int column, int columns)
        where T : struct, ILanes<T>
    {
        if (_bias is not null)
        {
            AddBias<T>(to, _bias + column, linear, _stride, rows, columns);
        }
        else
        {
            VectorActivations.Apply<T>(Activation.None, to, linear, _stride, rows, columns);
        }

        VectorActivations.Apply<T>(_activation, linear, to, _stride, rows, columns);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void AddBias<T>(float* from, float* bias, float* to, nint stride, int rows, int columns)
        where T : struct, ILanes<T>
    {
        for (; rows > 0; rows--, from += stride, to += stride)
        {
            int i = 0;
            for (; i <= columns - T.Count; i += T.Count)
            {
                (T.Load(from + i) + T.Load(bias + i)).Store(to + i);
            }

            for (; i < columns; i++)
            {
                to[i] = from[i] + bias[i];
            }
        }
    }

    void Row(float* to, float* linear, int column, int columns)
    {
        for (int i = 0; i < columns; i++)
        {
            linear[i] = to[i] + (_bias is null ? 0 : _bias[column + i]);
            to[i] = linear[i];
        }

        VectorActivations.Apply(_activation, new Span<float>(to, columns));
    }
}
