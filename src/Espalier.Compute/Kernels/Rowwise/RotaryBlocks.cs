using System.Runtime.CompilerServices;
using Espalier.Kernels.Vectors;

namespace Espalier.Kernels.Rowwise;

/// <summary>
/// (a, b) → (a cos − b sin, b cos + a sin) for a in the first and b in the second half of what turns. The way back
/// has the other sign at each sine.
/// </summary>
readonly unsafe struct RotaryBlocks<T>(
    RowBlocks rows,
    Rotation rotation,
    Place x,
    Place y,
    bool back
) : IBlocks
    where T : struct, ILanes<T>
{
    public void Run(int job)
    {
        var (first, past) = rows.RowsOfJob(job);
        int half = rotation.Table.Width / 2,
            rest = rotation.Width - 2 * half;
        float* turns = rotation.Table.Turns.Address();
        for (int r = first; r < past; r++)
        {
            float* cosines = turns + (nint)rotation.Positions[r] * 2 * half,
                from = x.Row(r),
                to = y.Row(r);
            for (int head = 0; head < rotation.Heads; head++)
            {
                Head(from, to, cosines, half);
                if (from != to && rest > 0)
                {
                    Buffer.MemoryCopy(from + 2 * half, to + 2 * half, 4L * rest, 4L * rest);
                }

                from += rotation.Width;
                to += rotation.Width;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void Head(float* from, float* to, float* cosines, int half)
    {
        float* sines = cosines + half;
        T sign = T.All(back ? -1 : 1);
        int i = 0;
        for (; i <= half - T.Count; i += T.Count)
        {
            T a = T.Load(from + i),
                b = T.Load(from + half + i),
                cos = T.Load(cosines + i),
                sin = T.Load(sines + i) * sign;
            (a * cos - b * sin).Store(to + i);
            T.MultiplyAdd(a, sin, b * cos).Store(to + half + i);
        }

        if (i < half)
        {
            int count = half - i;
            T a = T.LoadPart(from + i, count),
                b = T.LoadPart(from + half + i, count),
                cos = T.LoadPart(cosines + i, count),
                sin = T.LoadPart(sines + i, count) * sign;
            (a * cos - b * sin).StorePart(to + i, count);
            T.MultiplyAdd(a, sin, b * cos).StorePart(to + half + i, count);
        }
    }
}
