using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Iced.Intel;

namespace Espalier.Tests.Kernels.Emulation;

/// <summary>
/// AMX (SDM volume 1, chapter 18; the instructions in volumes 2A and 2B): eight tiles, whose shape each thread
/// sets. A tile that has no shape, or one that does not fit its partners, is an invalid instruction (#UD),
/// which fails the test.
/// </summary>
static class TileInstructions
{
    const int Tiles = 8;
    const int MostRows = 16,
        MostBytes = 64;

    sealed class State
    {
        public bool Configured { get; set; }
        public int[] Rows { get; } = new int[Tiles];
        public int[] Bytes { get; } = new int[Tiles];
        public byte[] Content { get; } = new byte[Tiles * MostRows * MostBytes];
    }

    // As in a processor, the state is the thread's, not the code's.
    [ThreadStatic]
    static State? _state;

    public static bool Execute(in Instruction i, Registers registers, AddressOf address)
    {
        State state = _state ??= new State();
        switch (i.Mnemonic)
        {
            case Mnemonic.Ldtilecfg:
                Configure(state, Registers.Memory(address(i), 64));
                return true;
            case Mnemonic.Tilerelease:
                state.Configured = false;
                return true;
            case Mnemonic.Tilezero:
                Shape(state, i, i.Op0Register);
                Content(state, i.Op0Register).Clear();
                return true;
            case Mnemonic.Tileloadd or Mnemonic.Tileloaddt1:
                Load(state, i, registers);
                return true;
            case Mnemonic.Tilestored:
                Store(state, i, registers);
                return true;
            case Mnemonic.Tdpbusd:
                Products(state, i, Bytes);
                return true;
            case Mnemonic.Tdpbf16ps:
                Products(state, i, BFloat16);
                return true;
            default:
                return false;
        }
    }

    // LDTILECFG: palette 1 is 8 tiles of at most 16 rows x 64 bytes; what is reserved must be zero, and all
    // tiles become zero.
    static void Configure(State state, ReadOnlySpan<byte> from)
    {
        Assert.True(from[0] == 1, $"ldtilecfg: the palette is {from[0]}.");
        Assert.True(from[1] == 0, $"ldtilecfg: the start row is {from[1]}.");
        Assert.False(
            from[2..16].ContainsAnyExcept((byte)0),
            "ldtilecfg: bytes 2 to 15 are reserved."
        );
        Assert.False(
            from[32..48].ContainsAnyExcept((byte)0),
            "ldtilecfg: bytes 32 to 47 are reserved."
        );
        Assert.False(
            from[56..].ContainsAnyExcept((byte)0),
            "ldtilecfg: bytes 56 to 63 are reserved."
        );
        for (int t = 0; t < Tiles; t++)
        {
            state.Bytes[t] = BinaryPrimitives.ReadUInt16LittleEndian(from[(16 + 2 * t)..]);
            state.Rows[t] = from[48 + t];
            Assert.True(
                state.Bytes[t] <= MostBytes && state.Rows[t] <= MostRows,
                $"ldtilecfg: tile {t} has {state.Rows[t]} rows of {state.Bytes[t]} bytes."
            );
        }

        state.Configured = true;
        Array.Clear(state.Content);
    }

    // TILELOADD: row r comes from base + displacement + r · index; what lies beyond the shape becomes zero.
    static void Load(State state, in Instruction i, Registers registers)
    {
        var (rows, bytes) = Shape(state, i, i.Op0Register);
        Span<byte> content = Content(state, i.Op0Register);
        content.Clear();
        var (start, stride) = Rows(i, registers);
        for (int r = 0; r < rows; r++)
        {
            Registers.Memory(start + (ulong)r * stride, bytes).CopyTo(content[(r * MostBytes)..]);
        }
    }

