using System.Runtime.CompilerServices;
using Espalier.Kernels.Int8;

namespace Espalier.Kernels.Emit;

/// <summary>
/// <c>vpdpbusd</c> on 512 bits, for which .NET has no class: the tiles of <see cref="VnniTileCode"/>,
/// emitted when the first weights are packed.
/// </summary>
sealed unsafe class VnniInt8Gemm(Cpu cpu) : TiledInt8Gemm
{
    // Up to here the largest tiles run under a microsecond: 24 products a group, one a cycle.
    const long ShortGroups = 128;

    readonly Routines _tiles = Routines.OfTiles(
        cpu,
        VnniTileCode.MaximumRows,
        VnniTileCode.MaximumVectors,
        VnniTileCode.Emit
    );

    public VnniInt8Gemm()
        : this(Cpu.Here) { }

    public static bool IsSupported => Processor.HasAvx512Vnni && MachineCode.IsAllowed;

    protected override int TileRows => VnniTileCode.MaximumRows;

    protected override void Prepare() => _tiles.Prepare();

    // The tile lives on the caller's stack: its address stays good.
    protected override void Multiply(ref Int8Tile tile) =>
        _tiles.Call(
            (tile.Rows - 1) * VnniTileCode.MaximumVectors + tile.Vectors - 1,
            (nint)Unsafe.AsPointer(ref tile),
            tile.Groups * tile.Tiles <= ShortGroups
        );
}
