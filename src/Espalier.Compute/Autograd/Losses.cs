using Espalier.Tensors;

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

    /// <summary>−(T²/N) Σ p_t log p_s (Hinton et al. 2015; the form of FastFormers and TinyBERT).</summary>
    public static double SoftCrossEntropy(
        Tensor s,
        Tensor t,
        double temperature,
        Tensor gradient
    ) => Soft(s, t, temperature, gradient, (logS, logT) => -Math.Exp(logT) * logS);

    /// <summary>(T²/N) Σ p_t (log p_t − log p_s).</summary>
    public static double KullbackLeibler(Tensor s, Tensor t, double temperature, Tensor gradient) =>
        Soft(s, t, temperature, gradient, (logS, logT) => Math.Exp(logT) * (logT - logS));

    /// <summary>(T²/N) Σ p_s (log p_s − log p_t) (MiniLLM, Gu et al. 2024).</summary>
    public static double ReverseKullbackLeibler(
        Tensor s,
        Tensor t,
        double temperature,
        Tensor gradient
    )
    {
        CheckAlike(s, t);
        double total = 0,
            scale = temperature * temperature / s.Rows;
        double[] logS = new double[s.Columns],
            logT = new double[s.Columns];
        for (int r = 0; r < s.Rows; r++)
        {
            LogSoftmax(s.Row(r), temperature, logS);
            LogSoftmax(t.Row(r), temperature, logT);
            double row = 0;
            for (int c = 0; c < logS.Length; c++)
            {
                row += Math.Exp(logS[c]) * (logS[c] - logT[c]);
            }

            total += row;
            Span<float> to = gradient.Row(r);
            for (int c = 0; c < logS.Length; c++)
            {
                double p = Math.Exp(logS[c]);
                to[c] = (float)(scale / temperature * p * (logS[c] - logT[c] - row));
            }
        }

        return scale * total;
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

    /// <summary>Mean over rows of 1 − cos(x, target) (DistilBERT, Sanh et al. 2019).</summary>
    public static double Cosine(Tensor x, Tensor target, Tensor gradient) =>
        Directions(x, target, gradient, cosine => (1 - cosine, -1));

    /// <summary>Mean over rows of ‖x/‖x‖ − target/‖target‖‖² (PKD, Sun et al. 2019) = 2 (1 − cos).</summary>
    public static double NormalizedDistance(Tensor x, Tensor target, Tensor gradient) =>
        Directions(x, target, gradient, cosine => (2 - 2 * cosine, -2));

    /// <summary>Mean over rows of −Σ p log p, in nats.</summary>
    public static double Entropy(Tensor s, Tensor gradient)
    {
        double total = 0;
        double[] log = new double[s.Columns];
        for (int r = 0; r < s.Rows; r++)
        {
            LogSoftmax(s.Row(r), 1, log);
            double row = 0;
            foreach (double l in log)
            {
                row -= Math.Exp(l) * l;
            }

            total += row;
            Span<float> to = gradient.Row(r);
            for (int c = 0; c < log.Length; c++)
            {
                to[c] = (float)(-Math.Exp(log[c]) * (log[c] + row) / s.Rows);
            }
        }

        return total / s.Rows;
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

    /// <summary>The two losses whose gradient is T/N (p_s − p_t).</summary>
    static double Soft(
        Tensor s,
        Tensor t,
        double temperature,
        Tensor gradient,
        Func<double, double, double> term
    )
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
                total += term(logS[c], logT[c]);
                to[c] = (float)(temperature / s.Rows * (Math.Exp(logS[c]) - Math.Exp(logT[c])));
            }
        }

        return temperature * temperature * total / s.Rows;
    }

    /// <summary>Losses of the angle alone; <paramref name="of"/> gives the value and its derivative by the cosine.</summary>
    static double Directions(
        Tensor x,
        Tensor target,
        Tensor gradient,
        Func<double, (double Value, double Slope)> of
    )
    {
        CheckAlike(x, target);
        double total = 0;
        for (int r = 0; r < x.Rows; r++)
        {
            ReadOnlySpan<float> a = x.Row(r),
                b = target.Row(r);
            double aa = 0,
                bb = 0,
                ab = 0;
            for (int c = 0; c < a.Length; c++)
            {
                aa += (double)a[c] * a[c];
                bb += (double)b[c] * b[c];
                ab += (double)a[c] * b[c];
            }

            double na = Math.Max(Math.Sqrt(aa), 1e-12),
                nb = Math.Max(Math.Sqrt(bb), 1e-12),
                cosine = ab / (na * nb);
            var (value, slope) = of(cosine);
            total += value;
            Span<float> to = gradient.Row(r);
            for (int c = 0; c < a.Length; c++)
            {
                to[c] = (float)(slope * (b[c] / (na * nb) - cosine * a[c] / (na * na)) / x.Rows);
            }
        }

        return total / x.Rows;
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
