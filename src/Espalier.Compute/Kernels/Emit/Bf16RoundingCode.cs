using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Espalier.Kernels.Emit;

/// <summary>
/// Rounding by <c>vcvtne2ps2bf16</c>, which turns 32 float32 of two registers into one of bfloat16: three instructions where
/// vectors of integers need fifteen. It takes numbers below the normal ones for zeros, as the products do.
/// </summary>
static unsafe class Bf16RoundingCode
{
    const int VectorBytes = 64;

    /// <summary>Behind the code of <see cref="Rows(bool)"/>.</summary>
    internal const int TableBytes = VectorBytes;

    public static bool IsSupported { get; } = Processor.HasAvx512Bf16 && MachineCode.IsAllowed;

    // Read-only fields of a type that is ready are constants for the compiler; a call costs no look-up.
    static readonly nint[] Code = IsSupported
        ? TileCode.Load(
            Cpu.Here,
            [Row(OperatingSystem.IsWindows()), Rows(OperatingSystem.IsWindows())]
        )
        : [0, 0];

    static readonly nint RowCode = Code[0];
    static readonly nint RowsCode = Code[1];

    /// <summary>32 numbers of a row at a time, as they follow each other.</summary>
    public static void Row(float* from, int groups, uint* to)
    {
        if (groups > 0)
        {
            ((delegate* unmanaged[SuppressGCTransition]<float*, long, uint*, void>)RowCode)(
                from,
                groups,
                to
            );
        }
    }

    /// <summary>16 numbers of two rows at a time, in turn one of each.</summary>
    public static void Rows(float* first, float* second, int groups, uint* to)
    {
        if (groups > 0)
        {
            (
                (delegate* unmanaged[SuppressGCTransition]<
                    float*,
                    float*,
                    long,
                    uint*,
                    void>)RowsCode
            )(first, second, groups, to);
        }
    }

    /// <summary><c>void row(float* from, long groups, uint* to)</c>.</summary>
    internal static byte[] Row(bool windows) =>
        Assemble(c =>
        {
            var (from, groups, to) = windows ? (rcx, rdx, r8) : (rdi, rsi, rdx);
            Label next = c.CreateLabel();
            c.Label(ref next);
            c.vmovups(zmm0, __[from + VectorBytes]);
            c.vcvtne2ps2bf16(zmm0, zmm0, __[from]);
            c.vmovdqu32(__[to], zmm0);
            c.add(from, 2 * VectorBytes);
            c.add(to, VectorBytes);
            c.dec(groups);
            c.jne(next);
            c.vzeroupper();
            c.ret();
        });

    /// <summary><c>void rows(float* first, float* second, long groups, uint* to)</c>.</summary>
    internal static byte[] Rows(bool windows) =>
        Assemble(c =>
        {
            var (first, second, groups, to) = windows ? (rcx, rdx, r8, r9) : (rdi, rsi, rdx, rcx);

            // Words 0, 16, 1, 17 …: one of the first row, one of the second; the table stands behind the code.
            Label table = c.CreateLabel(),
                next = c.CreateLabel();
            c.vmovdqu16(zmm1, __[table]);
            c.Label(ref next);
            c.vmovups(zmm0, __[second]);
            c.vcvtne2ps2bf16(zmm0, zmm0, __[first]);
            c.vpermw(zmm0, zmm1, zmm0);
            c.vmovdqu32(__[to], zmm0);
            c.add(first, VectorBytes);
            c.add(second, VectorBytes);
            c.add(to, VectorBytes);
            c.dec(groups);
            c.jne(next);
            c.vzeroupper();
            c.ret();
            c.Label(ref table);
            for (ushort lane = 0; lane < 16; lane++)
            {
                c.dw(lane, (ushort)(lane + 16));
            }
        });

    static byte[] Assemble(Action<Assembler> body)
    {
        Assembler c = new(64);
        body(c);
        return TileCode.Bytes(c);
    }
}
