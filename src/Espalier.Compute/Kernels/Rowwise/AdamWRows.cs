using System.Runtime.CompilerServices;
using Espalier.Kernels.Vectors;

namespace Espalier.Kernels.Rowwise;

/// <summary>
/// Steps that rows of a table have missed, taken one after another on numbers that stay in registers; each is that of
/// <see cref="AdamWChunks{T}"/>.
/// </summary>
readonly unsafe struct AdamWRows<T>(Learned of, MissedSteps missed, float gradientScale) : IBlocks
    where T : struct, ILanes<T>
{
    // Rows in one block of work.
    const int BlockRows = 8;

    public int Blocks => (missed.Rows.Length + BlockRows - 1) / BlockRows;

    public void Run(int block)
    {
        ReadOnlySpan<int> all = missed.Rows.Span,
            counts = missed.Taken.Span;
        float* scratch = stackalloc float[4 * T.Count];
        for (int r = block * BlockRows; r < Math.Min(all.Length, (block + 1) * BlockRows); r++)
        {
            int row = all[r],
                columns = of.Parameter.Columns,
                i = 0;
            nint at = (nint)row * columns;
            ReadOnlySpan<AdamWStep> steps = missed.Steps.Span[counts[row]..];
            float* p = of.Parameter.Address() + at,
                g = of.Gradient is { } gradient ? gradient.Address() + at : null,
                m = of.First.Address() + at,
                v = of.Second.Address() + at;
            for (; i <= columns - T.Count; i += T.Count)
            {
                Take(steps, p + i, g is null ? null : g + i, m + i, v + i);
            }

            if (i < columns)
            {
                // The last few pass through registers' worth of scratch, filled up with zeros.
                int rest = columns - i;
                new Span<float>(scratch, 4 * T.Count).Clear();
                AdamWChunks<T>.Copy(p + i, scratch, rest);
                AdamWChunks<T>.Copy(m + i, scratch + T.Count, rest);
                AdamWChunks<T>.Copy(v + i, scratch + 2 * T.Count, rest);
                if (g is not null)
                {
                    AdamWChunks<T>.Copy(g + i, scratch + 3 * T.Count, rest);
                    new Span<float>(g + i, rest).Clear();
                }

                float* moments = scratch + T.Count;
                Take(steps, scratch, scratch + 3 * T.Count, moments, moments + T.Count);
                AdamWChunks<T>.Copy(scratch, p + i, rest);
                AdamWChunks<T>.Copy(scratch + T.Count, m + i, rest);
                AdamWChunks<T>.Copy(scratch + 2 * T.Count, v + i, rest);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void Take(
        ReadOnlySpan<AdamWStep> steps,
        float* to,
        float* gradientAt,
        float* first,
        float* second
    )
    {
        T p = T.Load(to),
            m = T.Load(first),
            v = T.Load(second);
        for (int s = 0; s < steps.Length; s++)
        {
            ref readonly AdamWStep step = ref steps[s];
            bool has = gradientAt is not null && s == steps.Length - 1;
            T g = has ? T.Load(gradientAt) * T.All(gradientScale) : T.All(0);
            p -= T.All(step.Rate * step.Decay) * p;
            m = T.All(step.Beta1) * m + T.All(1 - step.Beta1) * g;
            v = T.All(step.Beta2) * v + T.All(1 - step.Beta2) * g * g;
            T root = T.Root(v / T.All(step.Correction2)) + T.All(step.Epsilon);
            p -= T.All(step.Rate) * (m / T.All(step.Correction1)) / root;
        }

        p.Store(to);
        m.Store(first);
        v.Store(second);
        if (gradientAt is not null)
        {
            T.All(0).Store(gradientAt);
        }
    }
}
