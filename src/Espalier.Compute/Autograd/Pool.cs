using System.Numerics.Tensors;
using Espalier.Kernels;
using Tensor = Espalier.Tensors.Tensor;

namespace Espalier.Autograd;

/// <summary>Which vector stands for a sequence.</summary>
public enum Pooling
{
    /// <summary>The first token's ([CLS]).</summary>
    First,

    /// <summary>The mean over all real tokens.</summary>
    Mean,
}

public sealed partial class Tape
{
    /// <summary>One row for each sequence.</summary>
    public Variable Pool(Variable x, Sequences sequences, Pooling pooling) =>
        Record(new Pool(this, x, sequences, pooling));
}

/// <summary>y [sequences, D] from x [T, D].</summary>
sealed class Pool : Operation
{
    readonly Variable _x;
    readonly Sequences _sequences;
    readonly Pooling _pooling;

    public Pool(Tape tape, Variable x, Sequences sequences, Pooling pooling)
    {
        (_x, _sequences, _pooling) = (x, sequences, pooling);
        Tensor y = tape.Rent(sequences.Count, x.Value.Columns);
        Rows(x.Value, sequences, pooling, y);
        Output = new Variable(y, x.NeedsGradient);
    }

    /// <summary>The forward pass alone.</summary>
    public static void Rows(Tensor x, Sequences sequences, Pooling pooling, Tensor y)
    {
        for (int s = 0; s < sequences.Count; s++)
        {
            int start = sequences.Starts[s],
                count = pooling == Pooling.First ? 1 : sequences.KeysOf(s);
            Span<float> to = y.Row(s);
            x.Row(start).CopyTo(to);
            for (int r = 1; r < count; r++)
            {
                TensorPrimitives.Add(to, x.Row(start + r), to);
            }

            if (count > 1)
            {
                TensorPrimitives.Multiply(to, 1f / count, to);
            }
        }
    }

    internal override void Backward(Tape tape)
    {
        Tensor dx = tape.Gradient(_x, out bool add);
        if (!add)
        {
            dx.Span.Clear();
        }

        for (int s = 0; s < _sequences.Count; s++)
        {
            int start = _sequences.Starts[s],
                count = _pooling == Pooling.First ? 1 : _sequences.KeysOf(s);
            for (int r = 0; r < count; r++)
            {
                Span<float> to = dx.Row(start + r);
                TensorPrimitives.MultiplyAdd(Output.Gradient!.Row(s), 1f / count, to, to);
            }
        }
    }

    public override Cost Cost => Cost.Elements(_x.Value.Count + (long)Output.Value.Count);
}
