using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Autograd;

/// <summary>
/// Losses of a language model's scores s [rows, vocabulary], in double; each also writes its gradient. Vocabularies are long, so
/// rows are dealt out.
/// </summary>
static class LanguageLosses
{
    /// <summary>
    /// T²/N Σ KL between p (teacher) and q = softmax(s/T), both with one bucket for all that is not among the teacher's likely tokens;
    /// by the log-sum inequality that is at most the divergence over all, and it is that where nothing is left over.
    /// </summary>
    /// <remarks>
    /// With b(j) the bucket of entry j and a = ln q_b − ln p_b: ∂KL(p‖q)/∂s_j = (q_j − q_j p_b / q_b) / T, ∂KL(q‖p)/∂s_j =
    /// q_j (a_b − Σ q a) / T.
    /// </remarks>
    public static double Imitate(
        Workers workers,
        Tensor s,
        LikelyTokens teacher,
        int[] targets,
        Imitation how,
        Tensor gradient
    )
    {
        int scored = targets.Count(t => t >= 0);
        if (
            teacher.Rows != s.Rows
            || targets.Length != s.Rows
            || how.Hard != 0 && scored == 0
            || targets.AsSpan().ContainsAnyInRange(s.Columns, int.MaxValue)
            || teacher.Ids.AsSpan().ContainsAnyInRange(s.Columns, int.MaxValue)
        )
        {
            throw new ArgumentException(
                $"Imitate: {teacher.Rows} rows of a teacher and {targets.Length} targets, {scored} of them scored, for logits of {s.Shape}; "
                    + "each row takes one of each, and each is below the vocabulary's size."
            );
        }

        double[] losses = new double[s.Rows];
        workers.Run(
            s.Rows,
            r =>
            {
                Row row = new(s.Row(r), gradient.Row(r));
                losses[r] =
                    how.Soft
                    / s.Rows
                    * row.Soft(teacher, r, how.Temperature, how.Reverse, how.Soft / s.Rows);
                if (how.Hard != 0 && targets[r] >= 0)
                {
                    losses[r] += how.Hard / scored * row.Hard(targets[r], how.Hard / scored);
                }
            }
        );
        return losses.Sum();
    }

    readonly ref struct Row
    {
        readonly ReadOnlySpan<float> _s;
        readonly Span<float> _to;
        readonly double _largest;

        public Row(ReadOnlySpan<float> s, Span<float> to)
        {
            _s = s;
            _to = to;
            _largest = double.NegativeInfinity;
            foreach (float z in s)
            {
                _largest = Math.Max(_largest, z);
            }
        }

        /// <summary>T² times the divergence; writes weight times its gradient.</summary>
        public double Soft(
            LikelyTokens teacher,
            int row,
            double temperature,
            bool reverse,
            double weight
        )
        {
            double total = 0,
                likely = 0;
            for (int c = 0; c < _s.Length; c++)
            {
                double e = Math.Exp((_s[c] - _largest) / temperature);
                total += e;
                _to[c] = (float)e;
            }

            ReadOnlySpan<int> ids = teacher.Ids.AsSpan(row * teacher.K, teacher.K);
            ReadOnlySpan<float> logs = teacher.Logs.AsSpan(row * teacher.K, teacher.K);
            double log = Math.Log(total),
                divergence = 0,
                mean = 0;
            for (int i = 0; i < ids.Length; i++)
            {
                double logQ = (_s[ids[i]] - _largest) / temperature - log,
                    q = Math.Exp(logQ);
                likely += q;
                divergence += reverse ? q * (logQ - logs[i]) : Math.Exp(logs[i]) * (logs[i] - logQ);
            }

            // What the student leaves for all others can be less than a difference of doubles tells.
            double rest = Math.Max(1 - likely, 1e-15),
                restLog = teacher.Rest[row],
                restRatio = 0;
            bool hasRest = teacher.K < _s.Length;
            if (hasRest && reverse)
            {
                restRatio = Math.Log(rest) - Math.Max(restLog, Least);
                divergence += rest * restRatio;
            }
            else if (hasRest)
            {
                double p = Math.Exp(restLog);
                restRatio = 1 - p / rest;
                divergence += p > 0 ? p * (restLog - Math.Log(rest)) : 0;
            }

            mean = reverse ? divergence : 0;
            double slope = weight * temperature,
                others = slope / total * (restRatio - mean);
            for (int c = 0; c < _to.Length; c++)
            {
                _to[c] = (float)(_to[c] * others);
            }

            for (int i = 0; i < ids.Length; i++)
            {
                double logQ = (_s[ids[i]] - _largest) / temperature - log,
                    q = Math.Exp(logQ);
                _to[ids[i]] = (float)(
                    slope * (reverse ? q * (logQ - logs[i] - mean) : q - Math.Exp(logs[i]))
                );
            }

            return temperature * temperature * divergence;
        }

        // ln of the smallest probability that a float holds.
        const double Least = -103;

        /// <summary>−ln softmax(s)[target]; adds weight times its gradient.</summary>
        public double Hard(int target, double weight)
        {
            double total = 0;
            foreach (float z in _s)
            {
                total += Math.Exp(z - _largest);
            }

            double share = weight / total;
            for (int c = 0; c < _s.Length; c++)
            {
                _to[c] += (float)(Math.Exp(_s[c] - _largest) * share);
            }

            _to[target] -= (float)weight;
            return Math.Log(total) + _largest - _s[target];
        }
    }
}
