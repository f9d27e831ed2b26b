using Espalier.Kernels.Rowwise;
using Espalier.Kernels.Vectors;
using Espalier.Tensors;

namespace Espalier.Kernels.Bf16;

/// <summary>
/// A step of AdamW for some rows of a weight at a time, which are then packed while they are in this core's second
/// cache: alone, packing has to fetch them from where another core may have left them.
/// </summary>
readonly unsafe struct AdamWPacking<T>(AdamWChunks<T> step, Tensor parameter, PackedForms forms)
    : IBlocks
    where T : struct, ILanes<T>
{
    // Numbers of a block: with gradient and moments 400 KiB.
    const int BlockNumbers = 3 << 13;

    // A block is 64, 32 or 16 rows.
    const int MostRows = 64;

    int Rows
    {
        get
        {
            int rows = MostRows;
            while (rows > Bf16Panels.PartRows && (long)rows * parameter.Columns > BlockNumbers)
            {
                rows /= 2;
            }

            return rows;
        }
    }

    public int Blocks => (parameter.Rows + Rows - 1) / Rows;

    public void Run(int block)
    {
        int first = block * Rows,
            rows = Math.Min(Rows, parameter.Rows - first);
        step.Range((nint)first * parameter.Columns, rows * parameter.Columns);
        (forms.Transposed as Bf16Panels)?.FillRows(parameter, true, first, rows);
        (forms.Straight as Bf16Panels)?.FillRows(parameter, false, first, rows);
    }
}
