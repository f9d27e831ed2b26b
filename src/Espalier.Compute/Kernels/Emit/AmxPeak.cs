using System.Diagnostics;

namespace Espalier.Kernels.Emit;

/// <summary>What one core's tile unit can do right now; <see cref="DotPeak"/>, for AMX.</summary>
static unsafe class AmxPeak
{
    // About 60 microseconds: a product of 16 rows takes 16 cycles.
    const int Steps = 2_000;
    const int ProductsOfStep = AmxTileCode.MaximumRowTiles * AmxTileCode.MaximumColumnTiles;

    static readonly Routines Code = new(
        Cpu.Here,
        4,
        i =>
            i switch
            {
                0 => AmxTileCode.Configure(OperatingSystem.IsWindows()),
                1 => AmxTileCode.Release(),
                _ => AmxTileCode.Peak((AmxNumbers)(i - 2), Steps),
            }
    );

    /// <summary>Operations (a multiply-add is two) a second.</summary>
    public static double Probe(AmxNumbers numbers)
    {
        TileShapes shapes = TileShapes.Of(AmxTileCode.TileRows);
        Code.Call(0, (nint)(&shapes), brief: true);
        long start = Stopwatch.GetTimestamp();
        Code.Call(2 + (int)numbers, 0, brief: false);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Code.Call(1, 0, brief: true);
        return Operations(numbers) / seconds;
    }

    public static long Operations(AmxNumbers numbers)
    {
        int inputs = numbers == AmxNumbers.Int8 ? AmxTileCode.RowBytes : AmxTileCode.RowBytes / 2;
        return 2L * Steps * ProductsOfStep * AmxTileCode.TileRows * AmxTileCode.TileRows * inputs;
    }
}
