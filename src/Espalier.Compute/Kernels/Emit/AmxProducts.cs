using System.Runtime.CompilerServices;

namespace Espalier.Kernels.Emit;

/// <summary>What becomes of sums while they are in the nearest cache.</summary>
unsafe interface IFinish
{
    /// <param name="row">First of the block's rows.</param>
    /// <param name="rows">1 to 16.</param>
    /// <param name="sums">Rows of <see cref="AmxTileCode.SumColumns"/>; int32 or float32.</param>
    void Run(int row, int rows, int* sums);
}

/// <summary>
/// A block of rows times a strip of weights (32 columns; the last may have 16), tile by tile: 32 rows at a
/// time, and as three tiles where 33 to 48 are left.
/// </summary>
/// <remarks>
/// <para>
/// A product takes as long as its tile of x has rows, and there are too few tiles for 16 + 16 + 8 rows. So a
/// block of up to 48 rows is cut into tiles of equal height (40 rows: 14, 14, 12), and every tile has that
/// height. The last one starts so early that it ends with the block: the rows that it shares with the
/// one above are computed twice and finished once. Nothing is padded or copied.
/// </para>
/// <para>
/// Rows longer than <see cref="LongestPass"/> steps go in passes of about <see cref="PassSteps"/> (512
/// bytes), all tiles of the block taking one pass before the next, so that the strip's part stays in L1
/// (63-70 to 72-83 % of the peak at 3,072 inputs, measured with a C prototype on Emerald Rapids). Between
/// passes the sums wait in memory.
/// </para>
/// <para>
/// The tiles' height is set once per thread and again only when it changes. Only the threads of
/// <see cref="Workers"/> keep it; a caller's thread may run another library's tiles between our products and gets
/// <see cref="Release"/> after each. A thread of ours that goes to sleep gives its tiles back too.
/// </para>
/// </remarks>
sealed unsafe class AmxProducts(Cpu cpu, AmxNumbers numbers)
{
    /// <summary>A block's rows at most: its sums between passes, 12 KiB, stay in L1 beside a strip.</summary>
    public const int MaximumRows = 96;

    const int ThreeTiles = AmxTileCode.MaximumRowTiles * AmxTileCode.TileRows;
    const int TwoTiles = 2 * AmxTileCode.TileRows;
    const int LongestPass = 12;
    const int PassSteps = 8;
    const int Alignment = 64;
    const int ConfigureRoutine = 12,
        ReleaseRoutine = 13;

    [ThreadStatic]
    static int _height;

    readonly Routines _routines = new(
        cpu,
        ReleaseRoutine + 1,
        i =>
            i switch
            {
                ConfigureRoutine => AmxTileCode.Configure(OperatingSystem.IsWindows()),
                ReleaseRoutine => AmxTileCode.Release(),
                _ => AmxTileCode.Products(
                    1 + i / 4,
                    1 + i / 2 % 2,
                    i % 2 == 1,
                    numbers,
                    OperatingSystem.IsWindows()
                ),
            }
    );

    Action? _release;

    public void Prepare()
    {
        _routines.Prepare();
        _release ??= Release;
    }

    /// <summary>Gives the thread's tiles back.</summary>
    public void Release()
    {
        if (_height != 0)
        {
            _routines.Call(ReleaseRoutine, 0, brief: true);
            _height = 0;
        }
    }

    /// <param name="x">Rows of whole steps, each of 64 bytes.</param>
    /// <param name="xStride">Bytes from row to row.</param>
    /// <param name="rows">1 to <see cref="MaximumRows"/>.</param>
    /// <param name="strip">Per step 16 groups of 4 bytes of every column.</param>
    /// <param name="columnTiles">Tiles side by side in the strip, 1 or 2.</param>
    /// <param name="steps">Of 64 bytes.</param>
    /// <param name="finish">Gets every row once, in order.</param>
    [SkipLocalsInit]
    public void Multiply<T>(
        byte* x,
        long xStride,
        int rows,
        byte* strip,
        int columnTiles,
        int steps,
        ref T finish
    )
        where T : struct, IFinish
    {
        byte* memory =
            stackalloc byte[
                MaximumRows / AmxTileCode.TileRows * AmxTileCode.SumsOfTile * sizeof(int)
                    + Alignment
            ];
        int* sums = (int*)(((nuint)memory + Alignment - 1) / Alignment * Alignment);
        int height = Height(rows);
        SetHeight(height);
        int passes = steps <= LongestPass ? 1 : (steps + PassSteps - 1) / PassSteps;
        int length = (steps + passes - 1) / passes;
        for (int first = 0; first < steps; first += length)
        {
            TileProducts products = new()
            {
                XStride = xStride,
                Weights =
                    strip + (long)first * AmxTileCode.TileRows * AmxTileCode.RowBytes * columnTiles,
                Steps = Math.Min(length, steps - first),
            };
            for (int row = 0; row < rows; )
            {
                int tiles = rows - row > ThreeTiles ? 2 : (rows - row + height - 1) / height;
                products.X0 = Tile(row);
                products.X1 = Tile(row + height);
                products.X2 = Tile(row + 2 * height);
                // One pass: the same sums again and again, which are in L1. Several: a place for every tile.
                products.Sums =
                    sums + (passes == 1 ? 0 : row / AmxTileCode.TileRows * AmxTileCode.SumsOfTile);
                _routines.Call(
                    (tiles - 1) * 4 + (columnTiles - 1) * 2 + (first == 0 ? 0 : 1),
                    (nint)(&products),
                    brief: true
                );
                for (int i = 0; i < tiles; i++, row += height)
                {
                    if (first + length >= steps)
                    {
                        int twice = row - Start(row);
                        finish.Run(
                            row,
                            Math.Min(height, rows - row),
                            products.Sums
                                + i * AmxTileCode.SumsOfTile
                                + twice * AmxTileCode.SumColumns
                        );
                    }
                }
            }

            byte* Tile(int row) => x + Start(row) * xStride + (long)first * AmxTileCode.RowBytes;
        }

        int Start(int row) => Math.Min(row, rows - height);
    }

    static int Height(int rows)
    {
        int tiles = (rows + AmxTileCode.TileRows - 1) / AmxTileCode.TileRows;
        return rows > ThreeTiles ? AmxTileCode.TileRows : (rows + tiles - 1) / tiles;
    }

    void SetHeight(int height)
    {
        if (_height != height)
        {
            TileShapes shapes = TileShapes.Of(height);
            _routines.Call(ConfigureRoutine, (nint)(&shapes), brief: true);
            _height = height;
            Workers.BeforeSleep = _release;
        }
    }
}
