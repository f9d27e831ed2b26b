using Espalier.Stored;
using Espalier.Tensors;

namespace Espalier.Kernels.Int8;

/// <summary>
/// Query, key and value of a layer as one product whose columns are sorted by heads: a group holds the queries of
/// its heads, then their keys, then their values. A group has as many heads as fill whole panels (two of width
/// 32, one of 64), so that one job can do its product and its attention, and nothing of it leaves the near caches.
/// </summary>
sealed class HeadGroups
{
    readonly int _heads;
    readonly int _headsPerGroup;

    public HeadGroups(TiledInt8Gemm int8, LayerWeights weights)
    {
        (_heads, Width) = (weights.Heads, weights.HeadWidth);
        _headsPerGroup = 1;
        while (_headsPerGroup < _heads && 3 * _headsPerGroup * Width % Int8Panels.PanelColumns != 0)
        {
            _headsPerGroup++;
        }

        Count = (_heads + _headsPerGroup - 1) / _headsPerGroup;
        List<Weight> rows = [];
        Bias = new Tensor(3 * _heads * Width);
        int row = 0;
        for (int group = 0; group < Count; group++)
        {
            int first = FirstHead(group) * Width,
                count = Heads(group) * Width;
            foreach (
                var (weight, bias) in (ReadOnlySpan<(Weight, Tensor)>)
                    [weights.Query, weights.Key, weights.Value]
            )
            {
                rows.Add(weight.Slice(first, count));
                bias.Span.Slice(first, count).CopyTo(Bias.Span[row..]);
                row += count;
            }
        }

        Matrix = int8.Lay(Weight.Stacked([.. rows]));
    }

    public int Width { get; }
    public int Count { get; }
    public Int8Panels Matrix { get; }
    public Tensor Bias { get; }

    public int FirstHead(int group) => group * _headsPerGroup;

    public int Heads(int group) => Math.Min(_headsPerGroup, _heads - FirstHead(group));

    /// <summary>Columns of a full group, which every group's product takes room for.</summary>
    public int Columns => 3 * _headsPerGroup * Width;

    public (int First, int Past) Panels(int group)
    {
        int first = group * Columns / Int8Panels.PanelColumns;
        int columns = 3 * Heads(group) * Width;
        return (first, first + (columns + Int8Panels.PanelColumns - 1) / Int8Panels.PanelColumns);
    }
}
