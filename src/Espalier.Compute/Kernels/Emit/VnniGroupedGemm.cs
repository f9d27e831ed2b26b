using System.Runtime.CompilerServices;
using Espalier.Kernels.Grouped;

namespace Espalier.Kernels.Emit;

/// <summary>The tiles of <see cref="GroupedTileCode"/>, emitted when the first weights of their kind are packed.</summary>
sealed unsafe class VnniGroupedGemm : TiledGroupedGemm
{
    // Up to here the largest tiles run about a microsecond: a block of 4-bit codes takes 48 products, one a cycle.
    const long ShortBlocks = 96;

    // With 4 bits, with 8; of each without offsets, then with.
    readonly Routines[] _tiles = [Of(4, false), Of(4, true), Of(8, false), Of(8, true)];

    public static bool IsSupported => VnniInt8Gemm.IsSupported;

    protected override int TileRows(GroupedPanels panels) =>
        GroupedTileCode.MaximumRows / panels.Digits;

    protected override void Prepare(GroupedPanels panels) => TilesOf(panels).Prepare();

    // The tile lives on the caller's stack: its address stays good.
    protected override void Multiply(ref GroupedTile tile, GroupedPanels weights) =>
        TilesOf(weights)
            .Call(
                (tile.Rows - 1) * GroupedTileCode.MaximumVectors + tile.Vectors - 1,
                (nint)Unsafe.AsPointer(ref tile),
                tile.Groups * tile.Blocks * tile.Tiles <= ShortBlocks
            );

    Routines TilesOf(GroupedPanels panels) =>
        _tiles[(panels.Bits == 4 ? 0 : 2) + (panels.Zero is null ? 1 : 0)];

    static Routines Of(int bits, bool offsets) =>
        Routines.OfTiles(
            Cpu.Here,
            GroupedTileCode.MaximumRows / GroupedTileCode.DigitsBeside(bits),
            GroupedTileCode.MaximumVectors,
            (rows, vectors, windows) => GroupedTileCode.Emit(rows, vectors, bits, offsets, windows)
        );
}
