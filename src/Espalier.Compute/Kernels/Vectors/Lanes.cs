using System.Runtime.CompilerServices;

namespace Espalier.Kernels.Vectors;

/// <summary>
/// One register of float32 numbers: every operation works on all lanes at once. A kernel is written once
/// over <typeparamref name="T"/>; the runtime compiles it for each width with nothing left of the indirection.
/// </summary>
unsafe interface ILanes<T>
    where T : struct, ILanes<T>
{
    static abstract int Count { get; }
    static abstract T All(float value);
    static abstract T Load(float* from);
    void Store(float* to);

    /// <summary>The first <paramref name="count"/> lanes from memory, of which nothing more is touched; 0 in the others.</summary>
    static abstract T LoadPart(float* from, int count);

    /// <summary>Writes the first <paramref name="count"/> lanes alone.</summary>
    void StorePart(float* to, int count);

    static abstract T operator +(T a, T b);

    static abstract T operator -(T a, T b);

    static abstract T operator *(T a, T b);

    static abstract T operator /(T a, T b);

    /// <summary>a · b + c, rounded once.</summary>
    static abstract T MultiplyAdd(T a, T b, T c);

    /// <summary>The larger of two; the second one where either is NaN.</summary>
    static abstract T Larger(T a, T b);

    /// <summary>The smaller of two; the second one where either is NaN.</summary>
    static abstract T Smaller(T a, T b);

    static abstract T Root(T a);
    static abstract T Round(T a);

    /// <summary>2^n for whole n from −126 to 127, by writing the exponent bits.</summary>
    static abstract T PowerOfTwo(T n);

    /// <summary>Lane by lane <paramref name="value"/> where a ≥ b, else 0.</summary>
    static abstract T WhereAtLeast(T a, T b, T value);

    float Sum();
    float Largest();

    /// <summary>16-bit pieces, one a lane, as numbers.</summary>
    static abstract T FromPieces(ushort* from);

    /// <summary>
    /// 4 · Count pieces: those of Count / 2 successive blocks of a stream, in the order of <see cref="DropoutMask"/>.
    /// </summary>
    static abstract void Pieces(ulong key, ulong counter, ushort* to);
}

/// <summary>What every width shares.</summary>
static class Lanes
{
    /// <summary>
    /// e^x to 9e-8 of its value, x held between −87.3 and 88.3. With n = x / ln 2, rounded, e^x is 2^n · e^r and r = x − n · ln 2
    /// is below 0.35, where (e^r − 1 − r) / r² is a polynomial of degree 4 (our fit at Chebyshev nodes). ln 2 is
    /// subtracted in two parts, the first of which has so few bits that n times it is exact.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Exp<T>(T x)
        where T : struct, ILanes<T>
    {
        // The limits come first: then a NaN, being the second operand, stays.
        x = T.Smaller(T.All(88.3f), T.Larger(T.All(-87.3f), x));
        T n = T.Round(x * T.All(1.44269504f));
        T r = T.MultiplyAdd(n, T.All(-0.693359375f), x);
        r = T.MultiplyAdd(n, T.All(2.12194440e-4f), r);
        T p = T.All(1.39261840e-3f);
        p = T.MultiplyAdd(p, r, T.All(8.36317893e-3f));
        p = T.MultiplyAdd(p, r, T.All(4.16665561e-2f));
        p = T.MultiplyAdd(p, r, T.All(0.166665763f));
        p = T.MultiplyAdd(p, r, T.All(0.5f));
        p = T.MultiplyAdd(p, r * r, r) + T.All(1);
        return p * T.PowerOfTwo(n);
    }
}
