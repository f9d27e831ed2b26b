using Espalier.Kernels.Bf16;

namespace Espalier.Kernels.Emit;

/// <summary>
/// <c>vdpbf16ps</c> on 512 bits, for which .NET has no class: the tiles of <see cref="Bf16TileCode"/>, emitted when
/// the first matrix is packed.
/// </summary>
sealed unsafe class DotBf16Gemm : TiledBf16Gemm
{
    // Up to here the largest tile runs under a microsecond (24 products a pair, one a cycle), and the
    // collector may wait for it. Above, the 10 ns of a full transition are lost in it.
    const long ShortPairs = 128;

    readonly Lazy<nint[]> _tiles = new(Emit);

    /// <summary>The instruction is there and faster than float32: not so on Intel, where it runs at half the rate.</summary>
    public static bool IsSupported => Processor.HasFastBf16 && MachineCode.IsAllowed;

    protected override int TileRows => Bf16TileCode.MaximumRows;

    protected override void Prepare() => _ = _tiles.Value;

    protected override void Multiply(ref Bf16Tile tile)
    {
        nint code = _tiles.Value[(tile.Rows - 1) * Bf16TileCode.MaximumVectors + tile.Vectors - 1];
        fixed (Bf16Tile* address = &tile)
        {
            if (tile.Pairs <= ShortPairs)
            {
                ((delegate* unmanaged[SuppressGCTransition]<Bf16Tile*, void>)code)(address);
            }
            else
            {
                ((delegate* unmanaged<Bf16Tile*, void>)code)(address);
            }
        }
    }

    static nint[] Emit() =>
        TileCode.Load([
            .. from rows in Enumerable.Range(1, Bf16TileCode.MaximumRows)
            from vectors in Enumerable.Range(1, Bf16TileCode.MaximumVectors)
            select Bf16TileCode.Emit(rows, vectors, OperatingSystem.IsWindows()),
        ]);
}
