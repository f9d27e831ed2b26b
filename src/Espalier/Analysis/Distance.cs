namespace Espalier.Analysis;

/// <summary>
/// The largest difference in quality at the same cost, over the costs at which both curves may be read (Xin et al. 2022,
/// section 4.1). Null with a reason where there is no such cost.
/// </summary>
public sealed record Distance(double? Value, string? WhyUndefined)
{
    public static Distance Between(TradeoffCurve a, TradeoffCurve b)
    {
        double[] costs = SharedCosts([a, b]);
        if (costs.Length == 0)
        {
            return new Distance(
                null,
                $"one curve has operating points at {Text(a)}, the other at {Text(b)}: there is no cost that both cover"
            );
        }

        // Both are linear between neighbouring costs of this list, so the largest difference is at one of them.
        return new Distance(costs.Max(c => Math.Abs(a.At(c)!.Value - b.At(c)!.Value)), null);
    }

    /// <summary>
    /// The largest difference in quality at the same effort, whatever it costs: for curves of one point, and for
    /// orders whose times differ only by noise.
    /// </summary>
    public static Distance ByEffort(TradeoffCurve a, TradeoffCurve b)
    {
        double[] gaps =
        [
            .. from p in a.Points
            from q in b.Points
            where p.Effort == q.Effort
            select Math.Abs(p.Quality - q.Quality),
        ];
        return gaps.Length == 0
            ? new Distance(null, "the curves have no effort in common")
            : new Distance(gaps.Max(), null);
    }

    /// <summary>
    /// The costs of operating points, and the ends of covered spans, at which every curve may be read: rising. Between
    /// neighbours of them within a span all curves are straight.
    /// </summary>
    public static double[] SharedCosts(IReadOnlyList<TradeoffCurve> curves) =>
        [
            .. curves
                .SelectMany(c => c.Points.Select(p => p.Cost))
                .Distinct()
                .Where(cost => curves.All(c => c.At(cost) is not null))
                .Order(),
        ];

    static string Text(TradeoffCurve curve) =>
        string.Join(
            " and ",
            curve.Covered.Select(s => s.From == s.To ? $"{s.From:G4}" : $"{s.From:G4} to {s.To:G4}")
        );
}
