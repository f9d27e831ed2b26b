using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Espalier.Kernels.Reference;
using Espalier.Stored;
using Espalier.Tensors;

namespace Espalier.Kernels.Grouped;

/// <summary>
/// Codes for the tiled kernels, in panels of 64 outputs (the last may have 16, 32 or 48). A panel is one stream: for each group its
/// codes, then a half-precision scale of each output, then, unless all groups have one zero, the offsets likewise. Codes come in blocks
/// of 64 bytes for every 16 outputs, four bytes of each: with 8 bits four inputs, with 4 bits eight, of which the first four are the
/// lower halves of the bytes and the next four the upper ones. So one mask, or a shift and a mask, gives what meets four bytes of x.
/// </summary>
sealed unsafe class GroupedPanels : GroupedMatrix
{
    public const int VectorColumns = 16;
    public const int VectorBytes = 64;
    public const int PanelColumns = 64;
    const int HalfBytes = 2 * VectorColumns;
    const int Alignment = 64;

    readonly byte[] _stream;
    readonly float[] _units;
    readonly int _perBlock;
    readonly int _headers;

    /// <param name="weights_OI">Not kept.</param>
    public GroupedPanels(GroupedWeight weights_OI)
        : base(weights_OI)
    {
        _perBlock = Bits == 4 ? 8 : 4;
        _headers = Zero is null ? 2 : 1;
        Groups = weights_OI.Groups;
        Blocks = Group / _perBlock;
        LastBlocks = GroupedRows.Padded(weights_OI.LengthOf(Groups - 1)) / _perBlock;
        int vectors = (Outputs + VectorColumns - 1) / VectorColumns;
        long bytes = (long)vectors * StreamOfVector;
        if (bytes > Array.MaxLength - Alignment)
        {
            throw new ArgumentException(
                $"Grouped weights of {weights_OI.Shape} take {bytes} bytes; one matrix takes at most {Array.MaxLength - Alignment}. Split its outputs."
            );
        }

        _stream = LargePages.Allocate<byte>((int)bytes + Alignment);
        _units = GC.AllocateArray<float>(vectors * VectorColumns, pinned: true);
        byte[] codes = new byte[Groups * Group];
        ushort[] scales = new ushort[Groups],
            offsets = new ushort[Zero is null ? Groups : 0];
        for (int o = 0; o < Outputs; o++)
        {
            _units[o] = HalfScales.Read(weights_OI, o, codes, scales, offsets);
            for (int g = 0; g < Groups; g++)
            {
                Spread(o, g, codes, scales[g], offsets.Length == 0 ? null : offsets[g]);
            }
        }

        LargePages.Gather(_stream);
    }

    public int Groups { get; }

    /// <summary>Of a group but the last.</summary>
    public int Blocks { get; }
    public int LastBlocks { get; }

    public int Panels => (Outputs + PanelColumns - 1) / PanelColumns;

    public override long Bytes => _stream.Length + 4L * _units.Length;

    /// <summary>Bytes of 16 outputs.</summary>
    int StreamOfVector =>
        checked(((Groups - 1) * Blocks + LastBlocks) * VectorBytes + Groups * _headers * HalfBytes);

    /// <summary>Vectors of 16 outputs in a panel: 4, in the last panel 1 to 4.</summary>
    public int Vectors(int panel) =>
        Math.Min(4, (Outputs - panel * PanelColumns + VectorColumns - 1) / VectorColumns);

    /// <summary>Outputs of a panel: 64, in the last panel what is left.</summary>
    public int ColumnsOf(int panel) => Math.Min(PanelColumns, Outputs - panel * PanelColumns);

    /// <summary>64-byte aligned; the memory is pinned and lives as long as this object.</summary>
    public byte* Stream(int panel)
    {
        nuint first = (nuint)Unsafe.AsPointer(ref _stream[0]);
        nuint aligned = (first + Alignment - 1) / Alignment * Alignment;
        return (byte*)aligned + (long)panel * 4 * StreamOfVector;
    }

    public float* Units(int panel) => (float*)Unsafe.AsPointer(ref _units[panel * PanelColumns]);

    /// <summary>Where a group of an output lies: its four bytes of the first block, how far it is to the next, and its scale.</summary>
    byte* Place(int output, int group, out int step, out ushort* scale)
    {
        int panel = output / PanelColumns,
            column = output % PanelColumns,
            vectors = Vectors(panel);
        step = vectors * VectorBytes;
        byte* start =
            Stream(panel) + (long)group * (Blocks * step + _headers * vectors * HalfBytes);
        int blocks = group == Groups - 1 ? LastBlocks : Blocks;
        scale = (ushort*)(start + blocks * step) + column;
        return start + column * 4;
    }

    void Spread(int output, int group, ReadOnlySpan<byte> codes, ushort scale, ushort? offset)
    {
        byte* to = Place(output, group, out int step, out ushort* halves);
        *halves = scale;
        if (offset is { } given)
        {
            halves[Vectors(output / PanelColumns) * VectorColumns] = given;
        }

        // Codes are zeros to the end of the last group, and four that are below 16 move up as one number.
        ReadOnlySpan<uint> fours = MemoryMarshal.Cast<byte, uint>(
            codes.Slice(group * Group, Group)
        );
        int blocks = group == Groups - 1 ? LastBlocks : Blocks;
        for (int b = 0; b < blocks; b++, to += step)
        {
            *(uint*)to = Bits == 8 ? fours[b] : fours[2 * b] | fours[2 * b + 1] << 4;
        }
    }

    public override void AddRow(int row, Span<float> to)
    {
        int vectors = Vectors(row / PanelColumns);
        for (int g = 0; g < Groups; g++)
        {
            byte* from = Place(row, g, out int step, out ushort* halves);
            float scale = HalfScales.Value(*halves),
                offset = Zero is null ? HalfScales.Value(halves[vectors * VectorColumns]) : 0;
            int past = Math.Min(Inputs, (g + 1) * Group);
            for (int i = g * Group; i < past; i++)
            {
                int at = i - g * Group,
                    inBlock = at % _perBlock;
                int code = from[at / _perBlock * step + inBlock % 4];
                code =
                    Bits == 8 ? code
                    : inBlock < 4 ? code & 15
                    : code >> 4;
                to[i] += ReferenceGroupedGemm.Weight(code, scale, offset, Zero ?? 0, _units[row]);
            }
        }
    }
}
