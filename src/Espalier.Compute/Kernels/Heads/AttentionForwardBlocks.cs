using System.Runtime.CompilerServices;
using Espalier.Kernels.Vectors;
using Espalier.Tensors;

namespace Espalier.Kernels.Heads;

readonly unsafe struct AttentionForwardBlocks<T>(
    AttentionShape shape,
    Columns q,
    Columns k,
    Columns v,
    Tensor y,
    float* probabilities,
    AttentionMask mask
) : IBlocks
    where T : struct, ILanes<T>
{
    // Queries at a time, so that their scores stay near: a multiple of the product's six rows.
    const int Tile = 48;

    public void Run(int job)
    {
        var (first, past) = shape.ItemsOf(job);
        for (int item = first; item < past; item++)
        {
            Head(item);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void Head(int item)
    {
        var (head, start, rows, keys, kept) = shape.Item(item);
        int width = shape.Width,
            paddedWidth = AttentionShape.Padded<T>(width),
            paddedKeys = AttentionShape.Padded<T>(keys),
            tile = Math.Min(Tile, rows);
        HeadColumns queries = new(q, start, head, width),
            results = new(new Columns(y), start, head, width);

        // [width, keys] of k, so that a register holds one number of sixteen keys; [keys, width] of v.
        float* kTransposed = Scratch.ForBlock(
            width * paddedKeys
                + keys * paddedWidth
                + tile * (paddedKeys + paddedWidth)
                + AttentionMask.Room<T>(keys)
        );
        float* values = kTransposed + width * paddedKeys;
        float* scores = values + keys * paddedWidth;
        float* sums = scores + tile * paddedKeys;
        float* factors = sums + tile * paddedWidth;
        new HeadColumns(k, start, head, width).TransposeTo<T>(kTransposed, paddedKeys, keys);
        new HeadColumns(v, start, head, width).CopyTo<T>(values, paddedWidth, 0, keys);
        for (int i = 0; i < rows; i += Tile)
        {
            tile = Math.Min(Tile, rows - i);
            SmallProduct<T>.Multiply(
                queries.Row(i),
                queries.Stride,
                1,
                kTransposed,
                paddedKeys,
                scores,
                paddedKeys,
                tile,
                paddedKeys,
                width
            );
            if (keys > 0)
            {
                Softmax(scores, tile, paddedKeys, keys, 1 / MathF.Sqrt(width));
            }

            for (int r = 0; r < tile; r++)
            {
                float* row = scores + r * paddedKeys;
                queries.PrefetchNext(queries.Row(i + r));
                if (probabilities != null)
                {
                    float* to = probabilities + kept + (long)(i + r) * rows;
                    Buffer.MemoryCopy(row, to, 4L * keys, 4L * keys);
                    new Span<float>(to + keys, rows - keys).Clear();
                }

                if (!mask.DropsNothing)
                {
                    mask.Factors<T>(head, start + i + r, keys, factors);
                    Scale(row, factors, paddedKeys);
                }
            }

            SmallProduct<T>.Multiply(
                scores,
                paddedKeys,
                1,
                values,
                paddedWidth,
                sums,
                paddedWidth,
                tile,
                paddedWidth,
                keys
            );
            results.CopyFrom<T>(sums, paddedWidth, i, tile);
        }
    }

    /// <summary>
    /// e^(scale · (s − largest)) over its sum, in place, row by row. Only the last register may have lanes behind the
    /// last key: they are left out of the largest by adding −∞ and out of the sum by a factor 0.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Softmax(float* row, int rows, int stride, int keys, float scale)
    {
        // Read from the right place, the edge has as many zeros in front as there are keys in the last register.
        float* edge = stackalloc float[2 * T.Count];
        new Span<float>(edge, T.Count).Clear();
        new Span<float>(edge + T.Count, T.Count).Fill(float.NegativeInfinity);
        int last = stride - T.Count;
        T bias = T.Load(edge + stride - keys),
            live = T.WhereAtLeast(bias, T.All(0), T.All(1)),
            factor = T.All(scale);
        float* tops = stackalloc float[Tile],
            shares = stackalloc float[Tile];

        // Rows wait for nothing of each other, so the processor works on several at once; the shorter the
        // loop's body, the more. Hence three loops.
        for (int r = 0; r < rows; r++)
        {
            float* at = row + r * stride;
            T top = T.Load(at + last) + bias;
            for (int j = 0; j < last; j += T.Count)
            {
                top = T.Larger(top, T.Load(at + j));
            }

            tops[r] = top.Largest();
        }

        for (int r = 0; r < rows; r++)
        {
            float* at = row + r * stride;
            T largest = T.All(tops[r]),
                sum = T.All(0);
            for (int j = 0; j < last; j += T.Count)
            {
                T e = Lanes.Exp((T.Load(at + j) - largest) * factor);
                e.Store(at + j);
                sum += e;
            }

            T end = Lanes.Exp((T.Load(at + last) - largest) * factor) * live;
            end.Store(at + last);
            shares[r] = (sum + end).Sum();
        }

        for (int r = 0; r < rows; r++)
        {
            float* at = row + r * stride;
            T share = T.All(1 / shares[r]);
            for (int j = 0; j <= last; j += T.Count)
            {
                (T.Load(at + j) * share).Store(at + j);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Scale(float* row, float* factors, int count)
    {
        for (int j = 0; j < count; j += T.Count)
        {
            (T.Load(row + j) * T.Load(factors + j)).Store(row + j);
        }
    }
}
