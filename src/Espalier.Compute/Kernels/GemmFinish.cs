using System.Runtime.CompilerServices;
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

    public void Apply(int row, int rows, int column, int columns)
    {
        if (_bias is null && _linear is null && _activation == Activation.None)
        {
            return;
        }

        for (int i = row; i < row + rows; i++)
        {
            nint at = i * _stride + column;
            float* to = _c + at,
                linear = _linear is null ? to : _linear + at;
            if (Lanes16.IsSupported)
            {
                Row<Lanes16>(to, linear, column, columns);
            }
            else if (Lanes8.IsSupported)
            {
                Row<Lanes8>(to, linear, column, columns);
            }
            else
            {
                Row(to, linear, column, columns);
            }
        }
    }

    /// <summary>From the sums at <paramref name="to"/> to what the backward pass needs, and from there back.</summary>
    void Row<T>(float* to, float* linear, int column, int columns)
        where T : struct, ILanes<T>
    {
        if (_bias is not null)
        {
            AddBias<T>(to, _bias + column, linear, columns);
        }
        else if (linear != to)
        {
            Buffer.MemoryCopy(to, linear, 4L * columns, 4L * columns);
        }

        if (_activation != Activation.None)
        {
            VectorActivations.Apply<T>(_activation, linear, to, columns);
        }
        else if (linear != to)
        {
            Buffer.MemoryCopy(linear, to, 4L * columns, 4L * columns);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void AddBias<T>(float* from, float* bias, float* to, int columns)
        where T : struct, ILanes<T>
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
