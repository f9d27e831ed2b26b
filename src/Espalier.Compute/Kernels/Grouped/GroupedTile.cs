using System.Runtime.InteropServices;

namespace Espalier.Kernels.Grouped;

/// <summary>
/// Tiles of a product, one below the other: up to 6 rows of x each (of numbers of two bytes 3) against up to 4 vectors of 16 outputs. Emitted code reads
/// these fields by their offsets, and moves them on from tile to tile.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct GroupedTile
{
    /// <summary>Rows as <see cref="GroupedRows"/> has them, <see cref="XStride"/> bytes apart.</summary>
    public byte* X;
    public long XStride;

    /// <summary>A panel; see <see cref="GroupedPanels"/>.</summary>
    public byte* Weights;
    public long Groups;

    /// <summary>Of a group: 64 bytes of codes for each vector.</summary>
    public long Blocks;

    /// <summary>Of the last group.</summary>
    public long LastBlocks;

    /// <summary>Groups to go, while a tile is at work.</summary>
    public long Left;

    /// <summary>Where the sums start, times the sum of a group of x; not looked at where groups have offsets.</summary>
    public long NegatedZero;
    public float* Units;

    /// <summary>Readable as far as <see cref="LastMask"/> goes.</summary>
    public float* Bias;

    /// <summary>Sums of the groups that are done, 16 for each row and vector; 64-byte aligned.</summary>
    public float* Sums;
    public float* Y;

    /// <summary>In bytes.</summary>
    public long YStride;

    /// <summary>Which of the last vector's 16 outputs exist.</summary>
    public long LastMask;

    /// <summary>Tiles to go; 0 when the kernel is done.</summary>
    public long Tiles;

    /// <summary>Of each tile.</summary>
    public int Rows;
    public int Vectors;

    /// <summary>What emitted code does by itself.</summary>
    public void MoveOn()
    {
        X += Rows * XStride;
        Y = (float*)((byte*)Y + Rows * YStride);
        Tiles--;
    }
}