    static void Store(State state, in Instruction i, Registers registers)
    {
        var (rows, bytes) = Shape(state, i, i.Op1Register);
        Span<byte> content = Content(state, i.Op1Register);
        var (start, stride) = Rows(i, registers);
        for (int r = 0; r < rows; r++)
        {
            content
                .Slice(r * MostBytes, bytes)
                .CopyTo(Registers.Memory(start + (ulong)r * stride, bytes));
        }
    }

    static (ulong Start, ulong Stride) Rows(in Instruction i, Registers registers) =>
        (
            registers.Read(i.MemoryBase) + i.MemoryDisplacement64,
            registers.Read(i.MemoryIndex) * (ulong)i.MemoryIndexScale
        );

    delegate void RowProducts(Span<uint> sums, ReadOnlySpan<uint> a, State state, Register b);

    // TDP*: sums [m, n] += a [m, k] b [k, n], each k being four bytes.
    static void Products(State state, in Instruction i, RowProducts row)
    {
        var (rows, bytes) = Shape(state, i, i.Op0Register);
        var (aRows, aBytes) = Shape(state, i, i.Op1Register);
        var (bRows, bBytes) = Shape(state, i, i.Op2Register);
        Assert.True(
            rows == aRows && aBytes == 4 * bRows && bytes == bBytes,
            $"{i}: [{rows} x {bytes}] from [{aRows} x {aBytes}] and [{bRows} x {bBytes}]."
        );
        Assert.True(
            i.Op0Register != i.Op1Register
                && i.Op0Register != i.Op2Register
                && i.Op1Register != i.Op2Register,
            $"{i}: its three tiles must differ."
        );
        for (int m = 0; m < rows; m++)
        {
            row(
                Row(state, i.Op0Register, m)[..(bytes / 4)],
                Row(state, i.Op1Register, m)[..(aBytes / 4)],
                state,
                i.Op2Register
            );
        }
    }

    static void Bytes(Span<uint> sums, ReadOnlySpan<uint> a, State state, Register b)
    {
        for (int k = 0; k < a.Length; k++)
        {
            Span<uint> group = Row(state, b, k);
            for (int n = 0; n < sums.Length; n++)
            {
                sums[n] = Dot.Bytes(sums[n], a[k], group[n]);
            }
        }
    }

    // TDPBF16PS: the products of even and of odd inputs are summed apart, from zero, by fused multiply-adds;
    // then the two sums are added, and the result to the destination. Round to nearest even, no denormals,
    // whatever MXCSR says.
    static void BFloat16(Span<uint> sums, ReadOnlySpan<uint> a, State state, Register b)
    {
        Span<uint> even = stackalloc uint[MostBytes / 4],
            odd = stackalloc uint[MostBytes / 4];
        for (int k = 0; k < a.Length; k++)
        {
            Span<uint> group = Row(state, b, k);
            for (int n = 0; n < sums.Length; n++)
            {
                even[n] = Dot.Add(even[n], Dot.Lower(a[k]), Dot.Lower(group[n]));
                odd[n] = Dot.Add(odd[n], Dot.Upper(a[k]), Dot.Upper(group[n]));
            }
        }

        for (int n = 0; n < sums.Length; n++)
        {
            sums[n] = Dot.Add(sums[n], Dot.Add(even[n], odd[n]));
        }
    }

    static (int Rows, int Bytes) Shape(State state, in Instruction i, Register tile)
    {
        Assert.True(state.Configured, $"{i}: this thread's tiles have no shape.");
        int t = tile.GetNumber();
        Assert.True(state.Rows[t] > 0 && state.Bytes[t] > 0, $"{i}: {tile} has no shape.");
        return (state.Rows[t], state.Bytes[t]);
    }

    static Span<uint> Row(State state, Register tile, int row) =>
        MemoryMarshal.Cast<byte, uint>(Content(state, tile).Slice(row * MostBytes, MostBytes));

    static Span<byte> Content(State state, Register tile) =>
        state.Content.AsSpan(tile.GetNumber() * MostRows * MostBytes, MostRows * MostBytes);
}
