namespace Espalier.Kernels.Emit;

/// <summary>
/// The 64 bytes that <c>ldtilecfg</c> reads (Intel SDM, volume 1, chapter 18): palette 1, then from byte 16
/// the bytes a row of each tile, from byte 48 its rows.
/// </summary>
unsafe struct TileShapes
{
    const int Tiles = 8;
    const int FirstRowBytes = 16,
        FirstRows = 48;
    fixed byte _bytes[64];

    /// <summary>tmm0 to 6, x and sums, of <paramref name="rows"/> rows; tmm7, weights, of 16. All 64 bytes wide.</summary>
    public static TileShapes Of(int rows)
    {
        TileShapes shapes = default;
        shapes._bytes[0] = 1;
        for (int i = 0; i < Tiles; i++)
        {
            shapes._bytes[FirstRowBytes + 2 * i] = AmxTileCode.RowBytes;
            shapes._bytes[FirstRows + i] = (byte)(i == Tiles - 1 ? AmxTileCode.TileRows : rows);
        }

        return shapes;
    }
}
