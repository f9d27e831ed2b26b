using System.Runtime.InteropServices;
using Espalier.Kernels.Int8;

namespace Espalier.Kernels.Emit;

/// <summary>
/// <c>vpdpbusd</c> on 512 bits, for which .NET has no class: the tiles of <see cref="VnniTileCode"/>,
/// emitted when the first weights are packed.
/// </summary>
sealed unsafe class VnniInt8Gemm : TiledInt8Gemm
{
    // Up to here the largest tiles run under a microsecond (24 products a group, one a cycle), and the
    // collector may wait for them. Above, the 10 ns of a full transition are lost in it.
    const long ShortGroups = 128;

    readonly nint[] _tiles = new nint[VnniTileCode.MaximumRows * VnniTileCode.MaximumVectors];
    readonly Lock _emitting = new();

    public static bool IsSupported => Processor.HasAvx512Vnni && MachineCode.IsAllowed;

    protected override int TileRows => VnniTileCode.MaximumRows;

    protected override void Prepare()
    {
        lock (_emitting)
        {
            if (_tiles[^1] == 0)
            {
                Emit();
            }
        }
    }

    protected override Int8Layer PackLayer(LayerWeights weights) =>
        new TiledInt8Layer<Lanes16>(this, weights);

    internal override (float Scale, int ZeroPoint) QuantizeRow(
        ReadOnlySpan<float> x,
        Span<byte> into
    ) => RowQuantizer.Avx512(x, into);

    protected override void Multiply(ref Int8Tile tile)
    {
        nint code = _tiles[(tile.Rows - 1) * VnniTileCode.MaximumVectors + tile.Vectors - 1];
        fixed (Int8Tile* address = &tile)
        {
            if (tile.Groups * tile.Tiles <= ShortGroups)
            {
                ((delegate* unmanaged[SuppressGCTransition]<Int8Tile*, void>)code)(address);
            }
            else
            {
                ((delegate* unmanaged<Int8Tile*, void>)code)(address);
            }
        }
    }

    // All tiles in one piece, each at the start of a cache line.
    void Emit()
    {
        const int line = 64;
        List<byte> code = [];
        int[] starts = new int[_tiles.Length];
        for (int i = 0; i < _tiles.Length; i++)
        {
            code.AddRange(new byte[(line - code.Count % line) % line]);
            starts[i] = code.Count;
            code.AddRange(
                VnniTileCode.Emit(
                    1 + i / VnniTileCode.MaximumVectors,
                    1 + i % VnniTileCode.MaximumVectors,
                    OperatingSystem.IsWindows()
                )
            );
        }

        byte* first = (byte*)MachineCode.Load(CollectionsMarshal.AsSpan(code));
        for (int i = 0; i < _tiles.Length; i++)
        {
            _tiles[i] = (nint)(first + starts[i]);
        }
    }
}
