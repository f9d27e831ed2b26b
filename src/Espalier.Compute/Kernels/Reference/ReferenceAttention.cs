using Espalier.Tensors;

namespace Espalier.Kernels.Reference;

/// <summary>Plain loops over sequence, head, query, key; sums in double.</summary>
sealed class ReferenceAttention : Attention
{
    public override void Forward(
        Workers workers,
        Columns q,
        Columns k,
        Columns v,
        Sequences sequences,
        int heads,
        int width,
        Tensor y,
        Tensor? probabilities = null,
        AttentionDropout dropout = default
    ) =>
        workers.Run(
            sequences.Count * heads,
            block =>
            {
                var (s, h) = (block / heads, block % heads);
                int rows = sequences.RowsOf(s),
                    keys = sequences.KeysOf(s),
                    start = sequences.Starts[s];
                double[] p = new double[rows];
                for (int i = 0; i < rows; i++)
                {
                    Softmax(q, k, start, start + i, keys, h, width, p);
                    if (probabilities is not null)
                    {
                        Span<float> kept = probabilities.Span.Slice(
                            (int)(
                                sequences.ProbabilitiesStart(s, heads) + ((long)h * rows + i) * rows
                            ),
                            rows
                        );
                        for (int j = 0; j < rows; j++)
                        {
                            kept[j] = (float)p[j];
                        }
                    }

                    for (int d = 0; d < width; d++)
                    {
                        double sum = 0;
                        for (int j = 0; j < keys; j++)
                        {
                            double keep = Kept(dropout, sequences.Rows, h, start + i, j);
                            sum += keep * p[j] * At(v, start + j, h * width + d);
                        }

                        y.Row(start + i)[h * width + d] = (float)sum;
                    }
                }
            }
        );

    public override void Backward(
        Workers workers,
        Columns q,
        Columns k,
        Columns v,
        Sequences sequences,
        int heads,
        int width,
        Tensor probabilities,
        Tensor dy,
        Columns dq,
        Columns dk,
        Columns dv,
        AttentionDropout dropout = default
    ) =>
        workers.Run(
            sequences.Count * heads,
            block =>
            {
                var (s, h) = (block / heads, block % heads);
                int rows = sequences.RowsOf(s),
                    keys = sequences.KeysOf(s),
                    start = sequences.Starts[s];
                double scale = 1 / Math.Sqrt(width);
                double[,] dqh = new double[rows, width],
                    dkh = new double[rows, width],
                    dvh = new double[rows, width];
                double[] dp = new double[rows];
                for (int i = 0; i < rows; i++)
                {
                    ReadOnlySpan<float> p = probabilities.Span.Slice(
                        (int)(sequences.ProbabilitiesStart(s, heads) + ((long)h * rows + i) * rows),
                        rows
                    );
                    double dot = 0;
                    for (int j = 0; j < keys; j++)
                    {
                        double keep = Kept(dropout, sequences.Rows, h, start + i, j);
                        dp[j] = 0;
                        for (int d = 0; d < width; d++)
                        {
                            double up = dy.Row(start + i)[h * width + d];
                            dp[j] += keep * up * At(v, start + j, h * width + d);
                            dvh[j, d] += keep * p[j] * up;
                        }

                        dot += dp[j] * p[j];
                    }

                    for (int j = 0; j < keys; j++)
                    {
                        double ds = p[j] * (dp[j] - dot) * scale;
                        for (int d = 0; d < width; d++)
                        {
                            dqh[i, d] += ds * At(k, start + j, h * width + d);
                            dkh[j, d] += ds * At(q, start + i, h * width + d);
                        }
                    }
                }

                for (int i = 0; i < rows; i++)
                {
                    for (int d = 0; d < width; d++)
                    {
                        int column = h * width + d;
                        dq.Tensor.Row(start + i)[dq.Offset + column] = (float)dqh[i, d];
                        dk.Tensor.Row(start + i)[dk.Offset + column] = (float)dkh[i, d];
                        dv.Tensor.Row(start + i)[dv.Offset + column] = (float)dvh[i, d];
                    }
                }
            }
        );

    static void Softmax(
        Columns q,
        Columns k,
        int start,
        int query,
        int keys,
        int head,
        int width,
        double[] p
    )
    {
        double largest = double.NegativeInfinity,
            total = 0;
        for (int j = 0; j < keys; j++)
        {
            double dot = 0;
            for (int d = 0; d < width; d++)
            {
                dot += (double)At(q, query, head * width + d) * At(k, start + j, head * width + d);
            }

            p[j] = dot / Math.Sqrt(width);
            largest = Math.Max(largest, p[j]);
        }

        for (int j = 0; j < keys; j++)
        {
            p[j] = Math.Exp(p[j] - largest);
            total += p[j];
        }

        for (int j = 0; j < p.Length; j++)
        {
            p[j] = j < keys ? p[j] / total : 0;
        }
    }

    static double Kept(AttentionDropout dropout, int totalRows, int head, int query, int key)
    {
        if (dropout.Probability == 0)
        {
            return 1;
        }

        int threshold = DropoutMask.Threshold(dropout.Probability);
        return DropoutMask.Keeps(dropout.Rng, threshold, head * totalRows + query, key)
            ? DropoutMask.Scale(dropout.Probability)
            : 0;
    }

    static float At(Columns columns, int row, int column) =>
        columns.Tensor.Span[row * columns.Stride + columns.Offset + column];
}
