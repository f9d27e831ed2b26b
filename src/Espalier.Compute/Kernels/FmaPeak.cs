using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Espalier.Kernels;

/// <summary>What one core can do at most in float32: fused multiply-adds on registers alone.</summary>
static class FmaPeak
{
    const int Steps = 20_000;
    const int Chains = 12;
    const int RunsPerProbe = 10;

    public static bool IsSupported => Avx512F.IsSupported || Fma.IsSupported;

    public static string Instruction =>
        Avx512F.IsSupported ? "vfmadd231ps (512 bits)" : "vfmadd231ps (256 bits)";

    /// <summary>Of one <see cref="Run"/>; a multiply-add is two.</summary>
    public static long Operations =>
        2L
        * Steps
        * Chains
        * (Avx512F.IsSupported ? Vector512<float>.Count : Vector256<float>.Count);

    /// <summary>Billions of operations a second, now.</summary>
    public static double Probe()
    {
        if (!IsSupported)
        {
            return 0;
        }

        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < RunsPerProbe; i++)
        {
            Run();
        }

        return RunsPerProbe * Operations / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9;
    }

    /// <summary>Some 60 microseconds of multiply-adds.</summary>
    /// <exception cref="InvalidOperationException">The processor has none.</exception>
    public static void Run()
    {
        float result =
            Avx512F.IsSupported ? Wide(1)
            : Fma.IsSupported ? Narrow(1)
            : throw new InvalidOperationException(
                "Peak: this machine has no fused multiply-add on vectors; run nothing here."
            );
        Debug.Assert(float.IsFinite(result));
    }

    // Twelve chains: one multiply-add takes four cycles and up to two begin in each.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static float Wide(float seed)
    {
        Vector512<float> x = Vector512.Create(seed * 1e-6f),
            y = Vector512.Create(0.999f),
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
            a0 = Avx512F.FusedMultiplyAdd(a0, y, x);
            a1 = Avx512F.FusedMultiplyAdd(a1, y, x);
            a2 = Avx512F.FusedMultiplyAdd(a2, y, x);
            a3 = Avx512F.FusedMultiplyAdd(a3, y, x);
            a4 = Avx512F.FusedMultiplyAdd(a4, y, x);
            a5 = Avx512F.FusedMultiplyAdd(a5, y, x);
            a6 = Avx512F.FusedMultiplyAdd(a6, y, x);
            a7 = Avx512F.FusedMultiplyAdd(a7, y, x);
            a8 = Avx512F.FusedMultiplyAdd(a8, y, x);
            a9 = Avx512F.FusedMultiplyAdd(a9, y, x);
            a10 = Avx512F.FusedMultiplyAdd(a10, y, x);
            a11 = Avx512F.FusedMultiplyAdd(a11, y, x);
        }

        return Vector512.Sum(a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 + a10 + a11);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static float Narrow(float seed)
    {
        Vector256<float> x = Vector256.Create(seed * 1e-6f),
            y = Vector256.Create(0.999f),
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
            a0 = Fma.MultiplyAdd(a0, y, x);
            a1 = Fma.MultiplyAdd(a1, y, x);
            a2 = Fma.MultiplyAdd(a2, y, x);
            a3 = Fma.MultiplyAdd(a3, y, x);
            a4 = Fma.MultiplyAdd(a4, y, x);
            a5 = Fma.MultiplyAdd(a5, y, x);
            a6 = Fma.MultiplyAdd(a6, y, x);
            a7 = Fma.MultiplyAdd(a7, y, x);
            a8 = Fma.MultiplyAdd(a8, y, x);
            a9 = Fma.MultiplyAdd(a9, y, x);
            a10 = Fma.MultiplyAdd(a10, y, x);
            a11 = Fma.MultiplyAdd(a11, y, x);
        }

        return Vector256.Sum(a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 + a10 + a11);
    }
}
