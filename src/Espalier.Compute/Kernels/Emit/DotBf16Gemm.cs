using System.Runtime.CompilerServices;
using Espalier.Kernels.Bf16;

namespace Espalier.Kernels.Emit;

/// <summary>
/// <c>vdpbf16ps</c> on 512 bits, for which .NET has no class: the tiles of <see cref="Bf16TileCode"/>, emitted when
/// the first matrix is packed.
/// </summary>
sealed unsafe class DotBf16Gemm(Cpu cpu) : TiledBf16Gemm
{
    // Up to here the largest tile runs under two microseconds: 24 products a pair, one a cycle.
    const long ShortPairs = 256;

    readonly Routines _tiles = Routines.OfTiles(
        cpu,
        Bf16TileCode.MaximumRows,
        Bf16TileCode.MaximumVectors,
        Bf16TileCode.Emit
    );

    public DotBf16Gemm()
        : this(Cpu.Here) { }

    /// <summary>The instruction is there and faster than float32: not so on Intel, where it runs at half the rate.</summary>
    public static bool IsSupported => Processor.HasFastBf16 && MachineCode.IsAllowed;

    protected override int TileRows => Bf16TileCode.MaximumRows;

    protected override void Prepare() => _tiles.Prepare();

    // The tile lives on the caller's stack: its address stays good.
    protected override void Multiply(ref Bf16Tile tile) =>
        _tiles.Call(
            (tile.Rows - 1) * Bf16TileCode.MaximumVectors + tile.Vectors - 1,
            (nint)Unsafe.AsPointer(ref tile),
            tile.Pairs * tile.Tiles <= ShortPairs
        );
}
