using Espalier.Kernels.Grouped;
using Iced.Intel;
using static Espalier.Kernels.Emit.TileCode;
using static Iced.Intel.AssemblerRegisters;

namespace Espalier.Kernels.Emit;

/// <summary>
/// The code of tiles one below the other, <c>void tiles(GroupedTile*)</c>: up to 6 rows x 4 vectors each. The integers of a group stay
/// in zmm8 to 31; the sum over groups, which is touched once in a group, lies in the nearest cache. <c>vpdpbusd</c> takes codes as its
/// unsigned bytes and x as its signed ones, so no zero point needs a correction. Of a block of 4-bit codes a mask (zmm7) gives the
/// weights of four inputs and a shift and the mask those of the next four: 12 operations beside 48 products, in other units.
/// Beside codes of 8 bits a row has two bytes a number, and each digit has sums of its own, as if 3 rows were 6.
/// </summary>
static class GroupedTileCode
{
    public const int MaximumRows = 6;
    public const int MaximumVectors = 4;
    const int HalfBytes = 32;
    const int CodesOfByte = 2;

    // rdx reaches rows 0 to 2, rcx 3 to 5, or the high bytes of rows 0 to 2.
    const int RowsOfPointer = 3;

    /// <inheritdoc cref="GroupedMatrix.Digits"/>
    public static int DigitsBeside(int bits) => bits / 4;

    public static byte[] Emit(int rows, int vectors, int bits, bool offsets, bool windows) =>
        Tiles(
            windows,
            c =>
            {
                int digits = DigitsBeside(bits);
                Start(c, rows, vectors, offsets);
                Label group = c.CreateLabel(),
                    block = c.CreateLabel();
                c.Label(ref group);
                StartGroup(c, rows, vectors, digits, offsets);
                c.Label(ref block);
                for (int part = 0; part < (bits == 4 ? CodesOfByte : 1); part++)
                {
                    Spread(c, vectors, bits, part);
                    Products(c, rows, vectors, digits);
                }

                c.add(r9, vectors * VectorBytes);
                c.dec(r10);
                c.jne(block);
                FinishGroup(c, rows, vectors, digits, offsets);
                c.dec(Field(nameof(GroupedTile.Left)));
                c.jne(group);
                Finish(c, rows, vectors);
                MoveOn(c, rows);
            }
        );

    static void Start(Assembler c, int rows, int vectors, bool offsets)
    {
        Rows(c, Field(nameof(GroupedTile.X)), Field(nameof(GroupedTile.XStride)));
        c.mov(r9, Field(nameof(GroupedTile.Weights)));
        c.mov(r11, Field(nameof(GroupedTile.Sums)));
        c.mov(r10, Field(nameof(GroupedTile.Groups)));
        c.mov(Field(nameof(GroupedTile.Left)), r10);
        c.vpxord(zmm0, zmm0, zmm0);
        for (int i = 0; i < rows * vectors; i++)
        {
            c.vmovups(__[r11 + i * VectorBytes], zmm0);
        }

        c.mov(r10d, 0x0F0F0F0F);
        c.vpbroadcastd(zmm7, r10d);
        if (!offsets)
        {
            c.mov(r10, Field(nameof(GroupedTile.NegatedZero)));
            c.vpbroadcastd(zmm6, r10d);
        }
    }

    // Σ q (code − zero) = Σ q code − zero Σ q: the sums start at the second part.
    static void StartGroup(Assembler c, int rows, int vectors, int digits, bool offsets)
    {
        for (int r = 0; r < rows; r++)
        {
            if (!offsets)
            {
                c.vpmulld(Sum(r, 0, vectors), zmm6, Broadcast(r));
            }

            for (int v = offsets ? 0 : 1; v < vectors; v++)
            {
                AssemblerRegisterZMM sum = Sum(r, v, vectors);
                if (offsets)
                {
                    c.vpxord(sum, sum, sum);
                }
                else
                {
                    c.vmovdqa32(sum, Sum(r, 0, vectors));
                }
            }
        }

        for (int high = rows * vectors; high < digits * rows * vectors; high++)
        {
            c.vpxord(Sum(0, high, vectors), Sum(0, high, vectors), Sum(0, high, vectors));
        }

        c.add(rdx, GroupedRows.HeadBytes);
        c.add(rcx, GroupedRows.HeadBytes);
        c.mov(r10, Field(nameof(GroupedTile.Blocks)));
        c.cmp(Field(nameof(GroupedTile.Left)), 1);
        c.cmove(r10, Field(nameof(GroupedTile.LastBlocks)));
        if (digits > 1)
        {
            // High bytes stand behind all low ones; of both there are four in a block.
            c.lea(rcx, __[rdx + r10 * 4]);
        }
    }

