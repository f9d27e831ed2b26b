using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Espalier.Kernels.Emit;

/// <summary>
/// What the processor says of itself where .NET has no class for it. That the system saves the 256-bit and
/// 512-bit registers is what <see cref="Avx2.IsSupported"/> and <see cref="Avx512F.IsSupported"/> prove: the
/// runtime asks XGETBV. For tiles we ask it ourselves.
/// </summary>
static unsafe partial class Processor
{
    const int StructuredFeatures = 7;
    const int Vnni = 11; // leaf 7.0, ecx
    const int AmxBFloat16 = 22, // leaf 7.0, edx
        AmxTile = 24,
        AmxInt8 = 25;
    const int AvxVnni = 4, // leaf 7.1, eax
        BFloat16 = 5;

    // Bits of XCR0: the system saves the shapes of tiles, and what is in them.
    const long TileState = 1 << 17 | 1 << 18;

    // Linux lends the 8 KiB of tiles to a process that asks: arch_prctl, from <asm/prctl.h>.
    const int ArchPrctl = 158;
    const int RequestPermission = 0x1023;
    const int TileData = 18;

    static readonly Lazy<bool> Tiles = new(MayUseTiles);

    /// <summary><c>vpdpbusd</c> at 512 bits.</summary>
    public static bool HasAvx512Vnni { get; } =
        Avx512F.IsSupported && Avx512BW.IsSupported && Has(Leaf(0).Ecx, Vnni);

    /// <summary><c>vpdpbusd</c> at 256 bits, in the encoding of AVX2.</summary>
    public static bool HasAvxVnni { get; } =
        Avx2.IsSupported && Leaf(0).Eax >= 1 && Has(Leaf(1).Eax, AvxVnni);

    /// <summary><c>vdpbf16ps</c> and the conversions to bfloat16 at 512 bits.</summary>
    public static bool HasAvx512Bf16 { get; } =
        HasAvx512Vnni && Leaf(0).Eax >= 1 && Has(Leaf(1).Eax, BFloat16);

    /// <summary>
    /// <c>vdpbf16ps</c> where it is worth using: Intel's processors run it at half the rate of their float32
    /// multiply-adds, AMD's at twice.
    /// </summary>
    public static bool HasFastBf16 { get; } = HasAvx512Bf16 && !IsIntel();

    /// <summary><c>tdpbusd</c>, and the system's leave to use tiles.</summary>
    public static bool HasAmxInt8 => Has(Leaf(0).Edx, AmxInt8) && Tiles.Value;

    /// <summary><c>tdpbf16ps</c>, and the system's leave to use tiles.</summary>
    public static bool HasAmxBFloat16 => Has(Leaf(0).Edx, AmxBFloat16) && Tiles.Value;

    static (int Eax, int Ebx, int Ecx, int Edx) Leaf(int part) =>
        X86Base.IsSupported && X86Base.CpuId(0, 0).Eax >= StructuredFeatures
            ? X86Base.CpuId(StructuredFeatures, part)
            : default;

    /// <summary>The first letters of GenuineIntel, in the register that has them.</summary>
    static bool IsIntel() => X86Base.CpuId(0, 0).Ebx == 0x756E6547;

    static bool Has(int features, int bit) => (features >> bit & 1) != 0;

    // Asked once; the answer holds for all threads. Other systems have their own requests, which we do not
    // make: there is no such machine to try them on.
    static bool MayUseTiles() =>
        Has(Leaf(0).Edx, AmxTile)
        && Avx512F.IsSupported
        && OperatingSystem.IsLinux()
        && MachineCode.IsAllowed
        && (SavedState() & TileState) == TileState
        && Ask(ArchPrctl, RequestPermission, TileData) == 0;

    /// <summary>XCR0: what the system saves. XGETBV exists wherever AVX does.</summary>
    public static long SavedState() =>
        ((delegate* unmanaged<long>)MachineCode.Load(SavedStateCode()))();

    public static byte[] SavedStateCode()
    {
        Assembler c = new(64);
        c.xor(ecx, ecx);
        c.xgetbv();
        c.shl(rdx, 32);
        c.or(rax, rdx);
        c.ret();
        return TileCode.Bytes(c);
    }

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial long Ask(long number, long request, long feature);
}
