using System.Numerics.Tensors;

namespace Espalier.Server.Batching;

/// <summary>How likely a token was that was written, by the model's own scores: before temperature and whatever else sampling does.</summary>
/// <param name="Top">The likeliest, best first.</param>
sealed record TokenScore(
    int Id,
    double LogProbability,
    IReadOnlyList<(int Id, double LogProbability)> Top
)
{
    public static TokenScore Of(int id, ReadOnlySpan<float> logits, int top)
    {
        float shift = TensorPrimitives.Max(logits);
        double sum = 0;
        foreach (float logit in logits)
        {
            sum += Math.Exp(logit - shift);
        }

        double all = shift + Math.Log(sum);
        PriorityQueue<int, (float, int)> best = new();
        for (int i = 0; i < logits.Length && top > 0; i++)
        {
            // Of equal ones the smaller id stays, which the sampler takes too.
            (float, int) rank = (logits[i], -i);
            if (best.Count < top)
            {
                best.Enqueue(i, rank);
            }
            else
            {
                best.EnqueueDequeue(i, rank);
            }
        }

        (int, double)[] list = new (int, double)[best.Count];
        for (int i = list.Length - 1; i >= 0; i--)
        {
            int one = best.Dequeue();
            list[i] = (one, logits[one] - all);
        }

        return new TokenScore(id, logits[id] - all, list);
    }
}
