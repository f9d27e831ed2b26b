using Espalier.Tensors;

namespace Espalier.Kernels.Reference;

/// <summary>Plain loops over sequence, head, query, key; sums in double.</summary>
sealed class ReferenceAttention : Attention
{
    public override void Forward(
        Workers workers,
        in AttentionCall call,
        Tensor y,
        Tensor? probabilities = null,
        Tensor? keySums = null
    )
    {
        AttentionCall all = call;
        AttentionForm form = call.Form;
        Sequences sequences = call.Sequences,
            keySequences = call.KeySequences ?? sequences;
        double[,] sums = new double[form.Heads, keySums is null ? 0 : keySequences.Rows];
        workers.Run(
            sequences.Count * form.Heads,
            block =>
            {
                var (s, h) = (block / form.Heads, block % form.Heads);
                int queries = sequences.KeysOf(s),
                    keys = keySequences.KeysOf(s),
                    keyRows = keySequences.RowsOf(s),
                    start = sequences.Starts[s],
                    keyStart = keySequences.Starts[s],
                    width = form.Width,
                    column = h / form.Group * width;
                double[] p = new double[keyRows];
                for (int i = 0; i < sequences.RowsOf(s); i++)
                {
                    var (first, past) = form.Seen(i, queries, keys);
                    Softmax(all, start + i, keyStart, first, past, h, p);
                    if (probabilities is not null)
                    {
                        Span<float> kept = Kept(probabilities, all, s, h, i);
                        for (int j = 0; j < keyRows; j++)
                        {
                            kept[j] = (float)p[j];
                        }
                    }

                    for (int j = first; keySums is not null && i < queries && j < past; j++)
                    {
                        sums[h, keyStart + j] += p[j];
                    }

                    for (int d = 0; d < width; d++)
                    {
                        double sum = 0;
                        for (int j = first; j < past; j++)
                        {
                            double keep = Factor(all, h, start + i, j);
                            sum += keep * p[j] * At(all.Values, keyStart + j, column + d);
                        }

                        y.Row(start + i)[h * width + d] = (float)sum;
                    }
                }
            }
        );
        for (int j = 0; j < sums.GetLength(1); j++)
        {
            double sum = 0;
            for (int h = 0; h < form.Heads; h++)
            {
                sum += sums[h, j];
            }

            keySums!.Span[j] = (float)sum;
        }
    }

    public override unsafe void Continue(Workers workers, in PastCall call, Tensor y)
    {
        call.Check(y);
        PastCall all = call;
        AttentionForm form = call.Form;
        int keyHeads = form.Heads / form.Group,
            width = form.Width;
        workers.Run(
            call.Sequences.Count * keyHeads,
            block =>
            {
                var (s, keyHead) = (block / keyHeads, block % keyHeads);
                Past past = all.Pasts[s];
                int rows = all.Sequences.RowsOf(s),
                    start = all.Sequences.Starts[s],
                    keys = all.KeysOf(s);
                CachedHead Page(int token) =>
                    past.Head(token / KeyValueCache.PageTokens, all.Layer, keyHead);
                for (int t = 0; t < rows; t++)
                {
                    int token = all.PlaceOf(s, t);
                    Page(token)
                        .Write(
                            token % KeyValueCache.PageTokens,
                            Row(all.Keys, start + t) + keyHead * width,
                            Row(all.Values, start + t) + keyHead * width
                        );
                }

                double[] p = new double[keys];
                for (int h = keyHead * form.Group; h < (keyHead + 1) * form.Group; h++)
                {
                    for (int i = 0; i < rows; i++)
                    {
                        var (first, end) = form.Seen(all.PlaceOf(s, i), keys, keys);
                        double largest = double.NegativeInfinity,
                            total = 0;
                        for (int j = first; j < end; j++)
                        {
                            CachedHead page = Page(j);
                            double dot = 0;
                            for (int d = 0; d < width; d++)
                            {
                                dot +=
                                    (double)At(all.Queries, start + i, h * width + d)
                                    * page.Key(j % KeyValueCache.PageTokens, d);
                            }

                            p[j] = dot / Root(form);
                            largest = Math.Max(largest, p[j]);
                        }

                        for (int j = first; j < end; j++)
                        {
                            p[j] = Math.Exp(p[j] - largest);
                            total += p[j];
                        }

                        for (int d = 0; d < width; d++)
                        {
                            double sum = 0;
                            for (int j = first; j < end; j++)
                            {
                                sum += p[j] * Page(j).Value(j % KeyValueCache.PageTokens, d);
                            }

                            y.Row(start + i)[h * width + d] = (float)(sum / total);
                        }
                    }
                }
            }
        );
    }

