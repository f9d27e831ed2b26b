using System.Runtime.Intrinsics;
using Espalier.Kernels.Int8;
using Espalier.Stored;

namespace Espalier.Kernels.Emit;

/// <summary>
/// <c>tdpbusd</c>: 16 rows x 16 columns x 64 inputs in one instruction. The sums leave their tiles through
/// memory (no instruction moves a tile to vectors) and are finished there as
/// <see cref="Avx512Int8Gemm"/> finishes its own.
/// </summary>
sealed unsafe class AmxInt8Gemm(Cpu cpu) : TiledInt8Gemm
{
    const int StepGroups = AmxTileCode.RowBytes / Int8Panels.Group;
    const int StripColumns = AmxTileCode.SumColumns;
    const int StripVectors = AmxTileCode.MaximumColumnTiles;

    readonly AmxProducts _products = new(cpu, AmxNumbers.Int8);

    public AmxInt8Gemm()
        : this(Cpu.Here) { }

    public static bool IsSupported => Processor.HasAmxInt8 && Avx512Int8Gemm.IsSupported;

    protected override int TileRows => AmxProducts.MaximumRows;

    // A panel of 3,072 inputs, 192 KiB, comes from L3 at 30 GB/s once per block: 96 rows need it no faster.
    protected override int BlockRows => AmxProducts.MaximumRows;

    // Eight times as fast as VNNI, so eight times as much before another thread is worth its call.
    protected override long LeastWork => 1 << 22;

    protected override void Prepare() => _products.Prepare();

    internal override Int8Panels Lay(Weight weights_OI) =>
        new(weights_OI, StepGroups, StripColumns);

    internal override void Leave() => _products.Release();

    protected override void MultiplyOne(ref Int8Tile tile)
    {
        fixed (Int8Tile* address = &tile)
        {
            for (int v = 0; v < tile.Vectors; v += StripVectors)
            {
                int vectors = Math.Min(StripVectors, tile.Vectors - v);
                Finish finish = new(address, v, vectors);
                _products.Multiply(
                    tile.X,
                    tile.XStride,
                    tile.Rows,
                    (byte*)tile.Weights + v * Int8Panels.VectorBytes * tile.Groups,
                    vectors,
                    (int)(tile.Groups / StepGroups),
                    ref finish
                );
            }
        }
    }

    readonly struct Finish(Int8Tile* tile, int first, int vectors) : IFinish
    {
        public void Run(int row, int rows, int* sums)
        {
            for (int r = row; r < row + rows; r++, sums += AmxTileCode.SumColumns)
            {
                float* y = (float*)((byte*)tile->Y + r * tile->YStride);
                for (int v = 0; v < vectors; v++)
                {
                    int column = (first + v) * Int8Panels.VectorColumns;
                    Avx512Int8Gemm.Finish(
                        ref *tile,
                        r,
                        column,
                        first + v == tile->Vectors - 1,
                        Vector512.Load(sums + v * Int8Panels.VectorColumns),
                        y + column
                    );
                }
            }
        }
    }
}
