using System.Runtime.CompilerServices;
using Espalier.Kernels.Vectors;

namespace Espalier.Kernels.Heads;

/// <summary>
/// Matrix products of the size of one attention head, on memory as it lies. The result is made in tiles of six
/// rows by two registers, held in twelve accumulators for the whole sum: enough that each may wait for its last
/// multiply-add, few enough for the sixteen registers of AVX2 beside two of b and one of a.
/// </summary>
static unsafe class SmallProduct<T>
    where T : struct, ILanes<T>
{
    const int TileRows = 6;

    /// <summary>
    /// c[i, j] = Σₗ a[i · aRow + l · aStep] · b[l · bRow + j] for i &lt; m, j &lt; n and l &lt; k, or c += when <paramref name="add"/>. a may
    /// so be read transposed; n is a multiple of the register.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(
        float* a,
        nint aRow,
        nint aStep,
        float* b,
        nint bRow,
        float* c,
        nint cRow,
        int m,
        int n,
        int k,
        bool add = false
    )
    {
        // A strip of b, all of its depth, stays in the first-level cache while the rows of a pass by.
        for (int j = 0; j < n; j += 2 * T.Count)
        {
            for (int i = 0; i < m; i += TileRows)
            {
                int live = Math.Min(TileRows, m - i);
                float* from = a + i * aRow,
                    to = c + i * cRow + j;
                if (j + T.Count < n)
                {
                    Wide(from, aRow, aStep, b + j, bRow, to, cRow, live, k, add);
                }
                else
                {
                    Narrow(from, aRow, aStep, b + j, bRow, to, cRow, live, k, add);
                }
            }
        }
    }

    /// <summary>
    /// Six rows by two registers. Where fewer rows are left, the surplus ones repeat the last: they compute
    /// and store the same numbers again, and no second loop is needed.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Wide(
        float* a,
        nint aRow,
        nint aStep,
        float* b,
        nint bRow,
        float* c,
        nint cRow,
        int live,
        int k,
        bool add
    )
    {
        T c00 = T.All(0),
            c01 = c00,
            c10 = c00,
            c11 = c00,
            c20 = c00,
            c21 = c00,
            c30 = c00,
            c31 = c00,
            c40 = c00,
            c41 = c00,
            c50 = c00,
            c51 = c00;
        float* to1 = c + Math.Min(1, live - 1) * cRow,
            to2 = c + Math.Min(2, live - 1) * cRow,
            to3 = c + Math.Min(3, live - 1) * cRow,
            to4 = c + Math.Min(4, live - 1) * cRow,
            to5 = c + Math.Min(5, live - 1) * cRow;
        if (add)
        {
            (c00, c01) = (T.Load(c), T.Load(c + T.Count));
            (c10, c11) = (T.Load(to1), T.Load(to1 + T.Count));
            (c20, c21) = (T.Load(to2), T.Load(to2 + T.Count));
            (c30, c31) = (T.Load(to3), T.Load(to3 + T.Count));
            (c40, c41) = (T.Load(to4), T.Load(to4 + T.Count));
            (c50, c51) = (T.Load(to5), T.Load(to5 + T.Count));
        }

        nint row1 = Math.Min(1, live - 1) * aRow,
            row2 = Math.Min(2, live - 1) * aRow,
            row3 = Math.Min(3, live - 1) * aRow,
            row4 = Math.Min(4, live - 1) * aRow,
            row5 = Math.Min(5, live - 1) * aRow;
        for (; k > 0; k--)
        {
            T b0 = T.Load(b),
                b1 = T.Load(b + T.Count);
            T x = T.All(a[0]);
            c00 = T.MultiplyAdd(x, b0, c00);
            c01 = T.MultiplyAdd(x, b1, c01);
            x = T.All(a[row1]);
            c10 = T.MultiplyAdd(x, b0, c10);
            c11 = T.MultiplyAdd(x, b1, c11);
            x = T.All(a[row2]);
            c20 = T.MultiplyAdd(x, b0, c20);
            c21 = T.MultiplyAdd(x, b1, c21);
            x = T.All(a[row3]);
            c30 = T.MultiplyAdd(x, b0, c30);
            c31 = T.MultiplyAdd(x, b1, c31);
            x = T.All(a[row4]);
            c40 = T.MultiplyAdd(x, b0, c40);
            c41 = T.MultiplyAdd(x, b1, c41);
            x = T.All(a[row5]);
            c50 = T.MultiplyAdd(x, b0, c50);
            c51 = T.MultiplyAdd(x, b1, c51);
            a += aStep;
            b += bRow;
        }

        c00.Store(c);
        c01.Store(c + T.Count);
        c10.Store(to1);
        c11.Store(to1 + T.Count);
        c20.Store(to2);
        c21.Store(to2 + T.Count);
        c30.Store(to3);
        c31.Store(to3 + T.Count);
        c40.Store(to4);
        c41.Store(to4 + T.Count);
        c50.Store(to5);
        c51.Store(to5 + T.Count);
    }

    /// <summary>Six rows by one register, for the last strip.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Narrow(
        float* a,
        nint aRow,
        nint aStep,
        float* b,
        nint bRow,
        float* c,
        nint cRow,
        int live,
        int k,
        bool add
    )
    {
        float* to1 = c + Math.Min(1, live - 1) * cRow,
            to2 = c + Math.Min(2, live - 1) * cRow,
            to3 = c + Math.Min(3, live - 1) * cRow,
            to4 = c + Math.Min(4, live - 1) * cRow,
            to5 = c + Math.Min(5, live - 1) * cRow;
        T zero = T.All(0),
            c0 = add ? T.Load(c) : zero,
            c1 = add ? T.Load(to1) : zero,
            c2 = add ? T.Load(to2) : zero,
            c3 = add ? T.Load(to3) : zero,
            c4 = add ? T.Load(to4) : zero,
            c5 = add ? T.Load(to5) : zero;
        nint row1 = Math.Min(1, live - 1) * aRow,
            row2 = Math.Min(2, live - 1) * aRow,
            row3 = Math.Min(3, live - 1) * aRow,
            row4 = Math.Min(4, live - 1) * aRow,
            row5 = Math.Min(5, live - 1) * aRow;
        for (; k > 0; k--)
        {
            T b0 = T.Load(b);
            c0 = T.MultiplyAdd(T.All(a[0]), b0, c0);
            c1 = T.MultiplyAdd(T.All(a[row1]), b0, c1);
            c2 = T.MultiplyAdd(T.All(a[row2]), b0, c2);
            c3 = T.MultiplyAdd(T.All(a[row3]), b0, c3);
            c4 = T.MultiplyAdd(T.All(a[row4]), b0, c4);
            c5 = T.MultiplyAdd(T.All(a[row5]), b0, c5);
            a += aStep;
            b += bRow;
        }

        c0.Store(c);
        c1.Store(to1);
        c2.Store(to2);
        c3.Store(to3);
        c4.Store(to4);
        c5.Store(to5);
    }
}
