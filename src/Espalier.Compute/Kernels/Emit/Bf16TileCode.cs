using Espalier.Kernels.Bf16;
using Iced.Intel;
using static Espalier.Kernels.Emit.TileCode;
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

    public static byte[] Emit(int rows, int vectors, bool windows) =>
        Tiles(
            windows,
            c =>
            {
                StartSums(c, rows, vectors);
                Products(
                    c,
                    rows,
                    vectors,
                    Field(nameof(Bf16Tile.A)),
                    Field(nameof(Bf16Tile.AStride)),
                    Field(nameof(Bf16Tile.B)),
                    Field(nameof(Bf16Tile.Pairs)),
                    Field(nameof(Bf16Tile.Ahead)),
                    c.vdpbf16ps
                );
                Finish(c, rows, vectors);
                MoveOn(c, rows);
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

    static void MoveOn(Assembler c, int rows)
    {
        c.mov(Field(nameof(Bf16Tile.C)), r8);
        c.imul(rdx, Field(nameof(Bf16Tile.AStride)), rows);
        c.add(Field(nameof(Bf16Tile.A)), rdx);
        c.add(Field(nameof(Bf16Tile.Ahead)), VectorBytes);
        c.dec(Field(nameof(Bf16Tile.Tiles)));
    }

    static AssemblerMemoryOperand Field(string name) => Field<Bf16Tile>(name);
}
