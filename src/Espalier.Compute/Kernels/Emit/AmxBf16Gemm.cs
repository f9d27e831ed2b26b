using System.Numerics;
using System.Numerics.Tensors;
using Espalier.Kernels.Bf16;

namespace Espalier.Kernels.Emit;

/// <summary>
/// <c>tdpbf16ps</c>: 16 rows x 16 columns x 32 steps of k in one instruction. Even and odd steps are summed
/// apart in it, so its last bits differ from those of <see cref="DotBf16Gemm"/>.
/// </summary>
sealed unsafe class AmxBf16Gemm(Cpu cpu) : TiledBf16Gemm
{
    const int StepPairs = AmxTileCode.RowBytes / sizeof(uint);

    readonly AmxProducts _products = new(cpu, AmxNumbers.BFloat16);

    public AmxBf16Gemm()
        : this(Cpu.Here) { }

    public static bool IsSupported => Processor.HasAmxBFloat16;

    protected override int TileRows => AmxProducts.MaximumRows;

    protected override Bf16Cut Cut => new(AmxTileCode.SumColumns, StepPairs);

    protected override void Prepare() => _products.Prepare();

    protected override void Leave() => _products.Release();

    protected override void Multiply(ref Bf16Tile tile)
    {
        fixed (Bf16Tile* address = &tile)
        {
            for (; tile.Tiles > 0; tile.Tiles--)
            {
                Finish finish = new(address);
                _products.Multiply(
                    (byte*)tile.A,
                    tile.AStride,
                    tile.Rows,
                    (byte*)tile.B,
                    tile.Vectors,
                    (int)(tile.Pairs / StepPairs),
                    ref finish
                );
                tile.A = (uint*)((byte*)tile.A + tile.Rows * tile.AStride);
                tile.C = (float*)((byte*)tile.C + tile.Rows * tile.CStride);
            }
        }
    }

    readonly struct Finish(Bf16Tile* tile) : IFinish
    {
        public void Run(int row, int rows, int* sums)
        {
            int columns =
                (tile->Vectors - 1) * Bf16Panels.VectorColumns
                + BitOperations.PopCount((ulong)tile->LastMask);
            for (int r = row; r < row + rows; r++, sums += AmxTileCode.SumColumns)
            {
                Span<float> from = new(sums, columns),
                    to = new((byte*)tile->C + r * tile->CStride, columns);
                if (tile->Add != 0)
                {
                    TensorPrimitives.Add(from, to, from);
                }

                from.CopyTo(to);
            }
        }
    }
}
