using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Iced.Intel;

namespace Espalier.Tests.Kernels.Emulation;

/// <summary>
/// One call of emitted code, instruction by instruction, with the meaning that Intel's Software Developer's
/// Manual (SDM, volumes 2A to 2D) gives each. It knows what our emitters use; anything else fails the test by
/// name. It also holds the code to the calling convention: what belongs to the caller comes back as it was.
/// </summary>
sealed class Interpreter(Listing listing, bool windows)
{
    const int StackBytes = 4096;
    const int Rcx = 1,
        Rsp = 4,
        Rdi = 7;
    const ulong ReturnAddress = 0x5EED_5EED;

    // rbx, rsp, rbp, r12 to r15; Windows keeps rsi, rdi and xmm6 to 15 too.
    static readonly int[] Kept = [3, 4, 5, 12, 13, 14, 15];
    static readonly int[] KeptOnWindows = [6, 7];

    readonly Registers _registers = new();
    readonly Dictionary<Mnemonic, long> _counts = [];

    public IEnumerable<(string Name, long Count)> Counts =>
        _counts.Select(c => (c.Key.ToString().ToLowerInvariant(), c.Value));

    public void Run(nint code, nint argument)
    {
        nint stack = Marshal.AllocHGlobal(StackBytes);
        try
        {
            Run((ulong)code, argument, (ulong)stack);
        }
        finally
        {
            Marshal.FreeHGlobal(stack);
        }
    }

    void Run(ulong at, nint argument, ulong stack)
    {
        ulong[] general = _registers.General;
        general[windows ? Rcx : Rdi] = (ulong)argument;
        // Both conventions: rsp + 8 is a multiple of 16 where a routine begins.
        general[Rsp] = ((stack + StackBytes) & ~63ul) - 8;
        Write64(general[Rsp], ReturnAddress);
        ulong[] before = [.. general];
        uint[][] vectors = [.. Enumerable.Range(0, 16).Select(i => _registers.Lanes(i).ToArray())];
        while (at != ReturnAddress)
        {
            Instruction instruction = listing.At(at);
            _counts[instruction.Mnemonic] = _counts.GetValueOrDefault(instruction.Mnemonic) + 1;
            at = Execute(instruction);
        }

        before[Rsp] += 8;
        foreach (int r in windows ? [.. Kept, .. KeptOnWindows] : Kept)
        {
            Assert.True(general[r] == before[r], $"Register {r} is the caller's; it was changed.");
        }

        for (int v = 0; v < 16; v++)
        {
            Assert.False(
                _registers.Lanes(v)[4..].ContainsAnyExcept(0u),
                $"The upper part of vector {v} is not zero: vzeroupper is missing."
            );
            Assert.True(
                !windows || v < 6 || _registers.Lanes(v).SequenceEqual(vectors[v]),
                $"xmm{v} is the caller's on Windows; it was changed."
            );
        }
    }

    ulong Execute(in Instruction i)
    {
        ulong[] general = _registers.General;
        switch (i.Mnemonic)
        {
            case Mnemonic.Ret:
                ulong back = Read64(general[Rsp]);
                general[Rsp] += 8;
                return back;
            case Mnemonic.Push:
                general[Rsp] -= 8;
                Write64(general[Rsp], _registers.Read(i.Op0Register));
                return i.NextIP;
            case Mnemonic.Pop:
                _registers.Write(i.Op0Register, Read64(general[Rsp]));
                general[Rsp] += 8;
                return i.NextIP;
            case Mnemonic.Jmp:
            case Mnemonic.Jne when !_registers.Zero:
            case Mnemonic.Je when _registers.Zero:
            case Mnemonic.Jb when _registers.Carry:
            case Mnemonic.Jae when !_registers.Carry:
            case Mnemonic.Jl when _registers.Sign != _registers.Overflow:
            case Mnemonic.Jge when _registers.Sign == _registers.Overflow:
            case Mnemonic.Jle when _registers.Zero || _registers.Sign != _registers.Overflow:
            case Mnemonic.Jg when !_registers.Zero && _registers.Sign == _registers.Overflow:
                return i.NearBranchTarget;
            case Mnemonic.Jne
            or Mnemonic.Je
            or Mnemonic.Jb
            or Mnemonic.Jae
            or Mnemonic.Jl
            or Mnemonic.Jge
            or Mnemonic.Jle
            or Mnemonic.Jg
            or Mnemonic.Prefetchw
            or Mnemonic.Prefetcht1
            or Mnemonic.Prefetcht0
            or Mnemonic.Nop:
                return i.NextIP;
            case Mnemonic.Mov when i.Op0Kind == OpKind.Memory:
                Assert.Equal(OpKind.Register, i.Op1Kind);
                Write64(Address(i), _registers.Read(i.Op1Register), i.Op1Register.GetSize());
                return i.NextIP;
            case Mnemonic.Mov:
                _registers.Write(i.Op0Register, Operand(i, 1));
                return i.NextIP;
            case Mnemonic.Lea:
                _registers.Write(i.Op0Register, Address(i));
                return i.NextIP;
            case Mnemonic.Imul when i.OpCount > 1:
                _registers.Write(
                    i.Op0Register,
                    Operand(i, i.OpCount - 2) * Operand(i, i.OpCount - 1)
                );
                return i.NextIP;
            case Mnemonic.Add or Mnemonic.Sub or Mnemonic.Cmp or Mnemonic.Test or Mnemonic.Dec:
            case Mnemonic.And or Mnemonic.Or or Mnemonic.Xor or Mnemonic.Shl:
                Arithmetic(i);
                return i.NextIP;
        }

        if (
            !VectorInstructions.Execute(i, _registers, Address)
            && !TileInstructions.Execute(i, _registers, Address)
        )
        {
            Assert.Fail($"The interpreter does not know '{i}' ({i.Code}).");
        }

        return i.NextIP;
    }

