using System.Runtime.CompilerServices;
using Espalier.Kernels.Vectors;

namespace Espalier.Kernels.Heads;

/// <summary>Scores alone, a tile of queries at a time.</summary>
readonly unsafe struct AttentionScoreBlocks<T>(
    AttentionShape shape,
    Columns q,
    Columns k,
    float* scores
) : IBlocks
    where T : struct, ILanes<T>
{
    // A multiple of the product's six rows.
    const int Tile = 48;

    public void Run(int job)
    {
        var (first, past) = shape.ItemsOf(job);
        for (int i = first; i < past; i++)
        {
            Head(shape.Item(i));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void Head(in AttentionItem item)
    {
        int width = shape.Form.Width,
            padded = AttentionShape.Padded<T>(item.Keys);
        float* kTransposed = Scratch.ForBlock((width + Math.Min(Tile, item.Rows)) * padded);
        float* product = kTransposed + width * padded;
        new HeadColumns(k, item.KeyStart, item.KeyHead, width).TransposeTo<T>(
            kTransposed,
            padded,
            item.Keys
        );
        for (int head = item.FirstHead; head < item.FirstHead + item.Group; head++)
        {
            HeadColumns queries = new(q, item.Start, head, width);
            for (int i = 0; i < item.Rows; i += Tile)
            {
                int tile = Math.Min(Tile, item.Rows - i);
                var (first, past) = item.SeenBy(i, tile, T.Count);
                SmallProduct<T>.Multiply(
                    queries.Row(i),
                    queries.Stride,
                    1,
                    kTransposed + first,
                    padded,
                    product + first,
                    padded,
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
) : IBlocks
    where T : struct, ILanes<T>
{
    const int Tile = 48;

    public void Run(int job)
    {
        var (first, past) = shape.ItemsOf(job);
        for (int i = first; i < past; i++)
        {
            Head(shape.Item(i));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void Head(in AttentionItem item)
    {
        int width = shape.Form.Width,
            w = AttentionShape.Padded<T>(width),
            keys = item.Keys,
            tile = Math.Min(Tile, item.Rows);
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
            for (int i = 0; i < item.Rows; i += Tile)
            {
                tile = Math.Min(Tile, item.Rows - i);
                var (first, past) = item.SeenBy(i, tile, T.Count);
                int seen = past - first;
                float* ds = dScores + item.ProbabilitiesOf(head, i) + first;
                qs.CopyTo<T>(qHere, w, i, tile);
                SmallProduct<T>.Multiply(
                    ds,
                    item.KeyRows,
                    1,
                    kHere + first * w,
                    w,
                    dqHere,
                    w,
                    tile,
                    w,
                    seen
                );
                SmallProduct<T>.Multiply(
                    ds,
                    1,
                    item.KeyRows,
                    qHere,
                    w,
                    dkHere + first * w,
                    w,
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
