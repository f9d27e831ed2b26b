using System.Runtime.Intrinsics;
using Espalier.Kernels.Int8;
using Espalier.Kernels.Vectors;

namespace Espalier.Kernels.Emit;

/// <summary>
/// AVX-VNNI, for processors that have <c>vpdpbusd</c> but no AVX-512: the sums of
/// <see cref="AvxVnniTileCode"/>, finished as <see cref="Avx2Int8Gemm"/> finishes its own.
/// </summary>
sealed unsafe class AvxVnniInt8Gemm(Cpu cpu) : TiledInt8Gemm
{
    const int MaximumVectors = Int8Panels.PanelColumns / Int8Panels.VectorColumns;

    // Up to here the largest tile runs under a microsecond: 12 products a group, two a cycle.
    const long ShortGroups = 400;

    readonly Routines _tiles = Routines.OfTiles(
        cpu,
        AvxVnniTileCode.MaximumRows,
        MaximumVectors,
        AvxVnniTileCode.Emit
    );

    public AvxVnniInt8Gemm()
        : this(Cpu.Here) { }

    public static bool IsSupported => Processor.HasAvxVnni && MachineCode.IsAllowed;

    protected override int TileRows => AvxVnniTileCode.MaximumRows;

    protected override void Prepare() => _tiles.Prepare();

    protected override Int8Layer PackLayer(LayerWeights weights) =>
        new TiledInt8Layer<Lanes8>(this, weights);

    internal override (float Scale, int ZeroPoint) QuantizeRow(
        ReadOnlySpan<float> x,
        Span<byte> into
    ) => RowQuantizer.Avx2(x, into);

    protected override void MultiplyOne(ref Int8Tile tile)
    {
        const int columns = Int8Panels.VectorColumns;
        int* sums = stackalloc int[AvxVnniTileCode.MaximumRows * columns];
        int routine = (tile.Rows - 1) * MaximumVectors + tile.Vectors - 1;
        for (int v = 0; v < tile.Vectors; v++)
        {
            TileProducts products = new()
            {
                X0 = tile.X,
                XStride = tile.XStride,
                Weights = (byte*)tile.Weights + v * Int8Panels.VectorBytes,
                Steps = tile.Groups,
                Sums = sums,
            };
            _tiles.Call(routine, (nint)(&products), tile.Groups <= ShortGroups);
            for (int r = 0; r < tile.Rows; r++)
            {
                int* row = sums + r * columns;
                Avx2Int8Gemm.Finish(
                    ref tile,
                    r,
                    v,
                    Vector256.Load(row),
                    Vector256.Load(row + columns / 2)
                );
            }
        }
    }
}
