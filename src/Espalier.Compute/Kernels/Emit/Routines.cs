using System.Runtime.InteropServices;
using Iced.Intel;

namespace Espalier.Kernels.Emit;

/// <summary>Pieces of emitted code, called by number; emitted together when the first is needed.</summary>
sealed class Routines(Cpu cpu, int count, Func<int, byte[]> emit)
{
    readonly nint[] _starts = new nint[count];
    readonly Lock _emitting = new();

    public void Prepare()
    {
        lock (_emitting)
        {
            if (_starts[^1] == 0)
            {
                Emit();
            }
        }
    }

    /// <inheritdoc cref="Cpu.Call"/>
    public void Call(int routine, nint argument, bool brief) =>
        cpu.Call(_starts[routine], argument, brief);

    public static byte[] Bytes(Assembler assembler)
    {
        using MemoryStream code = new();
        assembler.Assemble(new StreamCodeWriter(code), rip: 0);
        return code.ToArray();
    }

    // All in one piece, each at the start of a cache line.
    void Emit()
    {
        const int line = 64;
        List<byte> code = [];
        int[] offsets = new int[count];
        for (int i = 0; i < count; i++)
        {
            code.AddRange(new byte[(line - code.Count % line) % line]);
            offsets[i] = code.Count;
            code.AddRange(emit(i));
        }

        nint first = cpu.Load(CollectionsMarshal.AsSpan(code));
        for (int i = 0; i < count; i++)
        {
            _starts[i] = first + offsets[i];
        }
    }
}
