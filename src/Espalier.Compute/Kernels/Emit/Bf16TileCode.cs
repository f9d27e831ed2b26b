using System.Runtime.InteropServices;
using Espalier.Kernels.Bf16;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Espalier.Kernels.Emit;

/// <summary>
/// The code of tiles one below the other, <c>void tiles(Bf16Tile*)</c>: up to 6 rows x 4 vectors each, whose 24 sums stay in
/// zmm8 to zmm31. Per pair of steps it loads 4 vectors of b (zmm0 to 3) and broadcasts one pair of each row (zmm4 to 7, in
/// turn) for 24 <c>vdpbf16ps</c>, which multiply two bfloat16 of each lane and add both products to a float32 sum. So 10 loads
/// hide behind 24 multiplications.
/// </summary>
static class Bf16TileCode
{
    public const int MaximumRows = 6;
    public const int MaximumVectors = 4;
    const int FirstSum = 8;
    const int VectorBytes = 64;
    const int PairBytes = 4;

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

    // The lines of c are asked for now, to be written at the end.
    static void StartSums(Assembler c, int rows, int vectors)
    {
        c.mov(r8, Field(nameof(Bf16Tile.C)));
        c.mov(r9, Field(nameof(Bf16Tile.CStride)));
        for (int r = 0; r < rows; r++)
        {
            for (int v = 0; v < vectors; v++)
            {
                c.vpxord(Sum(r, v, vectors), Sum(r, v, vectors), Sum(r, v, vectors));
                c.prefetchw(__[r8 + v * VectorBytes]);
            }

            c.add(r8, r9);
        }
    }

    static void Products(Assembler c, int rows, int vectors)
    {
        // rdx is row 0, rcx row 3, r8 the distance of rows: six rows of a in three registers.
        c.mov(rdx, Field(nameof(Bf16Tile.A)));
        c.mov(r8, Field(nameof(Bf16Tile.AStride)));
        c.lea(rcx, __[r8 + r8 * 2]);
        c.add(rcx, rdx);
        c.mov(r9, Field(nameof(Bf16Tile.B)));
        c.mov(r10, Field(nameof(Bf16Tile.Pairs)));
        c.mov(r11, Field(nameof(Bf16Tile.Ahead)));
        Label next = c.CreateLabel();
        c.Label(ref next);
        for (int v = 0; v < vectors; v++)
        {
            c.vmovdqu32(TileCode.Zmm(v), __[r9 + v * VectorBytes]);
        }

        c.prefetcht1(__[r9 + r11]);
        for (int r = 0; r < rows; r++)
        {
            AssemblerRegisterZMM pair = TileCode.Zmm(4 + r % 4);
            AssemblerRegister64 three = r < 3 ? rdx : rcx;
            c.vpbroadcastd(
                pair,
                (r % 3) switch
                {
                    0 => __dword_ptr[three],
                    1 => __dword_ptr[three + r8],
                    _ => __dword_ptr[three + r8 * 2],
                }
            );
            for (int v = 0; v < vectors; v++)
            {
                c.vdpbf16ps(Sum(r, v, vectors), pair, TileCode.Zmm(v));
            }
        }

        c.add(r9, vectors * VectorBytes);
        c.add(rdx, PairBytes);
        c.add(rcx, PairBytes);
        c.dec(r10);
        c.jne(next);
    }

    // k1 says which of the last vector's columns exist.
    static void Finish(Assembler c, int rows, int vectors)
    {
        c.mov(r8, Field(nameof(Bf16Tile.C)));
        c.mov(r9, Field(nameof(Bf16Tile.CStride)));
        c.mov(r11, Field(nameof(Bf16Tile.LastMask)));
        c.kmovw(k1, r11d);
        Label store = c.CreateLabel();
        c.cmp(Field(nameof(Bf16Tile.Add)), 0);
        c.je(store);
        c.mov(rdx, r8);
        for (int r = 0; r < rows; r++)
        {
            for (int v = 0; v < vectors; v++)
            {
                AssemblerRegisterZMM sum = Sum(r, v, vectors);
                c.vaddps(v < vectors - 1 ? sum : sum.k1, sum, __[rdx + v * VectorBytes]);
            }

            c.add(rdx, r9);
        }

        c.Label(ref store);
        for (int r = 0; r < rows; r++)
        {
            for (int v = 0; v < vectors; v++)
            {
                AssemblerMemoryOperand to = __[r8 + v * VectorBytes];
                c.vmovups(v < vectors - 1 ? to : to.k1, Sum(r, v, vectors));
            }

            c.add(r8, r9);
        }
    }

    // The loop is in here and not in C# because the processor then begins the next tile's products while the last
    // one's numbers are still on their way to memory. The zero flag says that no tile is left.
    static void MoveOn(Assembler c, int rows)
    {
        c.mov(Field(nameof(Bf16Tile.C)), r8);
        c.imul(rdx, Field(nameof(Bf16Tile.AStride)), rows);
        c.add(Field(nameof(Bf16Tile.A)), rdx);
        c.add(Field(nameof(Bf16Tile.Ahead)), VectorBytes);
        c.dec(Field(nameof(Bf16Tile.Tiles)));
    }

    static AssemblerMemoryOperand Field(string name) =>
        __qword_ptr[rax + (int)Marshal.OffsetOf<Bf16Tile>(name)];

    static AssemblerRegisterZMM Sum(int row, int vector, int vectors) =>
        TileCode.Zmm(FirstSum + row * vectors + vector);
}
