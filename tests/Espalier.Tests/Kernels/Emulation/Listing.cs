using Iced.Intel;
using Decoder = Iced.Intel.Decoder;

namespace Espalier.Tests.Kernels.Emulation;

/// <summary>Code decoded once; an instruction is found by its address.</summary>
sealed class Listing(byte[] code, nint start)
{
    readonly Dictionary<ulong, Instruction> _instructions = [];
    readonly Lock _lock = new();

    public bool Holds(nint address) => address >= start && address < start + code.Length;

    public Instruction At(ulong address)
    {
        lock (_lock)
        {
            if (!_instructions.TryGetValue(address, out Instruction instruction))
            {
                Assert.True(Holds((nint)address), $"Emitted code ran on to {address:x}.");
                Decoder decoder = Decoder.Create(
                    64,
                    new ByteArrayCodeReader(
                        code,
                        (int)(address - (ulong)start),
                        code.Length - (int)(address - (ulong)start)
                    )
                );
                decoder.IP = address;
                instruction = decoder.Decode();
                _instructions.Add(address, instruction);
            }

            return instruction;
        }
    }
}
