using System.Numerics.Tensors;

namespace Espalier.Kernels;

/// <summary>
/// How fast all threads together read memory once, from where a whole pass over it leaves it: a cache that it fits, else the
/// memory. A step that decodes one token reads all weights, so it cannot be faster.
/// </summary>
public sealed class ReadPeak(long bytes)
{
    // A stretch for each thread at a time: long for a core's prefetching, short enough that one waits little for another.
    const int Stretch = 1 << 16;

    readonly float[][] _stretches =
    [
        .. Enumerable
            .Range(0, (int)Math.Max(1, bytes / (4 * Stretch)))
            .Select(_ => new float[Stretch]),
    ];

    /// <summary>What one <see cref="Run"/> reads.</summary>
    public long Bytes => 4L * Stretch * _stretches.Length;

    public void Run(Workers workers) =>
        workers.Run(_stretches.Length, i => TensorPrimitives.Sum<float>(_stretches[i]));
}
