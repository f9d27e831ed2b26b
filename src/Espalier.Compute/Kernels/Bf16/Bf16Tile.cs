using System.Runtime.InteropServices;

namespace Espalier.Kernels.Bf16;

/// <summary>
/// One tile of a product: some rows of a against up to 4 vectors of 16 columns. Emitted code reads these fields
/// by their offsets.
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

    /// <summary>Which of the last vector's 16 columns exist.</summary>
    public long LastMask;

    /// <summary>1: the product is added to what c holds; 0: it takes its place.</summary>
    public long Add;
    public int Rows;
    public int Vectors;
}
