using System.Runtime.CompilerServices;
using Espalier.Kernels.Vectors;

namespace Espalier.Kernels.Rowwise;

/// <summary>A norm as its loops read it. Holds addresses only: the tensors must outlive it.</summary>
readonly unsafe struct NormRow(in Norm norm)
{
    public float* Weight { get; } = norm.Weight.Address();

    /// <summary>Null: none.</summary>
    public float* Bias { get; } = norm.Bias is { } bias ? bias.Address() : null;

    public float Epsilon { get; } = norm.Epsilon;

    public bool TakesMean { get; } = norm.Kind == NormKind.Layer;
}

/// <summary>
/// The norm of each row in three passes over it, all but the first in the nearest cache: the sum with the
/// residual and its mean, the variance about that mean (or about 0), the result.
/// </summary>
readonly unsafe struct NormBlocks<T>(
    RowBlocks rows,
    float* x,
    float* residual,
    NormRow norm,
    float* y,
    float* sum,
    float* statistics
) : IBlocks
    where T : struct, ILanes<T>
{
    public void Run(int job)
    {
        var (first, past) = rows.RowsOfJob(job);
        for (int r = first; r < past; r++)
        {
            nint at = (nint)r * rows.Columns;
            float* other = residual == null ? null : residual + at,
                kept = sum == null ? null : sum + at;
            var (mean, scale) = Row(x + at, other, y + at, kept, rows.Columns, norm);
            if (statistics != null)
            {
                statistics[2 * r] = mean;
                statistics[2 * r + 1] = scale;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static (float Mean, float Scale) Row(
        float* from,
        float* other,
        float* to,
        float* kept,
        int n,
        in NormRow norm
    )
    {
        if (other == null)
        {
            if (from != to)
            {
                Buffer.MemoryCopy(from, to, 4L * n, 4L * n);
            }
        }
        else
        {
            AddInto(from, other, to, n);
        }

        if (kept != null)
        {
            Buffer.MemoryCopy(to, kept, 4L * n, 4L * n);
        }

        float mean = norm.TakesMean ? Sum(to, n) / n : 0;
        float variance = SquaresAbout(mean, to, n) / n;
        float scale = 1 / MathF.Sqrt(variance + norm.Epsilon);
        float* weight = norm.Weight,
            bias = norm.Bias;
        T centre = T.All(mean),
            factor = T.All(scale);
        int i = 0;
        for (; i <= n - T.Count; i += T.Count)
        {
            T normed = (T.Load(to + i) - centre) * factor;
            T offset = bias == null ? T.All(0) : T.Load(bias + i);
            T.MultiplyAdd(normed, T.Load(weight + i), offset).Store(to + i);
        }

        for (; i < n; i++)
        {
            float offset = bias == null ? 0 : bias[i];
            to[i] = MathF.FusedMultiplyAdd((to[i] - mean) * scale, weight[i], offset);
        }

        return (mean, scale);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void AddInto(float* from, float* other, float* to, int n)
    {
        int i = 0;
        for (; i <= n - T.Count; i += T.Count)
        {
            (T.Load(from + i) + T.Load(other + i)).Store(to + i);
        }

        for (; i < n; i++)
        {
            to[i] = from[i] + other[i];
        }
    }

    /// <summary>Two registers of partial sums: an addition takes four cycles, and two can be under way.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static float Sum(float* at, int n)
    {
        T a = T.All(0),
            b = T.All(0);
        int i = 0;
        for (; i <= n - 2 * T.Count; i += 2 * T.Count)
        {
            a += T.Load(at + i);
            b += T.Load(at + i + T.Count);
        }

        if (i <= n - T.Count)
        {
            a += T.Load(at + i);
            i += T.Count;
        }

        float total = (a + b).Sum();
        for (; i < n; i++)
        {
            total += at[i];
        }

        return total;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static float SquaresAbout(float mean, float* at, int n)
    {
        T centre = T.All(mean),
            a = T.All(0),
            b = T.All(0);
        int i = 0;
        for (; i <= n - 2 * T.Count; i += 2 * T.Count)
        {
            T left = T.Load(at + i) - centre,
                right = T.Load(at + i + T.Count) - centre;
            a = T.MultiplyAdd(left, left, a);
            b = T.MultiplyAdd(right, right, b);
        }

        if (i <= n - T.Count)
        {
            T left = T.Load(at + i) - centre;
            a = T.MultiplyAdd(left, left, a);
            i += T.Count;
        }

        float total = (a + b).Sum();
        for (; i < n; i++)
        {
            total += (at[i] - mean) * (at[i] - mean);
        }

        return total;
    }
}

/// <summary>
/// With n = (s − mean) · rstd and g = dy · weight: dx = rstd · (g − mean(g) − n · mean(g · n)), without the mean of g where s
/// has lost none. The first pass over a row takes both means and adds dy · n and dy to the block's line of gradients; the
/// second writes dx.
/// </summary>
readonly unsafe struct NormBackwardBlocks<T>(
    RowBlocks rows,
    float* dy,
    float* sum,
    float* statistics,
    NormRow norm,
    float* more,
    float* dx,
    float* parts
) : IBlocks
    where T : struct, ILanes<T>
{
    public void Run(int job)
    {
        int columns = rows.Columns;
        var (firstBlock, pastBlock) = rows.BlocksOf(job);
        for (int block = firstBlock; block < pastBlock; block++)
        {
            float* part = parts + (nint)block * 2 * columns;
            new Span<float>(part, 2 * columns).Clear();
            var (first, past) = rows.RowsOf(block);
            for (int r = first; r < past; r++)
            {
                nint at = (nint)r * columns;
                float* given = more == null ? null : more + at;
                Row(dy + at, sum + at, statistics + 2 * r, given, dx + at, part, part + columns);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void Row(
        float* from,
        float* at,
        float* meanAndScale,
        float* given,
        float* to,
        float* dWeight,
        float* dBias
    )
    {
        float* weight = norm.Weight;
        int columns = rows.Columns,
            i = 0;
        float mean = meanAndScale[0],
            scale = meanAndScale[1];
        T centre = T.All(mean),
            factor = T.All(scale),
            sumG = T.All(0),
            sumGn = T.All(0);
        for (; i <= columns - T.Count; i += T.Count)
        {
            T up = T.Load(from + i),
                n = (T.Load(at + i) - centre) * factor,
                g = up * T.Load(weight + i);
            sumG += g;
            sumGn = T.MultiplyAdd(g, n, sumGn);
            T.MultiplyAdd(up, n, T.Load(dWeight + i)).Store(dWeight + i);
            (T.Load(dBias + i) + up).Store(dBias + i);
        }

        float meanG = sumG.Sum(),
            meanGn = sumGn.Sum();
        for (; i < columns; i++)
        {
            float n = (at[i] - mean) * scale,
                g = from[i] * weight[i];
            meanG += g;
            meanGn += g * n;
            dWeight[i] += from[i] * n;
            dBias[i] += from[i];
        }

        meanG = norm.TakesMean ? meanG / columns : 0;
        meanGn /= columns;
        T offset = T.All(meanG),
            slope = T.All(-meanGn);
        for (i = 0; i <= columns - T.Count; i += T.Count)
        {
            T n = (T.Load(at + i) - centre) * factor,
                g = T.Load(from + i) * T.Load(weight + i);
            T result = factor * T.MultiplyAdd(n, slope, g - offset);
            (given == null ? result : result + T.Load(given + i)).Store(to + i);
        }

        for (; i < columns; i++)
        {
            float n = (at[i] - mean) * scale,
                g = from[i] * weight[i];
            to[i] = scale * (g - meanG - n * meanGn) + (given == null ? 0 : given[i]);
        }
    }
}
