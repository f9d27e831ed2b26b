using Espalier.Tensors;

namespace Espalier.Autograd;

/// <summary>
/// Losses with their gradients, in double. s student, t teacher, p = softmax(·/T), N rows, C columns.
/// </summary>
static class Losses
{
    /// <summary>−(1/N) Σ log softmax(s)[label].</summary>
    public static (double, double[]) CrossEntropy(Tensor s, ReadOnlySpan<int> labels)
    {
        double total = 0;
        double[] gradient = new double[s.Count];
        int classes = s.Columns;
        for (int r = 0; r < s.Rows; r++)
        {
            double[] log = LogSoftmax(s.Row(r), 1);
            total -= log[labels[r]];
            for (int c = 0; c < classes; c++)
            {
                gradient[r * classes + c] = (Math.Exp(log[c]) - (c == labels[r] ? 1 : 0)) / s.Rows;
            }
        }

        return (total / s.Rows, gradient);
    }

    /// <summary>−(T²/N) Σ p_t log p_s (Hinton et al. 2015; the form of FastFormers and TinyBERT).</summary>
    public static (double, double[]) SoftCrossEntropy(Tensor s, Tensor t, double temperature) =>
        Soft(s, t, temperature, (logS, logT) => -Math.Exp(logT) * logS);

    /// <summary>(T²/N) Σ p_t (log p_t − log p_s).</summary>
    public static (double, double[]) KullbackLeibler(Tensor s, Tensor t, double temperature) =>
        Soft(s, t, temperature, (logS, logT) => Math.Exp(logT) * (logT - logS));

    /// <summary>(T²/N) Σ p_s (log p_s − log p_t) (MiniLLM, Gu et al. 2024).</summary>
    public static (double, double[]) ReverseKullbackLeibler(Tensor s, Tensor t, double temperature)
    {
        double total = 0,
            scale = temperature * temperature / s.Rows;
        double[] gradient = new double[s.Count];
        int classes = s.Columns;
        for (int r = 0; r < s.Rows; r++)
        {
            double[] logS = LogSoftmax(s.Row(r), temperature),
                logT = LogSoftmax(t.Row(r), temperature);
            double row = 0;
            for (int c = 0; c < classes; c++)
            {
                row += Math.Exp(logS[c]) * (logS[c] - logT[c]);
            }

            total += row;
            for (int c = 0; c < classes; c++)
            {
                gradient[r * classes + c] =
                    scale / temperature * Math.Exp(logS[c]) * (logS[c] - logT[c] - row);
            }
        }

        return (scale * total, gradient);
    }

    /// <summary>Mean over all elements of (x − target)²; over packed rows that is the mean over real tokens.</summary>
    public static (double, double[]) MeanSquares(Tensor x, Tensor target)
    {
        ReadOnlySpan<float> from = x.Span,
            to = target.Span;
        double total = 0;
        double[] gradient = new double[x.Count];
        for (int i = 0; i < gradient.Length; i++)
        {
            double d = (double)from[i] - to[i];
            total += d * d;
            gradient[i] = 2 * d / x.Count;
        }

        return (total / x.Count, gradient);
    }

    /// <summary>Mean over rows of 1 − cos(x, target) (DistilBERT, Sanh et al. 2019).</summary>
    public static (double, double[]) Cosine(Tensor x, Tensor target) =>
        Directions(x, target, cosine => (1 - cosine, -1));

    /// <summary>Mean over rows of ‖x/‖x‖ − target/‖target‖‖² (PKD, Sun et al. 2019) = 2 (1 − cos).</summary>
    public static (double, double[]) NormalizedDistance(Tensor x, Tensor target) =>
        Directions(x, target, cosine => (2 - 2 * cosine, -2));

    /// <summary>Mean over rows of −Σ p log p, in nats.</summary>
    public static (double, double[]) Entropy(Tensor s)
    {
        double total = 0;
        double[] gradient = new double[s.Count];
        int classes = s.Columns;
        for (int r = 0; r < s.Rows; r++)
        {
            double[] log = LogSoftmax(s.Row(r), 1);
            double row = 0;
            foreach (double l in log)
            {
                row -= Math.Exp(l) * l;
            }

            total += row;
            for (int c = 0; c < classes; c++)
            {
                gradient[r * classes + c] = -Math.Exp(log[c]) * (log[c] + row) / s.Rows;
            }
        }

        return (total / s.Rows, gradient);
    }

    public static double[] LogSoftmax(ReadOnlySpan<float> logits, double temperature)
    {
        double[] result = new double[logits.Length];
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

        return result;
    }

    /// <summary>The two losses whose gradient is T/N (p_s − p_t).</summary>
    static (double, double[]) Soft(
        Tensor s,
        Tensor t,
        double temperature,
        Func<double, double, double> term
    )
    {
        double total = 0;
        double[] gradient = new double[s.Count];
        int classes = s.Columns;
        for (int r = 0; r < s.Rows; r++)
        {
            double[] logS = LogSoftmax(s.Row(r), temperature),
                logT = LogSoftmax(t.Row(r), temperature);
            for (int c = 0; c < classes; c++)
            {
                total += term(logS[c], logT[c]);
                gradient[r * classes + c] =
                    temperature / s.Rows * (Math.Exp(logS[c]) - Math.Exp(logT[c]));
            }
        }

        return (temperature * temperature * total / s.Rows, gradient);
    }

    /// <summary>Losses of the angle alone; <paramref name="of"/> gives the value and its derivative by the cosine.</summary>
    static (double, double[]) Directions(
        Tensor x,
        Tensor target,
        Func<double, (double Value, double Slope)> of
    )
    {
        double total = 0;
        double[] gradient = new double[x.Count];
        int columns = x.Columns;
        for (int r = 0; r < x.Rows; r++)
        {
            ReadOnlySpan<float> a = x.Row(r),
                b = target.Row(r);
            double aa = 0,
                bb = 0,
                ab = 0;
            for (int c = 0; c < columns; c++)
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
            for (int c = 0; c < columns; c++)
            {
                gradient[r * columns + c] =
                    slope * (b[c] / (na * nb) - cosine * a[c] / (na * na)) / x.Rows;
            }
        }

        return (total / x.Rows, gradient);
    }
}
