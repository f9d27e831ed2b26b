using Espalier.Tensors;

namespace Espalier.Training.Collective;

/// <summary>Tensors as if they lay end to end in one memory; nothing is copied.</summary>
sealed class FlatView(IReadOnlyList<Tensor> tensors)
{
    public delegate void Piece(Span<float> numbers);

    public long Count { get; } = tensors.Sum(t => (long)t.Count);

    /// <summary>Gives the numbers of a range in order, in as many pieces as there are tensors.</summary>
    public void Visit(long from, long to, Piece visit)
    {
        long begins = 0;
        foreach (Tensor tensor in tensors)
        {
            long first = Math.Max(from, begins),
                end = Math.Min(to, begins + tensor.Count);
            if (first < end)
            {
                visit(tensor.Span.Slice((int)(first - begins), (int)(end - first)));
            }

            begins += tensor.Count;
        }
    }
}
