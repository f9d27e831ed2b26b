using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Iced.Intel;

namespace Espalier.Tests.Kernels.Emulation;

/// <summary>What a processor holds besides tiles, filled with rubbish that a caller would leave there.</summary>
sealed class Registers
{
    const int VectorBytes = 64;
    readonly byte[] _vectors = new byte[32 * VectorBytes];

    public Registers()
    {
        for (int i = 0; i < General.Length; i++)
        {
            General[i] = 0xDEAD_0000_0000_0000 + (ulong)i;
        }

        for (int i = 0; i < 32; i++)
        {
            Lanes(i)[..4].Fill(0xBAD0_0000 + (uint)i);
        }
    }

    public ulong[] General { get; } = new ulong[16];
    public ulong[] Masks { get; } = new ulong[8];
    public bool Zero { get; set; }
    public bool Sign { get; set; }
    public bool Carry { get; set; }
    public bool Overflow { get; set; }

    /// <summary>Sixteen lanes of 32 bits; a shorter vector is the first of them.</summary>
    public Span<uint> Lanes(int vector) =>
        MemoryMarshal.Cast<byte, uint>(_vectors.AsSpan(vector * VectorBytes, VectorBytes));

    /// <summary>Number of a vector register, whichever width it is named by.</summary>
    public static int Vector(Register register) => register.GetNumber();

    public ulong Read(Register register)
    {
        ulong whole = General[register.GetNumber()];
        return register.IsGPR64() ? whole
            : register.IsGPR32() ? (uint)whole
            : throw new InvalidOperationException($"The interpreter has no {register}.");
    }

    // Writing 32 bits clears the upper 32 (Intel SDM, volume 1, 3.4.1.1).
    public void Write(Register register, ulong value) =>
        General[register.GetNumber()] =
            register.IsGPR64() ? value
            : register.IsGPR32() ? (uint)value
            : throw new InvalidOperationException($"The interpreter has no {register}.");

    /// <summary>Memory of this process, as it is.</summary>
    public static Span<byte> Memory(ulong address, int bytes) =>
        MemoryMarshal.CreateSpan(
            ref Unsafe.AddByteOffset(ref Unsafe.NullRef<byte>(), (nint)address),
            bytes
        );
}
