using System.Runtime.InteropServices;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Espalier.Kernels.Emit;

/// <summary>What all emitted tiles have around them.</summary>
static class TileCode
{
    // xmm6 to 15 belong to the caller on Windows.
    const int FirstKept = 6,
        LastKept = 15;
    const int FirstSum = 8;

    /// <summary>Of a row that meet one vector: four int8 or two bfloat16.</summary>
    const int StepBytes = 4;
    public const int VectorBytes = 64;

    /// <summary>Machine code of a function that may use every vector register.</summary>
    public static byte[] Assemble(bool windows, Action<Assembler> body)
    {
        Assembler c = new(64);
        if (windows)
        {
            c.sub(rsp, (LastKept - FirstKept + 1) * 16 + 8);
            for (int i = FirstKept; i <= LastKept; i++)
            {
                c.vmovdqu(__[rsp + (i - FirstKept) * 16], Xmm(i));
            }
        }

        body(c);
        if (windows)
        {
            for (int i = FirstKept; i <= LastKept; i++)
            {
                c.vmovdqu(Xmm(i), __[rsp + (i - FirstKept) * 16]);
            }

            c.add(rsp, (LastKept - FirstKept + 1) * 16 + 8);
        }

        c.vzeroupper();
        c.ret();
        return Bytes(c);
    }

    /// <summary>
    /// The same for tiles one below the other; rax holds the address of what the function is given. The body ends with the
    /// zero flag set when no tile is left. The loop is in here and not in C# because the processor then begins the next tile's
    /// products while the last one's numbers are still on their way to memory.
    /// </summary>
    public static byte[] Tiles(bool windows, Action<Assembler> body) =>
        Assemble(
            windows,
            c =>
            {
                c.mov(rax, windows ? rcx : rdi);
                Label tile = c.CreateLabel();
                c.Label(ref tile);
                body(c);
                c.jne(tile);
            }
        );

    /// <summary>
    /// The sums of a tile of up to 6 rows x 4 vectors, in zmm8 to zmm31. Per step it loads the vectors of b (zmm0 to 3) and
    /// broadcasts four bytes of each row (zmm4 to 7, in turn) for 24 multiplications, behind which these 10 loads hide.
    /// </summary>
    /// <param name="a">First row; <paramref name="stride"/> is the distance of rows.</param>
    /// <param name="ahead">From what is loaded to what is fetched for later.</param>
    /// <param name="multiply">Adds to a sum the products of a row's bytes and a vector.</param>
    public static void Products(
        Assembler c,
        int rows,
        int vectors,
        AssemblerMemoryOperand a,
        AssemblerMemoryOperand stride,
        AssemblerMemoryOperand b,
        AssemblerMemoryOperand steps,
        AssemblerMemoryOperand ahead,
        Action<AssemblerRegisterZMM, AssemblerRegisterZMM, AssemblerRegisterZMM> multiply
    )
    {
        Rows(c, a, stride);
        c.mov(r9, b);
        c.mov(r10, steps);
        c.mov(r11, ahead);
        Label next = c.CreateLabel();
        c.Label(ref next);
        for (int v = 0; v < vectors; v++)
        {
            c.vmovdqu32(Zmm(v), __[r9 + v * VectorBytes]);
        }

        c.prefetcht1(__[r9 + r11]);
        for (int r = 0; r < rows; r++)
        {
            AssemblerRegisterZMM row = Zmm(4 + r % 4);
            c.vpbroadcastd(row, Row(r));
            for (int v = 0; v < vectors; v++)
            {
                multiply(Sum(r, v, vectors), row, Zmm(v));
            }
        }

        c.add(r9, vectors * VectorBytes);
        NextStep(c);
        c.dec(r10);
        c.jne(next);
    }

    /// <summary>rdx is row 0, rcx row 3, r8 the distance of rows: six rows in three registers.</summary>
    public static void Rows(
        Assembler c,
        AssemblerMemoryOperand first,
        AssemblerMemoryOperand stride
    )
    {
        c.mov(rdx, first);
        c.mov(r8, stride);
        c.lea(rcx, __[r8 + r8 * 2]);
        c.add(rcx, rdx);
    }

    /// <summary>Four bytes of a row.</summary>
    public static AssemblerMemoryOperand Row(int row)
    {
        AssemblerRegister64 three = row < 3 ? rdx : rcx;
        return (row % 3) switch
        {
            0 => __dword_ptr[three],
            1 => __dword_ptr[three + r8],
            _ => __dword_ptr[three + r8 * 2],
        };
    }

    public static void NextStep(Assembler c)
    {
        c.add(rdx, StepBytes);
        c.add(rcx, StepBytes);
    }

    /// <summary>A field of the structure whose address rax holds.</summary>
    public static AssemblerMemoryOperand Field<T>(string name) =>
        __qword_ptr[rax + (int)Marshal.OffsetOf<T>(name)];

    public static AssemblerRegisterZMM Sum(int row, int vector, int vectors) =>
        Zmm(FirstSum + row * vectors + vector);

    public static byte[] Bytes(Assembler assembler)
    {
        using MemoryStream code = new();
        assembler.Assemble(new StreamCodeWriter(code), rip: 0);
        return code.ToArray();
    }

    /// <summary>Functions in one piece of runnable memory, each at the start of a cache line; their addresses.</summary>
    public static nint[] Load(Cpu cpu, IReadOnlyList<byte[]> functions)
    {
        const int line = 64;
        List<byte> code = [];
        int[] starts = new int[functions.Count];
        for (int i = 0; i < starts.Length; i++)
        {
            code.AddRange(new byte[(line - code.Count % line) % line]);
            starts[i] = code.Count;
            code.AddRange(functions[i]);
        }

        nint first = cpu.Load(CollectionsMarshal.AsSpan(code));
        return [.. starts.Select(start => first + start)];
    }

    public static AssemblerRegisterZMM Zmm(int number) => new(Register.ZMM0 + number);

    static AssemblerRegisterXMM Xmm(int number) => new(Register.XMM0 + number);
}
