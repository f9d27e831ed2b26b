using System.Runtime.InteropServices;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Espalier.Kernels.Emit;

/// <summary>What all emitted tiles have around them.</summary>
static unsafe class TileCode
{
    // xmm6 to 15 belong to the caller on Windows.
    const int FirstKept = 6,
        LastKept = 15;

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
        using MemoryStream code = new();
        c.Assemble(new StreamCodeWriter(code), rip: 0);
        return code.ToArray();
    }

    /// <summary>Functions in one piece of runnable memory, each at the start of a cache line; their addresses.</summary>
    public static nint[] Load(IReadOnlyList<byte[]> functions)
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

        byte* first = (byte*)MachineCode.Load(CollectionsMarshal.AsSpan(code));
        return [.. starts.Select(start => (nint)(first + start))];
    }

    public static AssemblerRegisterZMM Zmm(int number) => new(Register.ZMM0 + number);

    static AssemblerRegisterXMM Xmm(int number) => new(Register.XMM0 + number);
}
