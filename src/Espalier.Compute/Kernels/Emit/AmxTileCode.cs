using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Espalier.Kernels.Emit;

/// <summary>Which products the tiles take: their registers and loads are the same.</summary>
enum AmxNumbers
{
    /// <summary><c>tdpbusd</c>: unsigned bytes of x, signed ones of the weights, sums of 32 bits, exact.</summary>
    Int8,

    /// <summary><c>tdpbf16ps</c>: pairs of bfloat16, sums in float32.</summary>
    BFloat16,
}

/// <summary>
/// The code of AMX, whose registers are tiles: up to 16 rows of 64 bytes. One instruction multiplies a tile
/// of x (rows of 64 bytes) by a tile of weights (16 groups of 4 bytes x 16 columns) and adds to a tile of 16
/// columns of 32-bit sums. A step goes 64 bytes along the rows: up to three tiles of x, one below the
/// other, meet up to two tiles of weights, side by side.
/// </summary>
/// <remarks>
/// <para>
/// tmm0 to 5 are sums, row by row; tmm7 is weights. With one or two tiles of rows, tmm4 and 5 are free and
/// hold x: four loads feed four products. With three, x passes through tmm6 and is loaded twice, once for each
/// tile of weights, so that the weights, which come from farther away, are read once: seven loads for six
/// products. A load takes 8 cycles, a product of 16 rows 16 cycles: the loads hide.
/// </para>
/// <para>
/// tileloadd and tilestored take a base and, as index, the distance of rows; stack and vectors are untouched, so
/// both calling conventions differ only in where the argument comes from.
/// </para>
/// </remarks>
static class AmxTileCode
{
    public const int MaximumRowTiles = 3;
    public const int MaximumColumnTiles = 2;

    /// <summary>Rows of a tile at most, and columns of sums.</summary>
    public const int TileRows = 16;
    public const int RowBytes = 64;

    /// <summary>From row to row of <see cref="TileProducts.Sums"/>: two tiles side by side.</summary>
    public const int SumColumns = MaximumColumnTiles * RowBytes / sizeof(int);
    public const int SumsOfTile = TileRows * SumColumns;

    // Where sums end: with three tiles of rows, or with fewer, whose x follows there.
    const int X = 6,
        XOfTwo = 4;
    const int Weights = 7;

    /// <param name="rowTiles">1 to 3.</param>
    /// <param name="columnTiles">1 or 2; weights are laid with that many tiles side by side.</param>
    /// <param name="more">The sums go on from what is in memory; else from zero.</param>
    /// <param name="numbers">What is multiplied.</param>
    /// <param name="windows">The calling convention.</param>
    public static byte[] Products(
        int rowTiles,
        int columnTiles,
        bool more,
        AmxNumbers numbers,
        bool windows
    )
    {
        Assembler c = new(64);
        c.push(rbx);
        c.mov(rax, windows ? rcx : rdi);
        if (more)
        {
            Sums(c, rowTiles, columnTiles, (tile, at) => c.tileloadd(tile, at));
        }
        else
        {
            for (int i = 0; i < rowTiles * columnTiles; i++)
            {
                c.tilezero(Tmm(i));
            }
        }

        AssemblerRegister64[] x = [rdx, rcx, r8];
        string[] fields =
        [
            nameof(TileProducts.X0),
            nameof(TileProducts.X1),
            nameof(TileProducts.X2),
        ];
        for (int r = 0; r < rowTiles; r++)
        {
            c.mov(x[r], Field(fields[r]));
        }

        c.mov(r9, Field(nameof(TileProducts.XStride)));
        c.mov(r10, Field(nameof(TileProducts.Weights)));
        c.mov(r11d, columnTiles * RowBytes);
        c.mov(rbx, Field(nameof(TileProducts.Steps)));
        Label next = c.CreateLabel();
        c.Label(ref next);
        Step(c, rowTiles, columnTiles, x, numbers);
        for (int r = 0; r < rowTiles; r++)
        {
            c.add(x[r], RowBytes);
        }

        c.add(r10, columnTiles * RowBytes * TileRows);
        c.dec(rbx);
        c.jne(next);
        Sums(c, rowTiles, columnTiles, (tile, at) => c.tilestored(at, tile));
        c.pop(rbx);
        c.ret();
        return TileCode.Bytes(c);
    }

    /// <summary>Sets the shapes of the thread's tiles from the <see cref="TileShapes"/> at the argument.</summary>
    public static byte[] Configure(bool windows)
    {
        Assembler c = new(64);
        c.ldtilecfg(__[windows ? rcx : rdi]);
        c.ret();
        return TileCode.Bytes(c);
    }

    /// <summary>Gives the tiles back: the system has less to save when it switches threads.</summary>
    public static byte[] Release()
    {
        Assembler c = new(64);
        c.tilerelease();
        c.ret();
        return TileCode.Bytes(c);
    }

    /// <summary>Products alone, six sums that wait for nothing; the shapes are set.</summary>
    public static byte[] Peak(AmxNumbers numbers, int steps)
    {
        Assembler c = new(64);
        for (int i = 0; i <= Weights; i++)
        {
            c.tilezero(Tmm(i));
        }

        c.mov(eax, steps);
        Label next = c.CreateLabel();
        c.Label(ref next);
        for (int i = 0; i < X; i++)
        {
            Multiply(c, Tmm(i), Tmm(X), numbers);
        }

        c.dec(eax);
        c.jne(next);
        c.ret();
        return TileCode.Bytes(c);
    }

    // Up the rows for the second tile of weights: the last tile of x is still in its register.
    static void Step(
        Assembler c,
        int rowTiles,
        int columnTiles,
        AssemblerRegister64[] x,
        AmxNumbers numbers
    )
    {
        bool alone = rowTiles == MaximumRowTiles;
        for (int column = 0; column < columnTiles; column++)
        {
            c.tileloadd(Tmm(Weights), __[r10 + r11 + column * RowBytes]);
            for (int i = 0; i < rowTiles; i++)
            {
                int row = column == 0 ? i : rowTiles - 1 - i;
                AssemblerRegisterTMM rows = Tmm(alone ? X : XOfTwo + row);
                if (column == 0 || (alone && i > 0))
                {
                    c.tileloadd(rows, __[x[row] + r9]);
                }

                Multiply(c, Tmm(row * columnTiles + column), rows, numbers);
            }
        }
    }

    static void Multiply(
        Assembler c,
        AssemblerRegisterTMM sum,
        AssemblerRegisterTMM rows,
        AmxNumbers numbers
    )
    {
        if (numbers == AmxNumbers.Int8)
        {
            c.tdpbusd(sum, rows, Tmm(Weights));
        }
        else
        {
            c.tdpbf16ps(sum, rows, Tmm(Weights));
        }
    }

    static void Sums(
        Assembler c,
        int rowTiles,
        int columnTiles,
        Action<AssemblerRegisterTMM, AssemblerMemoryOperand> move
    )
    {
        c.mov(rcx, Field(nameof(TileProducts.Sums)));
        c.mov(edx, SumColumns * sizeof(int));
        for (int r = 0; r < rowTiles; r++)
        {
            for (int column = 0; column < columnTiles; column++)
            {
                move(
                    Tmm(r * columnTiles + column),
                    __[rcx + rdx + (r * SumsOfTile * sizeof(int) + column * RowBytes)]
                );
            }
        }
    }

    static AssemblerMemoryOperand Field(string name) => TileCode.Field<TileProducts>(name);

    static AssemblerRegisterTMM Tmm(int number) => new(Register.TMM0 + number);
}
