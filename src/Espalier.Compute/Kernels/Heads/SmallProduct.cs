using System.Runtime.CompilerServices;
using Espalier.Kernels.Vectors;

namespace Espalier.Kernels.Heads;

/// <summary>A matrix where it lies: how far it is from a row to the next, and from a number of a row to the next.</summary>
readonly unsafe struct Lines(float* at, nint row, nint step = 1)
{
    public float* At => at;
    public nint Row => row;
    public nint Step => step;
}

/// <summary>
/// Matrix products of the size of one attention head, on memory as it lies. The result is made in tiles of six
/// rows by two registers, held in twelve accumulators for the whole sum: enough that each may wait for its last
/// multiply-add, few enough for the sixteen registers of AVX2 beside two of b and one of a.
/// </summary>
static unsafe class SmallProduct<T>
    where T : struct, ILanes<T>
{
    const int TileRows = 6;
    const int FewRows = 3;

    /// <summary>
    /// c[i, j] = Σₗ a[i, l] · b[l, j] for i &lt; m, j &lt; n and l &lt; k, or c += when <paramref name="add"/>. a may be read
    /// transposed; n is a multiple of the register.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(Lines a, Lines b, Lines c, int m, int n, int k, bool add = false)
    {
        // Of a token that is decoded there are but the few heads that share one of keys: six rows would compute most for nothing.
        if (m is > 0 and <= FewRows && n % (4 * T.Count) == 0)
        {
            for (int j = 0; j < n; j += 4 * T.Count)
            {
                Few(a.At, a.Row, a.Step, b.At + j, b.Row, c.At + j, c.Row, m, k, add);
            }

            return;
        }

        // A strip of b, all of its depth, stays in the first-level cache while the rows of a pass by.
        for (int j = 0; j < n; j += 2 * T.Count)
        {
            for (int i = 0; i < m; i += TileRows)
            {
                int live = Math.Min(TileRows, m - i);
                float* from = a.At + i * a.Row,
                    to = c.At + i * c.Row + j;
                if (j + T.Count < n)
                {
                    Wide(from, a.Row, a.Step, b.At + j, b.Row, to, c.Row, live, k, add);
                }
                else
                {
                    Narrow(from, a.Row, a.Step, b.At + j, b.Row, to, c.Row, live, k, add);
                }
            }
        }
    }

    /// <summary>Three rows by four registers: as many accumulators, and each sum in the same order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Few(
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
            c02 = c00,
            c03 = c00,
            c10 = c00,
            c11 = c00,
            c12 = c00,
            c13 = c00,
            c20 = c00,
            c21 = c00,
            c22 = c00,
            c23 = c00;
        float* to1 = c + Math.Min(1, live - 1) * cRow,
            to2 = c + Math.Min(2, live - 1) * cRow;
        if (add)
        {
            (c00, c01) = (T.Load(c), T.Load(c + T.Count));
            (c02, c03) = (T.Load(c + 2 * T.Count), T.Load(c + 3 * T.Count));
            (c10, c11) = (T.Load(to1), T.Load(to1 + T.Count));
            (c12, c13) = (T.Load(to1 + 2 * T.Count), T.Load(to1 + 3 * T.Count));
            (c20, c21) = (T.Load(to2), T.Load(to2 + T.Count));
            (c22, c23) = (T.Load(to2 + 2 * T.Count), T.Load(to2 + 3 * T.Count));
        }

        nint row1 = Math.Min(1, live - 1) * aRow,
            row2 = Math.Min(2, live - 1) * aRow;
        for (; k > 0; k--)
        {
            T x = T.All(a[0]),
                y = T.All(a[row1]),
                z = T.All(a[row2]),
                b0 = T.Load(b);
            c00 = T.MultiplyAdd(x, b0, c00);
            c10 = T.MultiplyAdd(y, b0, c10);
            c20 = T.MultiplyAdd(z, b0, c20);
            b0 = T.Load(b + T.Count);
            c01 = T.MultiplyAdd(x, b0, c01);
            c11 = T.MultiplyAdd(y, b0, c11);
            c21 = T.MultiplyAdd(z, b0, c21);
            b0 = T.Load(b + 2 * T.Count);
            c02 = T.MultiplyAdd(x, b0, c02);
            c12 = T.MultiplyAdd(y, b0, c12);
            c22 = T.MultiplyAdd(z, b0, c22);
            b0 = T.Load(b + 3 * T.Count);
            c03 = T.MultiplyAdd(x, b0, c03);
            c13 = T.MultiplyAdd(y, b0, c13);
            c23 = T.MultiplyAdd(z, b0, c23);
            a += aStep;
            b += bRow;
        }

        c00.Store(c);
        c01.Store(c + T.Count);
        c02.Store(c + 2 * T.Count);
        c03.Store(c + 3 * T.Count);
        c10.Store(to1);
        c11.Store(to1 + T.Count);
        c12.Store(to1 + 2 * T.Count);
        c13.Store(to1 + 3 * T.Count);
        c20.Store(to2);
        c21.Store(to2 + T.Count);
        c22.Store(to2 + 2 * T.Count);
        c23.Store(to2 + 3 * T.Count);
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
