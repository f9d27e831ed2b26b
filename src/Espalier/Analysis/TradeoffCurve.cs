using System.Collections.Immutable;
using Espalier.Models;

namespace Espalier.Analysis;

/// <summary>One model at one effort.</summary>
/// <param name="Cost">Per example, in the unit of the curve's axes.</param>
public readonly record struct OperatingPoint(double Cost, double Quality, Effort Effort);

/// <summary>Costs from one operating point to another, between which the curve may be read.</summary>
public readonly record struct CostSpan(double From, double To);

/// <summary>
/// Between which neighbouring operating points a curve may be read. The chord between two far points is no measurement:
/// no threshold puts the model there.
/// </summary>
/// <param name="Widest">
/// Step in cost between neighbours that still counts as covered, as a share of the curve's largest cost. The default
/// lets a student of three layers step from exit to exit, and does not bridge two dead exits out of six.
/// </param>
public sealed record GapRule(double Widest = 0.35)
{
    public static GapRule Default { get; } = new();

    public double Widest { get; init; } =
        Widest is > 0 and <= 1
            ? Widest
            : throw new ArgumentException(
                $"The widest step is {Widest} of the largest cost; a share above 0 and up to 1 was expected."
            );
}

/// <summary>
/// Quality against cost over the efforts of one model: the measured points, joined by straight lines where the gap rule
/// allows. Points are kept as measured, falling ones too, since they are what the model does at that effort.
/// </summary>
public sealed class TradeoffCurve
{
    public TradeoffCurve(IEnumerable<OperatingPoint> points, GapRule? gaps = null)
    {
        Gaps = gaps ?? GapRule.Default;
        Points =
        [
            // Of points at the same cost the best stands for all: an effort is free to choose.
            .. points
                .Select(Checked)
                .GroupBy(p => p.Cost)
                .Select(same => same.MaxBy(p => p.Quality))
                .OrderBy(p => p.Cost),
        ];
        if (Points.Length == 0)
        {
            throw new ArgumentException(
                "A tradeoff curve has no operating point; give one at least."
            );
        }

        Covered = Spans();
    }

    /// <summary>By rising cost, each cost once.</summary>
    public ImmutableArray<OperatingPoint> Points { get; }

    public GapRule Gaps { get; }

    /// <summary>Where the curve may be read, by rising cost; a point without a near neighbour is a span of no width.</summary>
    public ImmutableArray<CostSpan> Covered { get; }

    /// <summary>Quality at a cost, from the line between its neighbours; null where the curve does not cover it.</summary>
    public double? At(double cost)
    {
        foreach (CostSpan span in Covered)
        {
            if (cost >= span.From && cost <= span.To)
            {
                return Between(cost);
            }
        }

        return null;
    }

    double Between(double cost)
    {
        int right = 0;
        while (Points[right].Cost < cost)
        {
            right++;
        }

        if (Points[right].Cost == cost)
        {
            return Points[right].Quality;
        }

        OperatingPoint a = Points[right - 1],
            b = Points[right];
        double share = (cost - a.Cost) / (b.Cost - a.Cost);
        return a.Quality + share * (b.Quality - a.Quality);
    }

    ImmutableArray<CostSpan> Spans()
    {
        double widest = Gaps.Widest * Points[^1].Cost,
            from = Points[0].Cost;
        ImmutableArray<CostSpan>.Builder spans = ImmutableArray.CreateBuilder<CostSpan>();
        for (int i = 1; i <= Points.Length; i++)
        {
            if (i == Points.Length || Points[i].Cost - Points[i - 1].Cost > widest)
            {
                spans.Add(new CostSpan(from, Points[i - 1].Cost));
                from = i < Points.Length ? Points[i].Cost : from;
            }
        }

        return spans.ToImmutable();
    }

    static OperatingPoint Checked(OperatingPoint point) =>
        double.IsFinite(point.Cost) && point.Cost >= 0 && double.IsFinite(point.Quality)
            ? point
            : throw new ArgumentException(
                $"The operating point at {point.Effort} has cost {point.Cost} and quality {point.Quality}; both are "
                    + "finite and the cost is not negative."
            );
}
