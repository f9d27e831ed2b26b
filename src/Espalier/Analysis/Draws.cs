using Espalier.Tensors;

namespace Espalier.Analysis;

/// <summary>A stream of chance read from its beginning, one draw after another.</summary>
sealed class Draws(Rng rng)
{
    ulong _next;

    /// <summary>From 0 up to but not with the bound.</summary>
    public int Below(int bound) => rng.Below(bound, _next++);

    public double Normal() => rng.Normal(_next++);

    /// <summary>Fisher-Yates.</summary>
    public void Shuffle(Span<int> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = Below(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }
}
