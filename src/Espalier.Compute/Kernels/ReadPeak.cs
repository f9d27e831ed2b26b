using System.Numerics.Tensors;
using Tensor = Espalier.Tensors.Tensor;

namespace Espalier.Kernels;

/// <summary>
/// How fast all threads together read memory once, from where a whole pass over it leaves it: a cache that it fits, else the
/// memory. A step that decodes one token reads all weights, so it cannot be faster.
/// </summary>
public sealed class ReadPeak
{
    // A stretch for each thread at a time: long for a core's prefetching, short enough that one waits little for another.
    const int Stretch = 1 << 16;

    // Far more than any cache.
    const long MostBytes = 1L << 32;

    readonly Tensor _memory;

    public ReadPeak(long bytes)
    {
        _memory = new Tensor(
            (int)(Math.Clamp(bytes / sizeof(float), Stretch, MostBytes / sizeof(float)) / Stretch)
                * Stretch
        );

        // What nobody has written is one and the same page of zeros, in the nearest cache.
        _memory.Span.Fill(1);
    }

    /// <summary>What one <see cref="Run"/> reads.</summary>
    public long Bytes => (long)sizeof(float) * _memory.Count;

    public void Run(Workers workers) =>
        workers.Run(
            _memory.Count / Stretch,
            i => TensorPrimitives.Sum<float>(_memory.Span.Slice(i * Stretch, Stretch))
        );
}
