using System.Runtime.CompilerServices;
using Espalier.Stored;
using Espalier.Tensors;

namespace Espalier.Kernels.Int8;

/// <summary>
/// Weights for the tiled kernels. The outputs are cut into panels of 64 columns (the last may have 16, 32
/// or 48); a panel holds, for each group of 4 inputs, 4 bytes of each of its columns: 16 columns fill one
/// 512-bit vector, whose every 32-bit lane meets 4 bytes of x. Missing columns and inputs are zeros.
/// AMX cuts a panel into strips of 32 columns, one whole strip behind the other, and takes 16 groups at a time.
/// </summary>
sealed unsafe class Int8Panels : QuantizedMatrix
{
    public const int Group = 4;
    public const int VectorColumns = 16;

    /// <summary>A group of 16 columns.</summary>
    public const int VectorBytes = VectorColumns * Group;
    public const int PanelColumns = 64;
    const int Alignment = 64;

    readonly int _stripColumns;
    readonly sbyte[] _values;
    readonly float[] _scales;
    readonly int[] _negatedSums;

    /// <param name="weights_OI">Not kept.</param>
    /// <param name="groupsOfStep">The number of groups is a multiple of this.</param>
    /// <param name="stripColumns">Columns whose groups lie side by side: 64, or less that divides it.</param>
    public Int8Panels(Weight weights_OI, int groupsOfStep = 1, int stripColumns = PanelColumns)
        : base(weights_OI.Rows, weights_OI.Columns)
    {
        _stripColumns = stripColumns;
        int columns = (Outputs + VectorColumns - 1) / VectorColumns * VectorColumns;
        int step = Group * groupsOfStep;
        Groups = (Inputs + step - 1) / step * groupsOfStep;
        long bytes = (long)columns * Groups * Group;
        if (bytes > Array.MaxLength - Alignment)
        {
            throw new ArgumentException(
                $"Int8: weights of {weights_OI.Shape} take {bytes} bytes; one matrix takes at most "
                    + $"{Array.MaxLength - Alignment}. Split its outputs."
            );
        }

        _values = LargePages.Allocate<sbyte>((int)bytes + Alignment);
        _scales = GC.AllocateArray<float>(columns, pinned: true);
        _negatedSums = GC.AllocateArray<int>(columns, pinned: true);
        sbyte[] row = new sbyte[Groups * Group];
        Int8Rows? stored = weights_OI as Int8Rows;
        Tensor? dense = stored is null ? weights_OI.Dense() : null;
        for (int o = 0; o < Outputs; o++)
        {
            if (stored is not null)
            {
                stored.Row(o).CopyTo(row);
                _scales[o] = stored.Scales[o];
            }
            else
            {
                _scales[o] = RowQuantizer.Weights(dense!.Row(o), row.AsSpan(0, Inputs));
            }

            int sum = 0;
            foreach (sbyte q in row)
            {
                sum += q;
            }

            _negatedSums[o] = -sum;
            Spread(o, row);
        }

        LargePages.Gather(_values);
    }

    public int Groups { get; }

    public int Panels => (Outputs + PanelColumns - 1) / PanelColumns;

    public override long Bytes => _values.Length + 4L * (_scales.Length + _negatedSums.Length);

    /// <summary>Vectors of 16 columns in a panel: 4, in the last panel 1 to 4.</summary>
    public int Vectors(int panel) =>
        Math.Min(4, (Outputs - panel * PanelColumns + VectorColumns - 1) / VectorColumns);

    /// <summary>Outputs of a panel: 64, in the last panel what is left.</summary>
    public int ColumnsOf(int panel) => Math.Min(PanelColumns, Outputs - panel * PanelColumns);

    /// <summary>64-byte aligned; the memory is pinned and lives as long as this object.</summary>
    public sbyte* Values(int panel)
    {
        nuint first = (nuint)Unsafe.AsPointer(ref _values[0]);
        nuint aligned = (first + Alignment - 1) / Alignment * Alignment;
        return (sbyte*)aligned + (long)panel * PanelColumns * Groups * Group;
    }

    /// <summary>Bytes from a panel to the one that is wanted behind it; 0 where there is none.</summary>
    public long Ahead(int panel, Int8Panels? next) =>
        panel + 1 < Panels ? (long)PanelColumns * Groups * Group
        : next is null ? 0
        : next.Values(0) - Values(panel);

    public float* Scales(int panel) => (float*)Unsafe.AsPointer(ref _scales[panel * PanelColumns]);

    /// <summary>−Σ qw per column: times the zero point, where the sums start.</summary>
    public int* NegatedSums(int panel) =>
        (int*)Unsafe.AsPointer(ref _negatedSums[panel * PanelColumns]);

    void Spread(int output, ReadOnlySpan<sbyte> row)
    {
        int start = output / _stripColumns * _stripColumns;
        int step = Math.Min(_stripColumns, _scales.Length - start);
        int* to = (int*)Values(0) + (long)start * Groups + output % _stripColumns;
        fixed (sbyte* from = row)
        {
            for (int g = 0; g < Groups; g++)
            {
                to[g * (long)step] = ((int*)from)[g];
            }
        }
    }
}
