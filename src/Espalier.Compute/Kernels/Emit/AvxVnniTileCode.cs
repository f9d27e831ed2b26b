using Espalier.Kernels.Int8;
using Iced.Intel;
using static Espalier.Kernels.Emit.TileCode;
using static Iced.Intel.AssemblerRegisters;

namespace Espalier.Kernels.Emit;

/// <summary>
/// <c>vpdpbusd</c> in its old encoding, on 256 bits: processors without AVX-512 have it. Up to 6 rows x 16
/// columns, which are two vectors of 8: the 12 sums stay in ymm4 to 15. Per group of 4 inputs it loads 2
/// vectors of weights (ymm0, 1) and broadcasts 4 bytes of each row (ymm2, 3, in turn). Twelve sums cover what
/// two products a cycle of 5 cycles each need, ten.
/// </summary>
static class AvxVnniTileCode
{
    public const int MaximumRows = 6;
    public const int Halves = 2;
    const int FirstSum = 4;
    const int HalfBytes = 32;

    /// <param name="rows">1 to 6.</param>
    /// <param name="vectors">Vectors of 16 columns in the panel: how far it is from group to group.</param>
    /// <param name="windows">The calling convention.</param>
    public static byte[] Emit(int rows, int vectors, bool windows) =>
        Assemble(windows, c => Body(c, rows, vectors, windows));

    static void Body(Assembler c, int rows, int vectors, bool windows)
    {
        c.mov(rax, windows ? rcx : rdi);
        Rows(c, Field(nameof(TileProducts.X0)), Field(nameof(TileProducts.XStride)));
        c.mov(r9, Field(nameof(TileProducts.Weights)));
        c.mov(r10, Field(nameof(TileProducts.Steps)));
        c.mov(r11, Field(nameof(TileProducts.Sums)));
        for (int i = 0; i < rows * Halves; i++)
        {
            c.vpxor(Ymm(FirstSum + i), Ymm(FirstSum + i), Ymm(FirstSum + i));
        }

        Label next = c.CreateLabel();
        c.Label(ref next);
        for (int h = 0; h < Halves; h++)
        {
            c.vmovdqu(Ymm(h), __[r9 + h * HalfBytes]);
        }

        for (int r = 0; r < rows; r++)
        {
            AssemblerRegisterYMM x = Ymm(Halves + r % 2);
            c.vpbroadcastd(x, Row(r));
            for (int h = 0; h < Halves; h++)
            {
                c.vex.vpdpbusd(Ymm(FirstSum + r * Halves + h), x, Ymm(h));
            }
        }

        c.add(r9, vectors * Int8Panels.VectorBytes);
        NextStep(c);
        c.dec(r10);
        c.jne(next);
        for (int i = 0; i < rows * Halves; i++)
        {
            c.vmovdqu(__[r11 + i * HalfBytes], Ymm(FirstSum + i));
        }
    }

    static AssemblerMemoryOperand Field(string name) => Field<TileProducts>(name);

    static AssemblerRegisterYMM Ymm(int number) => new(Register.YMM0 + number);
}
