using System.Runtime.CompilerServices;
using Espalier.Kernels.Rowwise;
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
) : IHead
    where T : struct, ILanes<T>
{
    // So far below every score that its exponential adds nothing to a sum, in no bit.
    internal const float Unseen = -1e30f;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(in AttentionItem item)
    {
        int width = shape.Form.Width,
            rows = item.Rows,
            keys = item.Keys,
            paddedWidth = AttentionShape.Padded<T>(width),
            paddedKeys = AttentionShape.Padded<T>(keys),
            tile = Math.Min(AttentionShape.Tile, rows);
        bool masks = item.Masks;

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
        float* keySums = null;
        if (shape.KeySums != null)
        {
            keySums = shape.KeySums + (nint)item.KeyHead * shape.KeyRows + item.KeyStart;
            new Span<float>(keySums, item.KeyRows).Clear();
        }

        new HeadColumns(k, item.KeyStart, item.KeyHead, width).TransposeTo<T>(
            kTransposed,
            paddedKeys,
            keys
        );
        new HeadColumns(v, item.KeyStart, item.KeyHead, width).CopyTo<T>(
            values,
            paddedWidth,
            0,
            keys
        );
        for (int head = item.FirstHead; head < item.FirstHead + item.Group; head++)
        {
            HeadColumns queries = new(q, item.Start, head, width),
                results = new(new Columns(y), item.Start, head, width);
            for (int i = 0; i < rows; i += AttentionShape.Tile)
            {
                tile = Math.Min(AttentionShape.Tile, rows - i);
                var (first, past) = item.SeenBy(i, tile, T.Count);
                SmallProduct<T>.Multiply(
                    new(queries.Row(i), queries.Stride),
                    new(kTransposed + first, paddedKeys),
                    new(scores + first, paddedKeys),
                    tile,
                    AttentionShape.Padded<T>(past - first),
                    width
                );
                if (masks)
                {
                    Blind(scores, paddedKeys, i, tile, item, first, past, Unseen);
                }

                if (past > first)
                {
                    Softmax(scores + first, tile, paddedKeys, past - first, shape.Scale);
                }

                if (masks)
                {
                    Blind(scores, paddedKeys, i, tile, item, first, past, 0);
                }

                for (int r = 0; r < tile; r++)
                {
                    float* row = scores + r * paddedKeys;
                    queries.PrefetchNext(queries.Row(i + r));
                    if (probabilities != null)
                    {
                        float* to = probabilities + item.ProbabilitiesOf(head, i + r);
                        new Span<float>(to, first).Clear();
                        Buffer.MemoryCopy(
                            row + first,
                            to + first,
                            4L * (past - first),
                            4L * (past - first)
                        );
                        new Span<float>(to + past, item.KeyRows - past).Clear();
                    }

                    if (keySums != null && i + r < item.Queries)
                    {
                        RowBlocks.AddTo<T>(row + first, keySums + first, past - first);
                    }

                    if (!mask.DropsNothing)
                    {
                        mask.Factors<T>(head, item.Start + i + r, past, factors);
                        Scale(row + first, factors + first, AttentionShape.Padded<T>(past - first));
                    }
                }

                SmallProduct<T>.Multiply(
                    new(scores + first, paddedKeys),
                    new(values + first * paddedWidth, paddedWidth),
                    new(sums, paddedWidth),
                    tile,
                    paddedWidth,
                    past - first
                );
                results.CopyFrom<T>(sums, paddedWidth, i, tile);
            }
        }
    }

    /// <summary>Writes a number in place of what queries do not see of keys first to past.</summary>
    static void Blind(
        float* scores,
        int stride,
        int query,
        int rows,
        in AttentionItem item,
        int first,
        int past,
        float number
    )
    {
        for (int r = 0; r < rows; r++)
        {
            var (from, end) = item.Seen(query + r);
            float* row = scores + r * stride;
            new Span<float>(row + first, from - first).Fill(number);
            new Span<float>(row + end, past - end).Fill(number);
        }
    }

    /// <summary>
    /// e^(scale · (s − largest)) over its sum, in place, row by row. Only the last register may have lanes behind the
    /// last key: they are left out of the largest by adding −∞ and out of the sum by a factor 0.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Softmax(float* row, int rows, int stride, int keys, float scale)
    {
        // Read from the right place, the edge has as many zeros in front as there are keys in the last register.
        float* edge = stackalloc float[2 * T.Count];
        new Span<float>(edge, T.Count).Clear();
        new Span<float>(edge + T.Count, T.Count).Fill(float.NegativeInfinity);
        int padded = AttentionShape.Padded<T>(keys),
            last = padded - T.Count;
        T bias = T.Load(edge + padded - keys),
            live = T.WhereAtLeast(bias, T.All(0), T.All(1)),
            factor = T.All(scale);
        float* tops = stackalloc float[AttentionShape.Tile],
            shares = stackalloc float[AttentionShape.Tile];

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
