using System.Runtime.InteropServices;

namespace Espalier.Kernels.Emit;

/// <summary>
/// The products of one tile, left as sums for C# to finish. Emitted code reads these fields by their
/// offsets.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct TileProducts
{
    /// <summary>The first row; with AMX the first of the first 16.</summary>
    public byte* X0;

    /// <summary>AMX alone: the first row of the second and third tile of rows, where there is one.</summary>
    public byte* X1;
    public byte* X2;

    /// <summary>Bytes from row to row.</summary>
    public long XStride;
    public byte* Weights;

    /// <summary>4 bytes of x a step; with AMX 64.</summary>
    public long Steps;

    /// <summary>The sums: 16 a row; with AMX 32 a row, 16 rows a tile.</summary>
    public int* Sums;
}
