using System.Numerics.Tensors;

namespace Espalier.Models;

/// <summary>
/// How sure scores of a whole vocabulary are. In fp32 and in vectors, which two classes need not: at each exit of each token it costs
/// as much as a good part of a layer otherwise.
/// </summary>
static class Certainty
{
    const int Chunk = 512;

    /// <returns>The highest probability of softmax(scores), and its entropy in nats.</returns>
    public static (double Share, double Nats) Of(ReadOnlySpan<float> scores)
    {
        Span<float> shifted = stackalloc float[Chunk],
            powers = stackalloc float[Chunk];
        float largest = TensorPrimitives.Max(scores);
        double total = 0,
            weighted = 0;
        for (int at = 0; at < scores.Length; at += Chunk)
        {
            ReadOnlySpan<float> some = scores.Slice(at, Math.Min(Chunk, scores.Length - at));
            Span<float> less = shifted[..some.Length],
                e = powers[..some.Length];
            TensorPrimitives.Subtract(some, largest, less);
            TensorPrimitives.Exp(less, e);
            total += TensorPrimitives.Sum(e);
            weighted += TensorPrimitives.Dot(less, e);
        }

        return (1 / total, Math.Log(total) - weighted / total);
    }
}
