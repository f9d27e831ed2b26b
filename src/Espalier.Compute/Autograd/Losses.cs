using System.Numerics.Tensors;
using Espalier.Kernels;
using Tensor = Espalier.Tensors.Tensor;

namespace Espalier.Autograd;

/// <summary>
/// Losses, in double; each also writes its gradient. s student, t teacher, p = softmax(·/T), N rows, C columns.
/// </summary>
static class Losses
{
    /// <summary>−(1/N) Σ log softmax(s)[label].</summary>
    public static double CrossEntropy(Tensor s, ReadOnlySpan<int> labels, Tensor gradient)
    {
        if (labels.Length != s.Rows)
        {
            throw new ArgumentException(
                $"CrossEntropy: {labels.Length} labels for logits of {s.Shape}; each row takes one."
            );
        }

        double total = 0;
        double[] log = new double[s.Columns];
        for (int r = 0; r < s.Rows; r++)
        {
            int label = labels[r];
            if ((uint)label >= (uint)log.Length)
            {
                throw new ArgumentException(
                    $"CrossEntropy: the label of row {r} is {label}; the model tells {log.Length} classes apart, "
                        + "so a label is 0 or more and less than that."
                );
            }

            LogSoftmax(s.Row(r), 1, log);
            total -= log[label];
            Span<float> to = gradient.Row(r);
            for (int c = 0; c < log.Length; c++)
            {
                to[c] = (float)((Math.Exp(log[c]) - (c == label ? 1 : 0)) / s.Rows);
            }
        }

        return total / s.Rows;
    }

    /// <summary>−(1/n) Σ log softmax(s)[target] over the n rows whose target is not below 0.</summary>
    public static RowLoss NextToken(RowKernels kernels, int rows, int columns, int[] targets)
    {
        int scored = targets.Count(t => t >= 0),
            most = targets.Length == 0 ? -1 : targets.Max();
        if (targets.Length != rows || scored == 0 || most >= columns)
        {
            throw new ArgumentException(
                $"NextToken: {targets.Length} targets, {scored} of them scored, the largest {most}, for logits of [{rows}, {columns}]; "
                    + "each row takes one, at least one is scored, and each is below the vocabulary's size."
            );
        }

        return new RowLoss(Of, scored);

        double Of(int row, Span<float> s, Span<float> to)
        {
            int target = targets[row];
            if (target < 0)
            {
                to.Clear();
                return 0;
            }

            double largest = TensorPrimitives.Max<float>(s),
                total = kernels.Exponentials(s, largest, 1, to);
            RowLoss.Scale(to, 1 / (total * scored));
            to[target] = (float)((Math.Exp(s[target] - largest) / total - 1) / scored);
            return largest + Math.Log(total) - s[target];
        }
    }

    /// <summary>−(T²/N) Σ p_t log p_s (Hinton et al. 2015; the form of FastFormers and TinyBERT).</summary>
    public static double SoftCrossEntropy(Tensor s, Tensor t, double temperature, Tensor gradient)
    {
        CheckAlike(s, t);
        double total = 0;
        double[] logS = new double[s.Columns],
            logT = new double[s.Columns];
        for (int r = 0; r < s.Rows; r++)
        {
            LogSoftmax(s.Row(r), temperature, logS);
            LogSoftmax(t.Row(r), temperature, logT);
            Span<float> to = gradient.Row(r);
            for (int c = 0; c < logS.Length; c++)
            {
                total += -Math.Exp(logT[c]) * logS[c];
                to[c] = (float)(temperature / s.Rows * (Math.Exp(logS[c]) - Math.Exp(logT[c])));
            }
        }

        return temperature * temperature * total / s.Rows;
    }

    /// <summary>Mean over all elements of (x − target)²; over packed rows that is the mean over real tokens.</summary>
    public static double MeanSquares(Tensor x, Tensor target, Tensor gradient)
    {
        CheckAlike(x, target);
        ReadOnlySpan<float> from = x.Span,
            aim = target.Span;
        Span<float> to = gradient.Span;
        double total = 0;
        for (int i = 0; i < to.Length; i++)
        {
            double d = (double)from[i] - aim[i];
            total += d * d;
            to[i] = (float)(2 * d / x.Count);
        }

        return total / x.Count;
    }

    public static void LogSoftmax(
        ReadOnlySpan<float> logits,
        double temperature,
        Span<double> result
    )
    {
        double largest = double.NegativeInfinity,
            total = 0;
        foreach (float z in logits)
        {
            largest = Math.Max(largest, z / temperature);
        }

        foreach (float z in logits)
        {
            total += Math.Exp(z / temperature - largest);
        }

        double log = largest + Math.Log(total);
        for (int c = 0; c < result.Length; c++)
        {
            result[c] = logits[c] / temperature - log;
        }
    }

    static void CheckAlike(Tensor student, Tensor teacher)
    {
        if (student.Rows != teacher.Rows || student.Columns != teacher.Columns)
        {
            throw new ArgumentException(
                $"A loss compares {student.Shape} with {teacher.Shape}; rows and columns must agree."
            );
        }
    }
}