    public override void Backward(
        Workers workers,
        in AttentionCall call,
        Tensor probabilities,
        Tensor dy,
        Columns dq,
        Columns dk,
        Columns dv
    )
    {
        AttentionCall all = call;
        AttentionForm form = call.Form;
        Sequences sequences = call.Sequences,
            keySequences = call.KeySequences ?? sequences;
        int keyHeads = form.Heads / form.Group,
            width = form.Width;
        workers.Run(
            sequences.Count * keyHeads,
            block =>
            {
                var (s, keyHead) = (block / keyHeads, block % keyHeads);
                int rows = sequences.RowsOf(s),
                    keyRows = keySequences.RowsOf(s),
                    start = sequences.Starts[s],
                    keyStart = keySequences.Starts[s],
                    column = keyHead * width;
                double[,] dkh = new double[keyRows, width],
                    dvh = new double[keyRows, width];
                double[] dp = new double[keyRows],
                    dqi = new double[width];
                for (int h = keyHead * form.Group; h < (keyHead + 1) * form.Group; h++)
                {
                    for (int i = 0; i < rows; i++)
                    {
                        var (first, past) = form.Seen(
                            i,
                            sequences.KeysOf(s),
                            keySequences.KeysOf(s)
                        );
                        ReadOnlySpan<float> p = Kept(probabilities, all, s, h, i);
                        double dot = 0;
                        for (int j = first; j < past; j++)
                        {
                            double keep = Factor(all, h, start + i, j);
                            dp[j] = 0;
                            for (int d = 0; d < width; d++)
                            {
                                double up = dy.Row(start + i)[h * width + d];
                                dp[j] += keep * up * At(all.Values, keyStart + j, column + d);
                                dvh[j, d] += keep * p[j] * up;
                            }

                            dot += dp[j] * p[j];
                        }

                        Array.Clear(dqi);
                        for (int j = first; j < past; j++)
                        {
                            double ds = p[j] * (dp[j] - dot) * (1 / Root(form));
                            for (int d = 0; d < width; d++)
                            {
                                dqi[d] += ds * At(all.Keys, keyStart + j, column + d);
                                dkh[j, d] += ds * At(all.Queries, start + i, h * width + d);
                            }
                        }

                        for (int d = 0; d < width; d++)
                        {
                            dq.Tensor.Row(start + i)[dq.Offset + h * width + d] = (float)dqi[d];
                        }
                    }
                }

                for (int j = 0; j < keyRows; j++)
                {
                    for (int d = 0; d < width; d++)
                    {
                        dk.Tensor.Row(keyStart + j)[dk.Offset + column + d] = (float)dkh[j, d];
                        dv.Tensor.Row(keyStart + j)[dv.Offset + column + d] = (float)dvh[j, d];
                    }
                }
            }
        );
    }

    public override void Scores(Workers workers, in AttentionCall call, Tensor scores)
    {
        scores.Span.Clear();
        foreach (var (s, head, query, key) in Pairs(call))
        {
            double dot = 0;
            for (int d = 0; d < call.Form.Width; d++)
            {
                var (q, k) = At(call, s, head, query, key, d);
                dot += (double)q * k;
            }

            Kept(scores, call, s, head, query)[key] = (float)(dot / Root(call.Form));
        }
    }

