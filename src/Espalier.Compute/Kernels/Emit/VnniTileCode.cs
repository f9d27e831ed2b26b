using Espalier.Kernels.Int8;
using Iced.Intel;
using static Espalier.Kernels.Emit.TileCode;
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
                    Field(nameof(Int8Tile.X)),
                    Field(nameof(Int8Tile.XStride)),
                    Field(nameof(Int8Tile.Weights)),
                    Field(nameof(Int8Tile.Groups)),
                    Field(nameof(Int8Tile.Ahead)),
                    c.vpdpbusd
                );
                Finish(c, rows, vectors);
                MoveOn(c, rows);
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
            c.vmovdqu32(Zmm(v), __[r10 + v * VectorBytes]);
        }

        for (int r = 0; r < rows; r++)
        {
            c.vpbroadcastd(zmm4, __dword_ptr[r11 + r * sizeof(int)]);
            for (int v = 0; v < vectors; v++)
            {
                c.vpmulld(Sum(r, v, vectors), zmm4, Zmm(v));
                c.prefetchw(__[r8 + v * VectorBytes]);
            }

            c.add(r8, r9);
        }
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
            c.vmovups(Zmm(v), __[rcx + v * VectorBytes]);
        }

        for (int r = 0; r < rows; r++)
        {
            c.vbroadcastss(zmm4, __dword_ptr[rdx + r * sizeof(float)]);
            for (int v = 0; v < vectors; v++)
            {
                AssemblerRegisterZMM sum = Sum(r, v, vectors);
                AssemblerMemoryOperand bias = __[r8 + v * VectorBytes],
                    y = __[r9 + v * VectorBytes];
                c.vmulps(zmm5, zmm4, Zmm(v));
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

    static AssemblerMemoryOperand Field(string name) => Field<Int8Tile>(name);
}
