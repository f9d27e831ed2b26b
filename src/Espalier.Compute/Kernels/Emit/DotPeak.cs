using System.Diagnostics;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Espalier.Kernels.Emit;

/// <summary>
/// What one core's units of a dot-product instruction can do right now: independent sums, nothing loaded. Clock and
/// neighbours move it, so a product is compared with a probe taken beside it.
/// </summary>
static unsafe class DotPeak
{
    const int Steps = 10_000;

    // In one instruction on 512 bits.
    const int Int8Products = 64;
    const int Bf16Products = 32;

    // Both calling conventions let us overwrite zmm0 to 5 and 16 to 31: two sources and 20 sums.
    static readonly AssemblerRegisterZMM[] Sums =
    [
        zmm2,
        zmm3,
        zmm4,
        zmm5,
        .. Enumerable.Range(0, 16).Select(i => TileCode.Zmm(16 + i)),
    ];

    static readonly Lazy<nint> Bytes = new(() => Emit((c, sum) => c.vpdpbusd(sum, zmm0, zmm1)));
    static readonly Lazy<nint> Pairs = new(() => Emit((c, sum) => c.vdpbf16ps(sum, zmm0, zmm1)));

    /// <summary>Whether there is anything to probe for int8.</summary>
    public static bool HasInt8 => AmxInt8Gemm.IsSupported || VnniInt8Gemm.IsSupported;

    /// <summary>Whether there is anything to probe for bfloat16.</summary>
    public static bool HasBf16 => AmxBf16Gemm.IsSupported || DotBf16Gemm.IsSupported;

    /// <summary>Of one probe of <c>tdpbusd</c> or else <c>vpdpbusd</c>; a multiply-add is two.</summary>
    public static long Int8Operations =>
        AmxInt8Gemm.IsSupported ? AmxPeak.Operations(AmxNumbers.Int8) : Operations(Int8Products);

    /// <summary>Of one probe of <c>tdpbf16ps</c> or else <c>vdpbf16ps</c>.</summary>
    public static long Bf16Operations =>
        AmxBf16Gemm.IsSupported
            ? AmxPeak.Operations(AmxNumbers.BFloat16)
            : Operations(Bf16Products);

    /// <summary><c>tdpbusd</c> or else <c>vpdpbusd</c>: operations a second, from about 60 microseconds of them.</summary>
    /// <exception cref="InvalidOperationException">The processor has no such units.</exception>
    public static double Int8() =>
        AmxInt8Gemm.IsSupported
            ? AmxPeak.Probe(AmxNumbers.Int8)
            : Probe(VnniInt8Gemm.IsSupported, "AVX-512 VNNI", Bytes, Int8Products);

    /// <summary><c>tdpbf16ps</c> or else <c>vdpbf16ps</c>, likewise.</summary>
    /// <exception cref="InvalidOperationException">The processor has no such units.</exception>
    public static double Bf16() =>
        AmxBf16Gemm.IsSupported
            ? AmxPeak.Probe(AmxNumbers.BFloat16)
            : Probe(DotBf16Gemm.IsSupported, "fast AVX-512 BF16", Pairs, Bf16Products);

    static double Probe(bool supported, string what, Lazy<nint> emitted, int products)
    {
        if (!supported)
        {
            throw new InvalidOperationException(
                $"Peak: this machine has no {what} or refuses emitted code; probe nothing here."
            );
        }

        var code = (delegate* unmanaged<void>)emitted.Value;
        long start = Stopwatch.GetTimestamp();
        code();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return Operations(products) / seconds;
    }

    static long Operations(int products) => 2L * Steps * Sums.Length * products;

    static nint Emit(Action<Assembler, AssemblerRegisterZMM> product)
    {
        Assembler c = new(64);
        c.vpxord(zmm0, zmm0, zmm0);
        c.vpxord(zmm1, zmm1, zmm1);
        foreach (AssemblerRegisterZMM sum in Sums)
        {
            c.vpxord(sum, sum, sum);
        }

        c.mov(eax, Steps);
        Label next = c.CreateLabel();
        c.Label(ref next);
        foreach (AssemblerRegisterZMM sum in Sums)
        {
            product(c, sum);
        }

        c.dec(eax);
        c.jne(next);
        c.vzeroupper();
        c.ret();
        return (nint)MachineCode.Load(TileCode.Bytes(c));
    }
}
