using Espalier.Kernels.Int8;

namespace Espalier.Kernels.Emit;

/// <summary>
/// <c>vpdpbusd</c> on 512 bits, for which .NET has no class: the tiles of <see cref="VnniTileCode"/>,
/// emitted when the first weights are packed.
/// </summary>
sealed unsafe class VnniInt8Gemm : TiledInt8Gemm
{
    // Up to here the largest tile runs under a microsecond (24 products a group, one a cycle), and the
    // collector may wait for it. Above, the 10 ns of a full transition are lost in it.
    const long ShortGroups = 128;

    readonly Lazy<nint[]> _tiles = new(Emit);

    public static bool IsSupported => Processor.HasAvx512Vnni && MachineCode.IsAllowed;

    protected override int TileRows => VnniTileCode.MaximumRows;

    protected override void Prepare() => _ = _tiles.Value;

    protected override (float Scale, int ZeroPoint) QuantizeRow(
        ReadOnlySpan<float> x,
        Span<byte> into
    ) => RowQuantizer.Avx512(x, into);

    protected override void Multiply(ref Int8Tile tile)
    {
        nint code = _tiles.Value[(tile.Rows - 1) * VnniTileCode.MaximumVectors + tile.Vectors - 1];
        fixed (Int8Tile* address = &tile)
        {
            if (tile.Groups <= ShortGroups)
            {
                ((delegate* unmanaged[SuppressGCTransition]<Int8Tile*, void>)code)(address);
            }
            else
            {
                ((delegate* unmanaged<Int8Tile*, void>)code)(address);
            }
        }
    }

    static nint[] Emit() =>
        TileCode.Load([
            .. from rows in Enumerable.Range(1, VnniTileCode.MaximumRows)
            from vectors in Enumerable.Range(1, VnniTileCode.MaximumVectors)
            select VnniTileCode.Emit(rows, vectors, OperatingSystem.IsWindows()),
        ]);
}
