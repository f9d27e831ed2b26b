using System.Runtime.InteropServices;
using Espalier.Kernels.Int8;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Espalier.Kernels.Emit;

/// <summary>
/// The code of tiles one below the other, <c>void tiles(Int8Tile*)</c>: up to 6 rows x 4 vectors each, whose 24 sums stay in
/// zmm8 to zmm31 from the first product to the finished numbers. Per group of 4 inputs it loads 4 vectors
/// of weights (zmm0 to 3) and broadcasts 4 bytes of each row (zmm4 to 7, in turn) for 24
/// <c>vpdpbusd</c>, which multiply unsigned bytes of the first source by signed ones of the second and add
/// all four products to a 32-bit sum without saturating. So 10 loads hide behind 24 multiplications.
/// </summary>
static class VnniTileCode
{
    public const int MaximumRows = 6;
    public const int MaximumVectors = 4;
    const int FirstSum = 8;
    const int VectorBytes = 64;

    public static byte[] Emit(int rows, int vectors, bool windows) =>
        TileCode.Assemble(
            windows,
            c =>
            {
                c.mov(rax, windows ? rcx : rdi);
                Label tile = c.CreateLabel();
                c.Label(ref tile);
                StartSums(c, rows, vectors);
                Products(c, rows, vectors);
                Finish(c, rows, vectors);
                MoveOn(c, rows);
                c.jne(tile);
            }
        );

    // Σ (x − z) w = Σ x w − z Σ w: the sums start at the second part. The lines of y are asked for now, to
    // be written at the end: 88 to 94 % of the peak at 512x3072x768 (Zen 4), whose y does not fit L2.
    static void StartSums(Assembler c, int rows, int vectors)
    {
        c.mov(r10, Field(nameof(Int8Tile.NegatedSums)));
        c.mov(r11, Field(nameof(Int8Tile.ZeroPoints)));
        c.mov(r8, Field(nameof(Int8Tile.Y)));
        c.mov(r9, Field(nameof(Int8Tile.YStride)));
        for (int v = 0; v < vectors; v++)
        {
            c.vmovdqu32(TileCode.Zmm(v), __[r10 + v * VectorBytes]);
        }

        for (int r = 0; r < rows; r++)
        {
            c.vpbroadcastd(zmm4, __dword_ptr[r11 + r * sizeof(int)]);
            for (int v = 0; v < vectors; v++)
            {
                c.vpmulld(Sum(r, v, vectors), zmm4, TileCode.Zmm(v));
                c.prefetchw(__[r8 + v * VectorBytes]);
            }

            c.add(r8, r9);
        }
    }

    static void Products(Assembler c, int rows, int vectors)
    {
        // rdx is row 0, rcx row 3, r8 the distance of rows: six rows of x in three registers.
        c.mov(rdx, Field(nameof(Int8Tile.X)));
        c.mov(r8, Field(nameof(Int8Tile.XStride)));
        c.lea(rcx, __[r8 + r8 * 2]);
        c.add(rcx, rdx);
        c.mov(r9, Field(nameof(Int8Tile.Weights)));
        c.mov(r10, Field(nameof(Int8Tile.Groups)));
        c.mov(r11, Field(nameof(Int8Tile.Ahead)));
        Label next = c.CreateLabel();
        c.Label(ref next);
        for (int v = 0; v < vectors; v++)
        {
            c.vmovdqu32(TileCode.Zmm(v), __[r9 + v * VectorBytes]);
        }

        c.prefetcht1(__[r9 + r11]);
        for (int r = 0; r < rows; r++)
        {
            AssemblerRegisterZMM x = TileCode.Zmm(4 + r % 4);
            AssemblerRegister64 three = r < 3 ? rdx : rcx;
            c.vpbroadcastd(
                x,
                (r % 3) switch
                {
                    0 => __dword_ptr[three],
                    1 => __dword_ptr[three + r8],
                    _ => __dword_ptr[three + r8 * 2],
                }
            );
            for (int v = 0; v < vectors; v++)
            {
                c.vpdpbusd(Sum(r, v, vectors), x, TileCode.Zmm(v));
            }
        }

        c.add(r9, vectors * VectorBytes);
        c.add(rdx, Int8Panels.Group);
        c.add(rcx, Int8Panels.Group);
        c.dec(r10);
        c.jne(next);
    }

    // y = sum · (scaleX · scaleW) + bias, each step rounded: no fused multiply-add, so that the bits are
    // those of plain loops. k1 says which of the last vector's columns exist.
    static void Finish(Assembler c, int rows, int vectors)
    {
        c.mov(rdx, Field(nameof(Int8Tile.XScales)));
        c.mov(rcx, Field(nameof(Int8Tile.WeightScales)));
        c.mov(r8, Field(nameof(Int8Tile.Bias)));
        c.mov(r9, Field(nameof(Int8Tile.Y)));
        c.mov(r10, Field(nameof(Int8Tile.YStride)));
        c.mov(r11, Field(nameof(Int8Tile.LastMask)));
        c.kmovw(k1, r11d);
        for (int v = 0; v < vectors; v++)
        {
            c.vmovups(TileCode.Zmm(v), __[rcx + v * VectorBytes]);
        }

        for (int r = 0; r < rows; r++)
        {
            c.vbroadcastss(zmm4, __dword_ptr[rdx + r * sizeof(float)]);
            for (int v = 0; v < vectors; v++)
            {
                AssemblerRegisterZMM sum = Sum(r, v, vectors);
                AssemblerMemoryOperand bias = __[r8 + v * VectorBytes],
                    y = __[r9 + v * VectorBytes];
                c.vmulps(zmm5, zmm4, TileCode.Zmm(v));
                c.vcvtdq2ps(sum, sum);
                c.vmulps(sum, sum, zmm5);
                if (v < vectors - 1)
                {
                    c.vaddps(sum, sum, bias);
                    c.vmovups(y, sum);
                }
                else
                {
                    c.vaddps(sum.k1.z, sum, bias);
                    c.vmovups(y.k1, sum);
                }
            }

            if (r < rows - 1)
            {
                c.add(r9, r10);
            }
        }
    }

    // The loop is in here and not in C# because the processor then begins the next tile's products while the last
    // one's numbers are still on their way to memory. The zero flag says that no tile is left.
    static void MoveOn(Assembler c, int rows)
    {
        c.imul(rdx, Field(nameof(Int8Tile.XStride)), rows);
        c.add(Field(nameof(Int8Tile.X)), rdx);
        c.imul(r10, r10, rows);
        c.add(Field(nameof(Int8Tile.Y)), r10);
        c.add(Field(nameof(Int8Tile.XScales)), rows * sizeof(float));
        c.add(Field(nameof(Int8Tile.ZeroPoints)), rows * sizeof(int));
        c.add(Field(nameof(Int8Tile.Ahead)), VectorBytes);
        c.dec(Field(nameof(Int8Tile.Tiles)));
    }

    static AssemblerMemoryOperand Field(string name) =>
        __qword_ptr[rax + (int)Marshal.OffsetOf<Int8Tile>(name)];

    static AssemblerRegisterZMM Sum(int row, int vector, int vectors) =>
        TileCode.Zmm(FirstSum + row * vectors + vector);
}
