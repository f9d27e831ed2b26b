using System.Runtime.CompilerServices;
using Espalier.Kernels.Vectors;
using Espalier.Tensors;

namespace Espalier.Kernels.Heads;

/// <summary>
/// With P the probabilities, M the mask's factors and Y = (P · M) V: dV = (P · M)ᵀ dY, dP = M · (dY Vᵀ),
/// dS = P · (dP − Σ P · dP) / √width, dQ = dS K, dK = dSᵀ Q. Queries come in tiles; dK and dV grow from tile to tile.
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
) : IBlocks
    where T : struct, ILanes<T>
{
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
            w = AttentionShape.Padded<T>(width),
            n = AttentionShape.Padded<T>(keys),
            tile = Math.Min(Tile, rows),
            room = AttentionMask.Room<T>(keys);

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

        HeadColumns qs = new(q, start, head, width),
            dys = new(new Columns(dy), start, head, width),
            dqs = new(dq, start, head, width),
            dks = new(dk, start, head, width),
            dvs = new(dv, start, head, width);
        new HeadColumns(v, start, head, width).TransposeTo<T>(vTransposed, n, keys);
        new HeadColumns(k, start, head, width).CopyTo<T>(kHere, w, 0, keys);
        for (int i = 0; i < rows; i += Tile)
        {
            tile = Math.Min(Tile, rows - i);
            qs.CopyTo<T>(qHere, w, i, tile);
            dys.CopyTo<T>(dyHere, w, i, tile);
            SmallProduct<T>.Multiply(dyHere, w, 1, vTransposed, n, ds, n, tile, n, width);
            for (int r = 0; r < tile; r++)
            {
                if (!mask.DropsNothing)
                {
                    mask.Factors<T>(head, start + i + r, keys, factors);
                }

                float* p = probabilities + kept + (long)(i + r) * rows;
                Row(p, factors, masked + r * n, ds + r * n, keys, 1 / MathF.Sqrt(width));
            }

            SmallProduct<T>.Multiply(ds, n, 1, kHere, w, dqHere, w, tile, w, keys);
            SmallProduct<T>.Multiply(masked, 1, n, dyHere, w, dvHere, w, keys, w, tile, true);
            SmallProduct<T>.Multiply(ds, 1, n, qHere, w, dkHere, w, keys, w, tile, true);
            dqs.CopyFrom<T>(dqHere, w, i, tile);
        }

        dks.CopyFrom<T>(dkHere, w, 0, keys);
        dvs.CopyFrom<T>(dvHere, w, 0, keys);
        dks.Clear(keys, rows - keys);
        dvs.Clear(keys, rows - keys);
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
