namespace Espalier.Kernels.Fp32;

/// <summary>
/// The innermost step of a product: a tile of c, a few rows by one panel of columns, kept in registers
/// while k runs.
/// </summary>
/// <remarks>
/// One step of k reads a row of the panel of B (some vectors, one lane a column) and one number of each
/// row of a, spread over all lanes; every pair of them is one fused multiply-add into its own accumulator.
/// The accumulators must be many, because each can be added to only every four cycles, and few enough to
/// stay in registers. Each lane therefore is one element of c, and its sum is a plain chain of fused
/// multiply-adds in the order of k: rows never share a sum, so a row's result does not depend on how
/// many rows stand beside it.
/// </remarks>
unsafe interface ITile
{
    static abstract bool IsSupported { get; }

    /// <summary>Rows of a full tile; the strips of a packed a are as high.</summary>
    static abstract int Rows { get; }

    /// <summary>Columns of a full tile, which are the columns of a panel.</summary>
    static abstract int Width { get; }

    /// <summary>Floats in a vector; the last panel is padded with zeros to a multiple of this.</summary>
    static abstract int Lanes { get; }

    /// <summary>Steps of k after which the sums go to memory, so that what is read over and over stays in cache.</summary>
    static abstract int Depth { get; }

    /// <summary>c = a · b, or c += a · b, for 1 to <see cref="Rows"/> rows and 1 to Width / Lanes vectors of columns.</summary>
    static abstract void Multiply(int rows, int vectors, in TileProduct product);
}

/// <param name="A">The first row; element (row, k) is at row · RowStride + k · StepStride.</param>
/// <param name="B">A panel: step k is the next (vectors · Lanes) floats.</param>
/// <param name="CStride">Floats from a row of c to the next.</param>
readonly unsafe record struct TileProduct(
    nint A,
    nint RowStride,
    nint StepStride,
    nint B,
    int K,
    nint C,
    nint CStride,
    bool Add
);
