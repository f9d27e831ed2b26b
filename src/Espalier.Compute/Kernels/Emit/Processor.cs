using System.Runtime.Intrinsics.X86;

namespace Espalier.Kernels.Emit;

/// <summary>
/// What the processor says of itself where .NET has no class for it. That the system saves the 512-bit
/// registers is what <see cref="Avx512F.IsSupported"/> proves: the runtime asks XGETBV.
/// </summary>
static class Processor
{
    const int StructuredFeatures = 7;
    const int VnniBit = 11;
    const int Bf16Bit = 5;

    /// <summary><c>vpdpbusd</c> at 512 bits.</summary>
    public static bool HasAvx512Vnni { get; } =
        Avx512F.IsSupported
        && Avx512BW.IsSupported
        && X86Base.CpuId(0, 0).Eax >= StructuredFeatures
        && (X86Base.CpuId(StructuredFeatures, 0).Ecx >> VnniBit & 1) != 0;

    /// <summary><c>vdpbf16ps</c> and the conversions to bfloat16 at 512 bits.</summary>
    public static bool HasAvx512Bf16 { get; } =
        HasAvx512Vnni
        && X86Base.CpuId(StructuredFeatures, 0).Eax >= 1
        && (X86Base.CpuId(StructuredFeatures, 1).Eax >> Bf16Bit & 1) != 0;

    /// <summary>
    /// <c>vdpbf16ps</c> where it is worth using: Intel's processors run it at half the rate of their float32
    /// multiply-adds, AMD's at twice.
    /// </summary>
    public static bool HasFastBf16 { get; } = HasAvx512Bf16 && !IsIntel();

    /// <summary>The first letters of GenuineIntel, in the register that has them.</summary>
    static bool IsIntel() => X86Base.CpuId(0, 0).Ebx == 0x756E6547;
}
