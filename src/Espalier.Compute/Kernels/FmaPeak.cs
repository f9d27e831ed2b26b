using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Espalier.Kernels.Vectors;

namespace Espalier.Kernels;

/// <summary>What one core can do at most in float32: fused multiply-adds on registers alone.</summary>
static class FmaPeak
{
    const int Steps = 20_000;
    const int Chains = 12;

    public static bool IsSupported => Avx512F.IsSupported || Fma.IsSupported;

    public static string Instruction =>
        Avx512F.IsSupported ? "vfmadd231ps (512 bits)" : "vfmadd231ps (256 bits)";

    /// <summary>Of one <see cref="Run"/>; a multiply-add is two.</summary>
    public static long Operations =>
        2L * Steps * Chains * (Avx512F.IsSupported ? Lanes16.Count : Lanes8.Count);

    /// <summary>Some 60 microseconds of multiply-adds.</summary>
    /// <exception cref="InvalidOperationException">The processor has none.</exception>
    public static void Run()
    {
        float result =
            Avx512F.IsSupported ? Chained<Lanes16>()
            : Fma.IsSupported ? Chained<Lanes8>()
            : throw new InvalidOperationException(
                "Peak: this machine has no fused multiply-add on vectors; run nothing here."
            );
        Debug.Assert(float.IsFinite(result));
    }

    // Twelve chains: one multiply-add takes four cycles and up to two begin in each.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static float Chained<T>()
        where T : struct, ILanes<T>
    {
        T x = T.All(1e-6f),
            y = T.All(0.999f),
            a0 = x,
            a1 = x,
            a2 = x,
            a3 = x,
            a4 = x,
            a5 = x,
            a6 = x,
            a7 = x,
            a8 = x,
            a9 = x,
            a10 = x,
            a11 = x;
        for (int i = 0; i < Steps; i++)
        {
            a0 = T.MultiplyAdd(a0, y, x);
            a1 = T.MultiplyAdd(a1, y, x);
            a2 = T.MultiplyAdd(a2, y, x);
            a3 = T.MultiplyAdd(a3, y, x);
            a4 = T.MultiplyAdd(a4, y, x);
            a5 = T.MultiplyAdd(a5, y, x);
            a6 = T.MultiplyAdd(a6, y, x);
            a7 = T.MultiplyAdd(a7, y, x);
            a8 = T.MultiplyAdd(a8, y, x);
            a9 = T.MultiplyAdd(a9, y, x);
            a10 = T.MultiplyAdd(a10, y, x);
            a11 = T.MultiplyAdd(a11, y, x);
        }

        return (a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 + a10 + a11).Sum();
    }
}
