using System.Runtime.CompilerServices;
using Espalier.Kernels.Vectors;
using Espalier.Tensors;

namespace Espalier.Kernels.Heads;

/// <summary>
/// With P the probabilities, M the mask's factors and Y = (P · M) V: dV = (P · M)ᵀ dY, dP = M · (dY Vᵀ),
/// dS = scale · P · (dP − Σ P · dP), dQ = dS K, dK = dSᵀ Q. Queries come in tiles; dK and dV grow from tile to tile.
/// </summary>
readonly unsafe struct AttentionBackwardBlocks<T>(
    AttentionShape shape,
    Columns q,
    Columns k,
    Columns v,
    float* probabilities,
    Tensor dy,
    Columns dq,
    Columns dk,
    Columns dv,
    AttentionMask mask
) : IHead
    where T : struct, ILanes<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(in AttentionItem item)
    {
        int width = shape.Form.Width,
            rows = item.Rows,
            keys = item.Keys,
            w = AttentionShape.Padded<T>(width),
            n = AttentionShape.Padded<T>(keys),
            tile = Math.Min(AttentionShape.Tile, rows),
            room = AttentionMask.Room<T>(keys);
        float scale = shape.Scale;

        // Of keys: vᵀ, k and both their gradients; of a tile: q, dy, dq; of their pairs: the masked P and dS.
        float* vTransposed = Scratch.ForBlock(
            width * n + 3 * keys * w + 3 * tile * w + 2 * tile * n + room
        );
        float* kHere = vTransposed + width * n;
        float* dkHere = kHere + keys * w;
        float* dvHere = dkHere + keys * w;
        float* qHere = dvHere + keys * w;
        float* dyHere = qHere + tile * w;
        float* dqHere = dyHere + tile * w;
        float* masked = dqHere + tile * w;
        float* ds = masked + tile * n;
        float* factors = ds + tile * n;
        new Span<float>(factors, room).Fill(1);
        new Span<float>(dkHere, 2 * keys * w).Clear();

        HeadColumns dks = new(dk, item.KeyStart, item.KeyHead, width),
            dvs = new(dv, item.KeyStart, item.KeyHead, width);
        new HeadColumns(v, item.KeyStart, item.KeyHead, width).TransposeTo<T>(vTransposed, n, keys);
        new HeadColumns(k, item.KeyStart, item.KeyHead, width).CopyTo<T>(kHere, w, 0, keys);
        for (int head = item.FirstHead; head < item.FirstHead + item.Group; head++)
        {
            HeadColumns qs = new(q, item.Start, head, width),
                dys = new(new Columns(dy), item.Start, head, width),
                dqs = new(dq, item.Start, head, width);
            for (int i = 0; i < rows; i += AttentionShape.Tile)
            {
                tile = Math.Min(AttentionShape.Tile, rows - i);
                var (first, past) = item.SeenBy(i, tile, T.Count);
                int seen = past - first;
                float* pairs = ds + first,
                    kept = masked + first,
                    keysHere = kHere + first * w;
                qs.CopyTo<T>(qHere, w, i, tile);
                dys.CopyTo<T>(dyHere, w, i, tile);
                SmallProduct<T>.Multiply(
                    new(dyHere, w),
                    new(vTransposed + first, n),
                    new(pairs, n),
                    tile,
                    AttentionShape.Padded<T>(seen),
                    width
                );
                for (int r = 0; r < tile; r++)
                {
                    if (!mask.DropsNothing)
                    {
                        mask.Factors<T>(head, item.Start + i + r, past, factors);
                    }

                    float* p = probabilities + item.ProbabilitiesOf(head, i + r) + first;
                    Row(p, factors + first, kept + r * n, pairs + r * n, seen, scale);
                }

                SmallProduct<T>.Multiply(
                    new(pairs, n),
                    new(keysHere, w),
                    new(dqHere, w),
                    tile,
                    w,
                    seen
                );
                SmallProduct<T>.Multiply(
                    new(kept, 1, n),
                    new(dyHere, w),
                    new(dvHere + first * w, w),
                    seen,
                    w,
                    tile,
                    true
                );
                SmallProduct<T>.Multiply(
                    new(pairs, 1, n),
                    new(qHere, w),
                    new(dkHere + first * w, w),
                    seen,
                    w,
                    tile,
                    true
                );
                dqs.CopyFrom<T>(dqHere, w, i, tile);
            }
        }

        dks.CopyFrom<T>(dkHere, w, 0, keys);
        dvs.CopyFrom<T>(dvHere, w, 0, keys);
        dks.Clear(keys, item.KeyRows - keys);
        dvs.Clear(keys, item.KeyRows - keys);
    }

    /// <summary>
    /// One query: from P, M and dY Vᵀ (in <paramref name="ds"/>) to P · M and dS. Behind the last key P is read as 0, and with it both
    /// results are.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Row(float* p, float* factors, float* masked, float* ds, int keys, float scale)
    {
        T dots = T.All(0);
        int whole = keys / T.Count * T.Count,
            rest = keys - whole;
        T end = T.All(0);
        for (int j = 0; j < whole; j += T.Count)
        {
            T here = T.Load(p + j),
                factor = T.Load(factors + j),
                up = T.Load(ds + j) * factor;
            (here * factor).Store(masked + j);
            up.Store(ds + j);
            dots = T.MultiplyAdd(up, here, dots);
        }

        if (rest > 0)
        {
            end = T.LoadPart(p + whole, rest);
            T factor = T.Load(factors + whole),
                up = T.Load(ds + whole) * factor;
            (end * factor).Store(masked + whole);
            up.Store(ds + whole);
            dots = T.MultiplyAdd(up, end, dots);
        }

        T dot = T.All(dots.Sum()),
            by = T.All(scale);
        for (int j = 0; j < whole; j += T.Count)
        {
            (T.Load(p + j) * (T.Load(ds + j) - dot) * by).Store(ds + j);
        }

        if (rest > 0)
        {
            (end * (T.Load(ds + whole) - dot) * by).Store(ds + whole);
        }
    }
}
