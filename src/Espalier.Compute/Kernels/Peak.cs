using Espalier.Kernels.Emit;

namespace Espalier.Kernels;

/// <summary>
/// What the multiply-add units of this machine can do at most in one number format: independent sums on registers,
/// nothing loaded. Clock and neighbours move it, so time it beside what it is compared with.
/// </summary>
public sealed class Peak
{
    // Of some 60 microseconds each: one that the machine takes a core from holds up a small part of the whole.
    const int RunsPerThread = 16;

    readonly Action _run;
    readonly long _operations;

    Peak(string instruction, long operations, Action run)
    {
        (Instruction, _operations, _run) = (instruction, operations, run);
    }

    /// <summary>Null where there is nothing that could be timed, as for the two below.</summary>
    public static Peak? Fp32 { get; } =
        FmaPeak.IsSupported ? new Peak(FmaPeak.Instruction, FmaPeak.Operations, FmaPeak.Run) : null;

    public static Peak? Bf16 { get; } =
        DotPeak.HasBf16
            ? new Peak(
                AmxBf16Gemm.IsSupported ? "tdpbf16ps" : "vdpbf16ps",
                DotPeak.Bf16Operations,
                static () => DotPeak.Bf16()
            )
            : null;

    public static Peak? Int8 { get; } =
        DotPeak.HasInt8
            ? new Peak(
                AmxInt8Gemm.IsSupported ? "tdpbusd" : "vpdpbusd",
                DotPeak.Int8Operations,
                static () => DotPeak.Int8()
            )
            : null;

    public string Instruction { get; }

    /// <summary>Done by one <see cref="Run"/>, a multiply-add being two.</summary>
    public double Operations(Workers workers) =>
        (double)RunsPerThread * workers.Threads * _operations;

    /// <summary>About a millisecond on all threads.</summary>
    public void Run(Workers workers) => workers.Run(RunsPerThread * workers.Threads, _ => _run());
}
