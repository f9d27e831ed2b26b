using System.Runtime.CompilerServices;
using Espalier.Kernels.Vectors;
using Espalier.Tensors;

namespace Espalier.Kernels.Rowwise;

/// <summary>
/// Steps that rows of a table have missed, taken one after another on numbers that stay in registers; each is that of
/// <see cref="AdamWChunks{T}"/>.
/// </summary>
readonly unsafe struct AdamWRows<T>(
    Tensor parameter,
    Tensor? gradient,
    Tensor first,
    Tensor second,
    ReadOnlyMemory<int> rows,
    ReadOnlyMemory<int> taken,
    ReadOnlyMemory<AdamWStep> steps,
    float gradientScale
) : IBlocks
    where T : struct, ILanes<T>
{
    // Rows in one block of work.
    const int BlockRows = 8;

    public int Blocks => (rows.Length + BlockRows - 1) / BlockRows;

    public void Run(int block)
    {
        ReadOnlySpan<int> all = rows.Span,
            counts = taken.Span;
        float* scratch = stackalloc float[4 * T.Count];
        for (int r = block * BlockRows; r < Math.Min(all.Length, (block + 1) * BlockRows); r++)
        {
            int row = all[r],
                columns = parameter.Columns,
                i = 0;
            nint at = (nint)row * columns;
            ReadOnlySpan<AdamWStep> missed = steps.Span[counts[row]..];
            float* p = parameter.Address() + at,
                g = gradient is null ? null : gradient.Address() + at,
                m = first.Address() + at,
                v = second.Address() + at;
            for (; i <= columns - T.Count; i += T.Count)
            {
                Take(missed, p + i, g is null ? null : g + i, m + i, v + i);
            }

            if (i < columns)
            {
                // The last few pass through registers' worth of scratch, filled up with zeros.
                int rest = columns - i;
                new Span<float>(scratch, 4 * T.Count).Clear();
                Copy(p + i, scratch, rest);
                Copy(m + i, scratch + T.Count, rest);
                Copy(v + i, scratch + 2 * T.Count, rest);
                if (g is not null)
                {
                    Copy(g + i, scratch + 3 * T.Count, rest);
                    new Span<float>(g + i, rest).Clear();
                }

                Take(
                    missed,
                    scratch,
                    scratch + 3 * T.Count,
                    scratch + T.Count,
                    scratch + 2 * T.Count
                );
                Copy(scratch, p + i, rest);
                Copy(scratch + T.Count, m + i, rest);
                Copy(scratch + 2 * T.Count, v + i, rest);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void Take(
        ReadOnlySpan<AdamWStep> missed,
        float* parameterAt,
        float* gradientAt,
        float* firstAt,
        float* secondAt
    )
    {
        T p = T.Load(parameterAt),
            m = T.Load(firstAt),
            v = T.Load(secondAt);
        for (int s = 0; s < missed.Length; s++)
        {
            ref readonly AdamWStep step = ref missed[s];
            bool has = gradientAt is not null && s == missed.Length - 1;
            T g = has ? T.Load(gradientAt) * T.All(gradientScale) : T.All(0);
            p -= T.All(step.Rate * step.Decay) * p;
            m = T.All(step.Beta1) * m + T.All(1 - step.Beta1) * g;
            v = T.All(step.Beta2) * v + T.All(1 - step.Beta2) * g * g;
            T root = T.Root(v / T.All(step.Correction2)) + T.All(step.Epsilon);
            p -= T.All(step.Rate) * (m / T.All(step.Correction1)) / root;
        }

        p.Store(parameterAt);
        m.Store(firstAt);
        v.Store(secondAt);
        if (gradientAt is not null)
        {
            T.All(0).Store(gradientAt);
        }
    }

    static void Copy(float* from, float* to, int count) =>
        new ReadOnlySpan<float>(from, count).CopyTo(new Span<float>(to, count));
}
