using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Espalier.Kernels.Vectors;

namespace Espalier.Kernels.Rowwise;

/// <summary>Elements in chunks that are worth waking a thread for: some microseconds each.</summary>
static class Chunks
{
    public const int Size = 16384;

    public static int Of(int count) => (count + Size - 1) / Size;

    public static int SizeOf(int chunk, int count) => Math.Min(Size, count - chunk * Size);
}

readonly unsafe struct ActivateChunks<T>(Activation activation, float* x, float* y, int count)
    : IBlocks
    where T : struct, ILanes<T>
{
    public void Run(int block)
    {
        int at = block * Chunks.Size;
        VectorActivations.Apply<T>(activation, x + at, y + at, Chunks.SizeOf(block, count));
    }
}

readonly unsafe struct ActivateBackwardChunks<T>(
    Activation activation,
    float* x,
    float* dy,
    float* dx,
    int count
) : IBlocks
    where T : struct, ILanes<T>
{
    public void Run(int block)
    {
        int at = block * Chunks.Size,
            size = Chunks.SizeOf(block, count);
        VectorActivations.Derivative<T>(activation, x + at, dy + at, dx + at, size);
    }
}

readonly unsafe struct AddChunks<T>(float* x, float* other, float* y, int count) : IBlocks
    where T : struct, ILanes<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int block)
    {
        float* from = x + block * Chunks.Size,
            more = other + block * Chunks.Size,
            to = y + block * Chunks.Size;
        int size = Chunks.SizeOf(block, count),
            i = 0;
        for (; i <= size - T.Count; i += T.Count)
        {
            (T.Load(more + i) + T.Load(from + i)).Store(to + i);
        }

        for (; i < size; i++)
        {
            to[i] = more[i] + from[i];
        }
    }
}

/// <summary>
/// The steps are those of the reference, one by one and each rounded, so the bits are the same; seven streams of
/// memory pass once, which takes longer than the arithmetic.
/// </summary>
readonly unsafe struct AdamWChunks<T>(Learned of, AdamWStep step, float gradientScale) : IBlocks
    where T : struct, ILanes<T>
{
    readonly float* _parameter = of.Parameter.Address();
    readonly float* _gradient = of.Gradient!.Address();
    readonly float* _first = of.First.Address();
    readonly float* _second = of.Second.Address();

    public void Run(int block) =>
        Range((nint)block * Chunks.Size, Chunks.SizeOf(block, of.Parameter.Count));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Range(nint at, int size)
    {
        float* p = _parameter + at,
            g = _gradient + at,
            m = _first + at,
            v = _second + at;
        int i = 0;
        for (; i <= size - T.Count; i += T.Count)
        {
            Step(p + i, g + i, m + i, v + i);
        }

        if (i < size)
        {
            // The last few pass through registers' worth of scratch, filled up with zeros.
            float* scratch = stackalloc float[4 * T.Count];
            new Span<float>(scratch, 4 * T.Count).Clear();
            int rest = size - i;
            Copy(p + i, scratch, rest);
            Copy(g + i, scratch + T.Count, rest);
            Copy(m + i, scratch + 2 * T.Count, rest);
            Copy(v + i, scratch + 3 * T.Count, rest);
            Step(scratch, scratch + T.Count, scratch + 2 * T.Count, scratch + 3 * T.Count);
            Copy(scratch, p + i, rest);
            Copy(scratch + 2 * T.Count, m + i, rest);
            Copy(scratch + 3 * T.Count, v + i, rest);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    void Step(float* parameterAt, float* gradientAt, float* firstAt, float* secondAt)
    {
        T p = T.Load(parameterAt),
            g = T.Load(gradientAt) * T.All(gradientScale);
        p -= T.All(step.Rate * step.Decay) * p;
        T m = T.All(step.Beta1) * T.Load(firstAt) + T.All(1 - step.Beta1) * g;
        T v = T.All(step.Beta2) * T.Load(secondAt) + T.All(1 - step.Beta2) * g * g;
        T root = T.Root(v / T.All(step.Correction2)) + T.All(step.Epsilon);
        p -= T.All(step.Rate) * (m / T.All(step.Correction1)) / root;
        p.Store(parameterAt);
        m.Store(firstAt);
        v.Store(secondAt);
    }

    public static void Copy(float* from, float* to, int count) =>
        new ReadOnlySpan<float>(from, count).CopyTo(new Span<float>(to, count));
}

/// <summary>Squares are exact in double; each chunk's sum goes to its own place. One width serves all: memory decides.</summary>
readonly unsafe struct SquareChunks(float* x, int count, double* parts) : IBlocks
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int block)
    {
        float* from = x + block * Chunks.Size;
        int size = Chunks.SizeOf(block, count),
            i = 0;
        Vector256<double> a = Vector256<double>.Zero,
            b = Vector256<double>.Zero;
        for (; i <= size - 8; i += 8)
        {
            var (low, high) = Vector256.Widen(Vector256.Load(from + i));
            a += low * low;
            b += high * high;
        }

        double total = Vector256.Sum(a + b);
        for (; i < size; i++)
        {
            total += (double)from[i] * from[i];
        }

        parts[block] = total;
    }
}
