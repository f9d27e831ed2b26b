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

    /// <summary><c>vpdpbusd</c> at 512 bits.</summary>
    public static bool HasAvx512Vnni { get; } =
        Avx512F.IsSupported
        && Avx512BW.IsSupported
        && X86Base.CpuId(0, 0).Eax >= StructuredFeatures
        && (X86Base.CpuId(StructuredFeatures, 0).Ecx >> VnniBit & 1) != 0;
}
