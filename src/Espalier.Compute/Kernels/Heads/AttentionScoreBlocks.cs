using System.Runtime.CompilerServices;
using Espalier.Kernels.Vectors;

namespace Espalier.Kernels.Heads;

/// <summary>Scores alone, a tile of queries at a time.</summary>
readonly unsafe struct AttentionScoreBlocks<T>(
    AttentionShape shape,
    Columns q,
    Columns k,
    float* scores
) : IHead
    where T : struct, ILanes<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(in AttentionItem item)
    {
        int width = shape.Form.Width,
            padded = AttentionShape.Padded<T>(item.Keys);
        float* kTransposed = Scratch.ForBlock(
            (width + Math.Min(AttentionShape.Tile, item.Rows)) * padded
        );
        float* product = kTransposed + width * padded;
        new HeadColumns(k, item.KeyStart, item.KeyHead, width).TransposeTo<T>(
            kTransposed,
            padded,
            item.Keys
        );
        for (int head = item.FirstHead; head < item.FirstHead + item.Group; head++)
        {
            HeadColumns queries = new(q, item.Start, head, width);
            for (int i = 0; i < item.Rows; i += AttentionShape.Tile)
            {
                int tile = Math.Min(AttentionShape.Tile, item.Rows - i);
                var (first, past) = item.SeenBy(i, tile, T.Count);
                SmallProduct<T>.Multiply(
                    new(queries.Row(i), queries.Stride),
                    new(kTransposed + first, padded),
                    new(product + first, padded),
                    tile,
                    AttentionShape.Padded<T>(past - first),
                    width
                );
                for (int r = 0; r < tile; r++)
                {
                    var (from, end) = i + r < item.Queries ? item.Seen(i + r) : (0, 0);
                    float* to = scores + item.ProbabilitiesOf(head, i + r);
                    new Span<float>(to, from).Clear();
                    Scaled(product + r * padded + from, to + from, end - from, shape.Scale);
                    new Span<float>(to + end, item.KeyRows - end).Clear();
                }
            }
        }
    }

    /// <summary>to = scale · from.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scaled(float* from, float* to, int count, float scale)
    {
        T factor = T.All(scale);
        int j = 0;
        for (; j <= count - T.Count; j += T.Count)
        {
            (T.Load(from + j) * factor).Store(to + j);
        }

        if (j < count)
        {
            (T.LoadPart(from + j, count - j) * factor).StorePart(to + j, count - j);
        }
    }
}

/// <summary>dQ = scale · dS K, dK = scale · dSᵀ Q; dS is read where it lies.</summary>
readonly unsafe struct AttentionScoreBackwardBlocks<T>(
    AttentionShape shape,
    Columns q,
    Columns k,
    float* dScores,
    Columns dq,
    Columns dk
) : IHead
    where T : struct, ILanes<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(in AttentionItem item)
    {
        int width = shape.Form.Width,
            w = AttentionShape.Padded<T>(width),
            keys = item.Keys,
            tile = Math.Min(AttentionShape.Tile, item.Rows);
        float* kHere = Scratch.ForBlock(2 * (keys + tile) * w);
        float* dkHere = kHere + keys * w;
        float* qHere = dkHere + keys * w;
        float* dqHere = qHere + tile * w;
        new Span<float>(dkHere, keys * w).Clear();
        HeadColumns dks = new(dk, item.KeyStart, item.KeyHead, width);
        new HeadColumns(k, item.KeyStart, item.KeyHead, width).CopyTo<T>(kHere, w, 0, keys);
        for (int head = item.FirstHead; head < item.FirstHead + item.Group; head++)
        {
            HeadColumns qs = new(q, item.Start, head, width),
                dqs = new(dq, item.Start, head, width);
            for (int i = 0; i < item.Rows; i += AttentionShape.Tile)
            {
                tile = Math.Min(AttentionShape.Tile, item.Rows - i);
                var (first, past) = item.SeenBy(i, tile, T.Count);
                int seen = past - first;
                float* ds = dScores + item.ProbabilitiesOf(head, i) + first;
                qs.CopyTo<T>(qHere, w, i, tile);
                SmallProduct<T>.Multiply(
                    new(ds, item.KeyRows),
                    new(kHere + first * w, w),
                    new(dqHere, w),
                    tile,
                    w,
                    seen
                );
                SmallProduct<T>.Multiply(
                    new(ds, 1, item.KeyRows),
                    new(qHere, w),
                    new(dkHere + first * w, w),
                    seen,
                    w,
                    tile,
                    true
                );
                AttentionScoreBlocks<T>.Scaled(dqHere, dqHere, tile * w, shape.Scale);
                dqs.CopyFrom<T>(dqHere, w, i, tile);
            }
        }

        AttentionScoreBlocks<T>.Scaled(dkHere, dkHere, keys * w, shape.Scale);
        dks.CopyFrom<T>(dkHere, w, 0, keys);
        dks.Clear(keys, item.KeyRows - keys);
    }
}