    static void Spread(Assembler c, int vectors, int bits, int part)
    {
        for (int v = 0; v < vectors; v++)
        {
            AssemblerMemoryOperand codes = __[r9 + v * VectorBytes];
            if (bits == 8)
            {
                c.vmovdqu32(Zmm(v), codes);
            }
            else if (part == 0)
            {
                c.vpandd(Zmm(v), zmm7, codes);
            }
            else
            {
                c.vpsrld(Zmm(v), codes, 4);
                c.vpandd(Zmm(v), Zmm(v), zmm7);
            }
        }
    }

    static void Products(Assembler c, int rows, int vectors, int digits)
    {
        for (int r = 0; r < digits * rows; r++)
        {
            AssemblerRegisterZMM x = Zmm(4 + r % 2);
            c.vpbroadcastd(x, Row(r < rows ? r : r - rows + RowsOfPointer));
            for (int v = 0; v < vectors; v++)
            {
                c.vpdpbusd(Sum(r, v, vectors), Zmm(v), x);
            }
        }

        NextStep(c);
    }

    // sum = fma(scaleX · Σ q, offset, fma(integers · scaleX, scale, sum)), the outer step only where there are offsets.
    static void FinishGroup(Assembler c, int rows, int vectors, int digits, bool offsets)
    {
        if (digits > 1)
        {
            c.mov(rdx, rcx);
        }

        for (int v = 0; v < vectors; v++)
        {
            c.vcvtph2ps(zmm0, __ymmword_ptr[r9 + v * HalfBytes]);
            if (offsets)
            {
                c.vcvtph2ps(zmm1, __ymmword_ptr[r9 + (vectors + v) * HalfBytes]);
            }

            for (int r = 0; r < rows; r++)
            {
                AssemblerRegisterZMM sum = Sum(r, v, vectors);
                AssemblerMemoryOperand total = __[r11 + (r * vectors + v) * VectorBytes];
                if (digits > 1)
                {
                    AssemblerRegisterZMM high = Sum(rows + r, v, vectors);
                    c.vpslld(high, high, 8);
                    c.vpaddd(sum, sum, high);
                }

                c.vcvtdq2ps(sum, sum);
                c.vmulps(sum, sum, Broadcast(r));
                c.vfmadd213ps(sum, zmm0, total);
                if (offsets)
                {
                    c.vfmadd231ps(sum, zmm1, Broadcast(r, sizeof(float)));
                }

                c.vmovups(total, sum);
            }
        }

        c.add(r9, vectors * HalfBytes * (offsets ? 2 : 1));
        c.add(rdx, GroupedRows.TailBytes);
        c.add(rcx, GroupedRows.TailBytes);
    }

    static void Finish(Assembler c, int rows, int vectors)
    {
        c.mov(rcx, Field(nameof(GroupedTile.Units)));
        c.mov(rdx, Field(nameof(GroupedTile.Bias)));
        c.mov(r9, Field(nameof(GroupedTile.Y)));
        c.mov(r10, Field(nameof(GroupedTile.YStride)));
        c.mov(r8, Field(nameof(GroupedTile.LastMask)));
        c.kmovw(k1, r8d);
        for (int v = 0; v < vectors; v++)
        {
            c.vmovups(Zmm(v), __[rcx + v * VectorBytes]);
        }

        for (int r = 0; r < rows; r++)
        {
            for (int v = 0; v < vectors; v++)
            {
                AssemblerMemoryOperand bias = __[rdx + v * VectorBytes],
                    y = __[r9 + v * VectorBytes];
                c.vmulps(zmm4, Zmm(v), __[r11 + (r * vectors + v) * VectorBytes]);
                if (v < vectors - 1)
                {
                    c.vaddps(zmm4, zmm4, bias);
                    c.vmovups(y, zmm4);
                }
                else
                {
                    c.vaddps(zmm4.k1.z, zmm4, bias);
                    c.vmovups(y.k1, zmm4);
                }
            }

            c.add(r9, r10);
        }
    }

    // r9 is the place of the next tile's numbers already.
    static void MoveOn(Assembler c, int rows)
    {
        c.imul(rdx, Field(nameof(GroupedTile.XStride)), rows);
        c.add(Field(nameof(GroupedTile.X)), rdx);
        c.mov(Field(nameof(GroupedTile.Y)), r9);
        c.dec(Field(nameof(GroupedTile.Tiles)));
    }

    /// <summary>A number of a row in every lane.</summary>
    static AssemblerMemoryOperand Broadcast(int row, int offset = 0)
    {
        AssemblerRegister64 three = row < 3 ? rdx : rcx;
        return (row % 3) switch
        {
            0 => __dword_bcst[three + offset],
            1 => __dword_bcst[three + r8 + offset],
            _ => __dword_bcst[three + r8 * 2 + offset],
        };
    }

    static AssemblerMemoryOperand Field(string name) => Field<GroupedTile>(name);
}
