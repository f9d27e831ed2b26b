using System.Diagnostics;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Espalier.Kernels.Emit;

/// <summary>
/// What one core's <c>vpdpbusd</c> units can do right now: independent sums, nothing loaded. Clock and
/// neighbours move it, so a product is compared with a probe taken beside it.
/// </summary>
static unsafe class VnniPeak
{
    const int Steps = 10_000;
    const int Products = 64; // bytes of a vector

    // Both calling conventions let us overwrite zmm0 to 5 and 16 to 31: two sources and 20 sums.
    static readonly AssemblerRegisterZMM[] Sums =
    [
        zmm2,
        zmm3,
        zmm4,
        zmm5,
        .. Enumerable.Range(0, 16).Select(i => new AssemblerRegisterZMM(Register.ZMM16 + i)),
    ];

    static readonly Lazy<nint> Code = new(() => (nint)MachineCode.Load(Emit()));

    /// <summary>Operations (a multiply-add is two) a second, from about 60 microseconds of them.</summary>
    /// <exception cref="InvalidOperationException">The processor has no such units.</exception>
    public static double Probe()
    {
        if (!VnniInt8Gemm.IsSupported)
        {
            throw new InvalidOperationException(
                "VNNI peak: this machine has no AVX-512 VNNI or refuses emitted code; probe nothing here."
            );
        }

        var code = (delegate* unmanaged<void>)Code.Value;
        long start = Stopwatch.GetTimestamp();
        code();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return 2.0 * Steps * Sums.Length * Products / seconds;
    }

    static byte[] Emit()
    {
        Assembler c = new(64);
        c.vpxord(zmm0, zmm0, zmm0);
        c.vpxord(zmm1, zmm1, zmm1);
        c.mov(eax, Steps);
        Label next = c.CreateLabel();
        c.Label(ref next);
        foreach (AssemblerRegisterZMM sum in Sums)
        {
            c.vpdpbusd(sum, zmm0, zmm1);
        }

        c.dec(eax);
        c.jne(next);
        c.vzeroupper();
        c.ret();
        return Routines.Bytes(c);
    }
}
