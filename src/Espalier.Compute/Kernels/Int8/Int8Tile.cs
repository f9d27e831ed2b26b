using System.Runtime.InteropServices;

namespace Espalier.Kernels.Int8;

/// <summary>
/// Tiles of a product, one below the other: up to 6 rows of x each against up to 4 vectors of 16 columns. Emitted
/// code reads these fields by their offsets, and moves them on from tile to tile.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct Int8Tile
{
    /// <summary>Rows of bytes, <see cref="XStride"/> bytes apart, readable to a multiple of 4.</summary>
    public byte* X;
    public long XStride;
    public float* XScales;
    public int* ZeroPoints;

    /// <summary>Per group of 4 inputs 64 bytes per vector.</summary>
    public sbyte* Weights;
    public long Groups;
    public float* WeightScales;
    public int* NegatedSums;

    /// <summary>Readable as far as <see cref="LastMask"/> goes.</summary>
    public float* Bias;
    public float* Y;

    /// <summary>In bytes.</summary>
    public long YStride;

    /// <summary>Which of the last vector's 16 columns exist.</summary>
    public long LastMask;

    /// <summary>
    /// From these weights to those that are wanted next, in bytes. The first tile asks for the first line of each of their
    /// groups, the second for the second, so that they come in evenly while these are used.
    /// </summary>
    public long Ahead;

    /// <summary>Tiles to go; 0 when the kernel is done.</summary>
    public long Tiles;

    /// <summary>Of each tile.</summary>
    public int Rows;
    public int Vectors;

    /// <summary>What emitted code does by itself.</summary>
    public void MoveOn()
    {
        X += Rows * XStride;
        XScales += Rows;
        ZeroPoints += Rows;
        Y = (float*)((byte*)Y + Rows * YStride);
        Tiles--;
    }
}
