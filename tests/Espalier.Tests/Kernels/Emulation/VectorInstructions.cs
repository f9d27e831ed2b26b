using System.Runtime.InteropServices;
using Iced.Intel;

namespace Espalier.Tests.Kernels.Emulation;

/// <summary>An address that an instruction's memory operand means.</summary>
delegate ulong AddressOf(in Instruction instruction);

/// <summary>
/// Vectors of 4, 8 or 16 lanes of 32 bits. Whatever is written to a register clears what lies above
/// the vector (SDM volume 1, 15.5); a mask leaves lanes as they were, or zero, and neither loads nor
/// stores them (15.6).
/// </summary>
static class VectorInstructions
{
    const int AllLanes = 16;

    public static bool Execute(in Instruction i, Registers registers, AddressOf address)
    {
        switch (i.Mnemonic)
        {
            case Mnemonic.Vzeroupper:
                for (int v = 0; v < 16; v++)
                {
                    registers.Lanes(v)[4..].Clear();
                }

                return true;
            case Mnemonic.Kmovw:
                registers.Masks[i.Op0Register.GetNumber()] = (ushort)registers.Read(i.Op1Register);
                return true;
            case Mnemonic.Vmovdqu
            or Mnemonic.Vmovdqu32
            or Mnemonic.Vmovups when i.Op0Kind == OpKind.Memory:
                Store(i, registers, address);
                return true;
        }

        Func<uint, uint, uint, uint>? meaning = Meaning(i.Mnemonic);
        if (meaning is null || !i.Op0Register.IsVectorRegister())
        {
            return false;
        }

        // The last operand may be memory; the one before it, where there are three, is a register.
        int lanes = i.Op0Register.GetSize() / sizeof(uint);
        Span<uint> last = stackalloc uint[AllLanes],
            before = stackalloc uint[AllLanes];
        Read(i, i.OpCount - 1, lanes, registers, address, last);
        if (i.OpCount > 2)
        {
            Read(i, 1, lanes, registers, address, before);
        }

        Span<uint> into = registers.Lanes(Registers.Vector(i.Op0Register));
        for (int lane = 0; lane < AllLanes; lane++)
        {
            into[lane] =
                lane >= lanes ? 0
                : On(i, registers, lane) ? meaning(into[lane], before[lane], last[lane])
                : i.ZeroingMasking ? 0
                : into[lane];
        }

        return true;
    }

    // One lane, from what the destination holds and the first and second source.
    static Func<uint, uint, uint, uint>? Meaning(Mnemonic mnemonic) =>
        mnemonic switch
        {
            Mnemonic.Vmovdqu or Mnemonic.Vmovdqu32 or Mnemonic.Vmovups => (_, _, b) => b,
            Mnemonic.Vpbroadcastd or Mnemonic.Vbroadcastss => (_, _, b) => b,
            Mnemonic.Vpxor or Mnemonic.Vpxord => (_, a, b) => a ^ b,
            Mnemonic.Vpmulld => (_, a, b) => a * b,
            Mnemonic.Vpaddd => (_, a, b) => a + b,
            Mnemonic.Vpdpbusd => Dot.Bytes,
            Mnemonic.Vdpbf16ps => Dot.BFloat16Pair,
            Mnemonic.Vcvtdq2ps => (_, _, b) => Bits((int)b),
            Mnemonic.Vmulps => (_, a, b) => Bits(Number(a) * Number(b)),
            Mnemonic.Vaddps => (_, a, b) => Bits(Number(a) + Number(b)),
            _ => null,
        };

    static void Read(
        in Instruction i,
        int operand,
        int lanes,
        Registers registers,
        AddressOf address,
        Span<uint> into
    )
    {
        bool one = i.IsBroadcast || i.Mnemonic is Mnemonic.Vpbroadcastd or Mnemonic.Vbroadcastss;
        if (i.GetOpKind(operand) == OpKind.Register)
        {
            Span<uint> from = registers.Lanes(Registers.Vector(i.GetOpRegister(operand)));
            bool spread = i.Mnemonic is Mnemonic.Vpbroadcastd or Mnemonic.Vbroadcastss;
            for (int lane = 0; lane < lanes; lane++)
            {
                into[lane] = from[spread ? 0 : lane];
            }

            return;
        }

        ulong at = address(i);
        for (int lane = 0; lane < lanes; lane++)
        {
            if (On(i, registers, lane))
            {
                into[lane] = Memory(at, one ? 0 : lane)[0];
            }
        }
    }

    static void Store(in Instruction i, Registers registers, AddressOf address)
    {
        ulong at = address(i);
        Span<uint> from = registers.Lanes(Registers.Vector(i.Op1Register));
        for (int lane = 0; lane < i.Op1Register.GetSize() / sizeof(uint); lane++)
        {
            if (On(i, registers, lane))
            {
                Memory(at, lane)[0] = from[lane];
            }
        }
    }

    static bool On(in Instruction i, Registers registers, int lane) =>
        i.OpMask == Register.None || (registers.Masks[i.OpMask.GetNumber()] >> lane & 1) != 0;

    static Span<uint> Memory(ulong at, int lane) =>
        MemoryMarshal.Cast<byte, uint>(
            Registers.Memory(at + (ulong)(lane * sizeof(uint)), sizeof(uint))
        );

    static float Number(uint bits) => BitConverter.UInt32BitsToSingle(bits);

    static uint Bits(float number) => BitConverter.SingleToUInt32Bits(number);
}
