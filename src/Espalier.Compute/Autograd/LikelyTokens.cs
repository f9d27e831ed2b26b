using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Autograd;

/// <summary>
/// What a language model finds likely behind each of some tokens: the log-probabilities of its most likely K entries at a
/// temperature, and that of all others together. K = vocabulary is all of it.
/// </summary>
/// <param name="Ids">[rows, K], without order.</param>
/// <param name="Logs">ln p of each, [rows, K].</param>
/// <param name="Rest">ln of what is left, for each row; −∞ where nothing is.</param>
public sealed record LikelyTokens(int K, int[] Ids, float[] Logs, float[] Rest)
{
    public int Rows => Rest.Length;

    public static LikelyTokens Empty(int rows, int k) =>
        new(k, new int[rows * k], new float[rows * k], new float[rows]);

    /// <summary>Bytes of a row.</summary>
    public static long BytesOf(int k) => 2L * sizeof(float) * k + sizeof(float);

    /// <summary>Of scores [rows, vocabulary].</summary>
    public static LikelyTokens Of(Workers workers, Tensor logits, int k, double temperature)
    {
        LikelyTokens made = Empty(logits.Rows, Math.Min(k, logits.Columns));
        made.Fill(workers, 0, logits, temperature);
        return made;
    }

    /// <summary>Writes some rows.</summary>
    /// <param name="first">The row of the first of the scores.</param>
    public void Fill(Workers workers, int first, Tensor logits, double temperature) =>
        workers.Run(logits.Rows, r => Fill(first + r, logits.Row(r), temperature));

    void Fill(int row, ReadOnlySpan<float> logits, double temperature)
    {
        // The least likely of those that are kept is in front, and leaves for a better one: most entries are looked at once.
        PriorityQueue<int, float> best = new(K);
        double largest = double.NegativeInfinity,
            total = 0,
            kept = 0;
        for (int c = 0; c < logits.Length; c++)
        {
            largest = Math.Max(largest, logits[c]);
            if (best.Count < K)
            {
                best.Enqueue(c, logits[c]);
            }
            else if (best.TryPeek(out _, out float least) && logits[c] > least)
            {
                best.DequeueEnqueue(c, logits[c]);
            }
        }

        foreach (float z in logits)
        {
            total += Math.Exp((z - largest) / temperature);
        }

        double log = Math.Log(total);
        for (int i = row * K; best.TryDequeue(out int id, out float z); i++)
        {
            kept += Math.Exp((z - largest) / temperature);
            (Ids[i], Logs[i]) = (id, (float)((z - largest) / temperature - log));
        }

        Rest[row] =
            K == logits.Length || kept >= total
                ? float.NegativeInfinity
                : (float)(Math.Log(total - kept) - log);
    }
}

/// <summary>How scores are taught: weights, temperature, and which divergence.</summary>
/// <param name="Soft">Weight of the divergence from the teacher.</param>
/// <param name="Hard">Weight of the cross-entropy of the token that comes next.</param>
/// <param name="Reverse">KL(student ‖ teacher), which keeps to what the teacher finds likely, instead of KL(teacher ‖ student).</param>
public sealed record Imitation(
    double Soft = 1,
    double Hard = 0,
    double Temperature = 1,
    bool Reverse = false
);