    public override void ScoresBackward(
        Workers workers,
        in AttentionCall call,
        Tensor dScores,
        Columns dq,
        Columns dk
    )
    {
        Sequences keys = call.KeySequences ?? call.Sequences;
        int width = call.Form.Width,
            group = call.Form.Group;
        double[,] dqs = new double[call.Sequences.Rows, call.Form.Heads * width],
            dks = new double[keys.Rows, call.Form.Heads / group * width];
        foreach (var (s, head, query, key) in Pairs(call))
        {
            double ds = Kept(dScores, call, s, head, query)[key] / Root(call.Form);
            for (int d = 0; d < width; d++)
            {
                var (q, k) = At(call, s, head, query, key, d);
                dqs[call.Sequences.Starts[s] + query, head * width + d] += ds * k;
                dks[keys.Starts[s] + key, head / group * width + d] += ds * q;
            }
        }

        Write(dqs, dq);
        Write(dks, dk);

        static void Write(double[,] from, Columns to)
        {
            for (int r = 0; r < from.GetLength(0); r++)
            {
                for (int c = 0; c < from.GetLength(1); c++)
                {
                    to.Tensor.Row(r)[to.Offset + c] = (float)from[r, c];
                }
            }
        }
    }

    /// <summary>Real queries with the keys that they see.</summary>
    static IEnumerable<(int Sequence, int Head, int Query, int Key)> Pairs(AttentionCall call)
    {
        Sequences queries = call.Sequences,
            keys = call.KeySequences ?? queries;
        for (int s = 0; s < queries.Count; s++)
        {
            for (int head = 0; head < call.Form.Heads; head++)
            {
                for (int i = 0; i < queries.KeysOf(s); i++)
                {
                    var (first, past) = call.Form.Seen(i, queries.KeysOf(s), keys.KeysOf(s));
                    for (int j = first; j < past; j++)
                    {
                        yield return (s, head, i, j);
                    }
                }
            }
        }
    }

    /// <summary>A number of a query and the one of a key that it meets.</summary>
    static (float Q, float K) At(in AttentionCall call, int s, int head, int query, int key, int d)
    {
        Sequences keys = call.KeySequences ?? call.Sequences;
        int width = call.Form.Width;
        return (
            At(call.Queries, call.Sequences.Starts[s] + query, head * width + d),
            At(call.Keys, keys.Starts[s] + key, head / call.Form.Group * width + d)
        );
    }

    /// <summary>p of all keys; 0 for those that are not seen.</summary>
    static void Softmax(
        in AttentionCall call,
        int query,
        int keyStart,
        int first,
        int past,
        int head,
        double[] p
    )
    {
        int width = call.Form.Width,
            column = head / call.Form.Group * width;
        double largest = double.NegativeInfinity,
            total = 0;
        Array.Clear(p);
        for (int j = first; j < past; j++)
        {
            double dot = 0;
            for (int d = 0; d < width; d++)
            {
                dot +=
                    (double)At(call.Queries, query, head * width + d)
                    * At(call.Keys, keyStart + j, column + d);
            }

            p[j] = dot / Root(call.Form);
            largest = Math.Max(largest, p[j]);
        }

        for (int j = first; j < past; j++)
        {
            p[j] = Math.Exp(p[j] - largest);
            total += p[j];
        }

        for (int j = first; j < past; j++)
        {
            p[j] /= total;
        }
    }

    /// <summary>What scores are divided by.</summary>
    static double Root(AttentionForm form) =>
        form.Scale is { } scale ? 1.0 / scale : Math.Sqrt(form.Width);

    /// <summary>The probabilities of a query.</summary>
    static Span<float> Kept(Tensor probabilities, in AttentionCall call, int s, int head, int query)
    {
        int keyRows = (call.KeySequences ?? call.Sequences).RowsOf(s);
        long start = call.Sequences.ProbabilitiesStart(s, call.Form.Heads, call.KeySequences);
        long row = (long)head * call.Sequences.RowsOf(s) + query;
        return probabilities.Span.Slice((int)(start + row * keyRows), keyRows);
    }

    static double Factor(in AttentionCall call, int head, int query, int key)
    {
        AttentionDropout dropout = call.Dropout;
        if (dropout.Probability == 0)
        {
            return 1;
        }

        int threshold = DropoutMask.Threshold(dropout.Probability),
            row = head * call.Sequences.Rows + query;
        return DropoutMask.Keeps(dropout.Rng, threshold, row, key)
            ? DropoutMask.Scale(dropout.Probability)
            : 0;
    }

    static float At(Columns columns, int row, int column) =>
        columns.Tensor.Span[row * columns.Stride + columns.Offset + column];
}
