using System.Diagnostics;
using Espalier.Kernels;

namespace Espalier.Benchmarks;

/// <summary>What one core can do in float32 right now.</summary>
static class FmaProbe
{
    const int Runs = 10;

    /// <summary>Billions of operations a second; 0 where there is no fused multiply-add.</summary>
    public static double Measure()
    {
        if (!FmaPeak.IsSupported)
        {
            return 0;
        }

        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < Runs; i++)
        {
            FmaPeak.Run();
        }

        return Runs * FmaPeak.Operations / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9;
    }
}
