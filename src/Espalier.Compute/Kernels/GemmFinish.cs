using Espalier.Tensors;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Espalier.Kernels;

/// <summary>What an <see cref="Epilogue"/> asks of a tile whose sums are written, while its rows are in the nearest cache.</summary>
static class GemmFinish
{
    /// <summary>Bias, what the backward pass needs, activation.</summary>
    public static void Apply(
        in Epilogue epilogue,
        Tensor c,
        int row,
        int rows,
        int column,
        int columns
    )
    {
        if (epilogue is { Bias: null, Linear: null, Activation: Activation.None })
        {
            return;
        }

        for (int i = row; i < row + rows; i++)
        {
            Span<float> numbers = c.Row(i).Slice(column, columns);
            if (epilogue.Bias is { } bias)
            {
                TensorPrimitives.Add(numbers, bias.Span.Slice(column, columns), numbers);
            }

            if (epilogue.Linear is { } linear)
            {
                numbers.CopyTo(linear.Row(i).Slice(column, columns));
            }

            if (epilogue.Activation != Activation.None)
            {
                VectorActivations.Apply(epilogue.Activation, numbers);
            }
        }
    }
}