    // Flags as the SDM has them; those that no branch above reads are left out.
    void Arithmetic(in Instruction i)
    {
        bool inMemory = i.Op0Kind == OpKind.Memory;
        int bytes = inMemory ? i.MemorySize.GetSize() : i.Op0Register.GetSize(),
            bits = 8 * bytes;
        ulong limit = bits == 64 ? ulong.MaxValue : (1ul << bits) - 1,
            top = 1ul << (bits - 1);
        ulong a = Operand(i, 0),
            b = i.Mnemonic == Mnemonic.Dec ? 1 : Operand(i, 1) & limit;
        bool minus = i.Mnemonic is Mnemonic.Sub or Mnemonic.Cmp or Mnemonic.Dec;
        ulong result =
            limit
            & i.Mnemonic switch
            {
                Mnemonic.Add => a + b,
                Mnemonic.And or Mnemonic.Test => a & b,
                Mnemonic.Or => a | b,
                Mnemonic.Xor => a ^ b,
                Mnemonic.Shl => a << (int)b,
                _ => a - b,
            };
        if (i.Mnemonic is Mnemonic.Cmp or Mnemonic.Test)
        {
            // Flags alone.
        }
        else if (inMemory)
        {
            Write64(Address(i), result, bytes);
        }
        else
        {
            _registers.Write(i.Op0Register, result);
        }

        _registers.Zero = result == 0;
        _registers.Sign = (result & top) != 0;
        if (i.Mnemonic != Mnemonic.Dec)
        {
            _registers.Carry = minus ? a < b : i.Mnemonic == Mnemonic.Add && result < a;
        }

        _registers.Overflow = minus
            ? ((a ^ b) & (a ^ result) & top) != 0
            : i.Mnemonic == Mnemonic.Add && (~(a ^ b) & (a ^ result) & top) != 0;
    }

    ulong Operand(in Instruction i, int operand) =>
        i.GetOpKind(operand) switch
        {
            OpKind.Register => _registers.Read(i.GetOpRegister(operand)),
            OpKind.Memory => Read64(Address(i), i.MemorySize.GetSize()),
            _ => i.GetImmediate(operand),
        };

    ulong Address(in Instruction i)
    {
        ulong address = i.MemoryDisplacement64;
        address += i.MemoryBase == Register.None ? 0 : _registers.Read(i.MemoryBase);
        return address
            + (
                i.MemoryIndex == Register.None
                    ? 0
                    : _registers.Read(i.MemoryIndex) * (ulong)i.MemoryIndexScale
            );
    }

    static ulong Read64(ulong address, int bytes = 8) =>
        bytes switch
        {
            8 => BinaryPrimitives.ReadUInt64LittleEndian(Registers.Memory(address, 8)),
            4 => BinaryPrimitives.ReadUInt32LittleEndian(Registers.Memory(address, 4)),
            _ => throw new InvalidOperationException($"The interpreter reads no {bytes} bytes."),
        };

    static void Write64(ulong address, ulong value, int bytes = 8)
    {
        Span<byte> whole = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(whole, value);
        whole[..bytes].CopyTo(Registers.Memory(address, bytes));
    }
}
