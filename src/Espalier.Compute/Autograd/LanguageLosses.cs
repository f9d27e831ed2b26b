using System.Numerics.Tensors;
using Espalier.Kernels;

namespace Espalier.Autograd;

/// <summary>
/// Losses of a language model's scores s [rows, vocabulary], row by row; each also writes its gradient.
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
    public static RowLoss Imitate(
        RowKernels kernels,
        int rows,
        int columns,
        LikelyTokens teacher,
        int[] targets,
        Imitation how
    )
    {
        int scored = targets.Count(t => t >= 0);
        if (
            teacher.Rows != rows
            || targets.Length != rows
            || how.Hard != 0 && scored == 0
            || targets.AsSpan().ContainsAnyInRange(columns, int.MaxValue)
            || teacher.Ids.AsSpan().ContainsAnyInRange(columns, int.MaxValue)
        )
        {
            throw new ArgumentException(
                $"Imitate: {teacher.Rows} rows of a teacher and {targets.Length} targets, {scored} of them scored, for logits of [{rows}, {columns}]; "
                    + "each row takes one of each, and each is below the vocabulary's size."
            );
        }

        return new RowLoss(
            (r, s, to) =>
            {
                Row row = new(kernels, s, to);
                double loss =
                    how.Soft
                    / rows
                    * row.Soft(teacher, r, how.Temperature, how.Reverse, how.Soft / rows);
                if (how.Hard != 0 && targets[r] >= 0)
                {
                    loss += how.Hard / scored * row.Hard(targets[r], how.Hard / scored);
                }

                return loss;
            }
        );
    }

    readonly ref struct Row(RowKernels kernels, Span<float> s, Span<float> to)
    {
        readonly Span<float> _s = s;
        readonly Span<float> _to = to;
        readonly double _largest = TensorPrimitives.Max<float>(s);

        /// <summary>T² times the divergence; writes weight times its gradient.</summary>
        public double Soft(
            LikelyTokens teacher,
            int row,
            double temperature,
            bool reverse,
            double weight
        )
        {
            double total = kernels.Exponentials(_s, _largest, temperature, _to),
                likely = 0;

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
            RowLoss.Scale(_to, others);

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

        /// <summary>−ln softmax(s)[target]; adds weight times its gradient. The scores are gone afterwards.</summary>
        public double Hard(int target, double weight)
        {
            double score = _s[target],
                total = kernels.Exponentials(_s, _largest, 1, _s);
            TensorPrimitives.MultiplyAdd(_s, (float)(weight / total), _to, _to);
            _to[target] -= (float)weight;
            return Math.Log(total) + _largest - score;
        }
    }
}
