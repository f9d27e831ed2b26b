using System.Runtime.InteropServices;

namespace Espalier.Kernels.Int8;

/// <summary>
/// One tile of a product: up to 6 rows of x against up to 4 vectors of 16 columns. Emitted code reads
/// these fields by their offsets.
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
    public int Rows;
    public int Vectors;
}
