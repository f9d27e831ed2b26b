using System.Runtime.InteropServices;

namespace Espalier.Kernels.Bf16;

/// <summary>
/// Tiles of a product, one below the other: some rows of a each, against up to 4 vectors of 16 columns. Emitted code
/// reads these fields by their offsets, and moves on from tile to tile.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct Bf16Tile
{
    /// <summary>Rows of pairs, <see cref="AStride"/> bytes apart.</summary>
    public uint* A;
    public long AStride;

    /// <summary>Per pair of steps 64 bytes per vector.</summary>
    public uint* B;

    /// <summary>Pairs of steps of k, at least 1.</summary>
    public long Pairs;
    public float* C;

    /// <summary>In bytes.</summary>
    public long CStride;

    /// <summary>Bytes from b to what is to be fetched ahead of its use, a cache line for each pair of steps.</summary>
    public long Ahead;

    /// <summary>How many, at least 1.</summary>
    public long Tiles;

    /// <summary>Which of the last vector's 16 columns exist.</summary>
    public long LastMask;

    /// <summary>1: the product is added to what c holds; 0: it takes its place.</summary>
    public long Add;
    public int Rows;
    public int Vectors;
}
