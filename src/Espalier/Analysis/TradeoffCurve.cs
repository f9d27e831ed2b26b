using System.Collections.Immutable;

namespace Espalier.Analysis;

/// <summary>
/// Between which neighbouring operating points a curve of quality against cost may be read. The chord between two far points
/// is no measurement: no threshold puts the model there.
/// </summary>
public static class TradeoffCurve
{
    /// <summary>
    /// Step in cost between neighbours that still counts as covered, as a share of the curve's largest cost: lets a student of
    /// three layers step from exit to exit, and does not bridge two dead exits out of six.
    /// </summary>
    public const double WidestStep = 0.35;

    /// <summary>The points by rising cost, cut where neighbours are further apart.</summary>
    public static IReadOnlyList<ImmutableArray<T>> Stretches<T>(
        IEnumerable<T> points,
        Func<T, double> cost
    )
    {
        T[] all = [.. points.OrderBy(cost)];
        List<ImmutableArray<T>> stretches = [];
        for (int from = 0, to = 1; to <= all.Length; to++)
        {
            if (to == all.Length || cost(all[to]) - cost(all[to - 1]) > WidestStep * cost(all[^1]))
            {
                stretches.Add([.. all[from..to]]);
                from = to;
            }
        }

        return stretches;
    }
}
