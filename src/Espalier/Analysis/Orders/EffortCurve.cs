using System.Collections.Immutable;
using Espalier.Models;

namespace Espalier.Analysis.Orders;

/// <summary>What a model gave at one effort.</summary>
/// <param name="Layers">That an example went through, on average.</param>
/// <param name="Cost">What the curve is read by: the layers themselves, or the time as a share of O's.</param>
/// <param name="Worth">The quality on the scale on which it is compared.</param>
/// <param name="Right">Which examples it answered right, 1 or 0; null where not known.</param>
public readonly record struct EffortReading(
    double Layers,
    double Cost,
    double Worth,
    Effort Effort,
    IReadOnlyList<double>? Right = null
);

/// <summary>Quality read off a curve, and the share of right answers of each example; null where not known.</summary>
public readonly record struct CurveReading(double Worth, IReadOnlyList<double>? Right);

/// <summary>
/// Quality of one model over its efforts, read at equal effort. The first exit, where every example leaves at once, is
/// read by itself: a line from it to the next threshold would invent what no threshold gives. Behind it the curve is
/// straight between neighbours that are no further apart than <see cref="WidestChord"/>.
/// </summary>
public sealed class EffortCurve
{
    /// <summary>In layers. Where neighbours are further apart a threshold could have been measured between them, and was not.</summary>
    public const double WidestChord = 1;

    // Averages of whole layers over examples.
    const double Exactly = 1e-9;

    public EffortCurve(IEnumerable<EffortReading> points)
    {
        // To stop at one layer whatever the model says is no threshold, but for the first, where the least threshold stops.
        // Of thresholds at which the same examples leave, one stands for all.
        Points =
        [
            .. points
                .Where(p => p.Effort.Rule != ExitRule.Exit || IsFirstExit(p))
                .OrderBy(p => p.Cost)
                .ThenBy(p => p.Effort.Threshold)
                .DistinctBy(p => p.Cost),
        ];
        Stretches = [.. Cut(Points)];
    }

    public ImmutableArray<EffortReading> Points { get; }

    /// <summary>Between whose points the curve may be read, by rising cost.</summary>
    public ImmutableArray<ImmutableArray<EffortReading>> Stretches { get; }

    /// <summary>Where all leave at the first exit; null where that was not measured, or there are no exits.</summary>
    public CurveReading? AtFirstExit => At(IsFirstExit);

    /// <summary>At full effort, as every model has it.</summary>
    public CurveReading? AtFull => At(p => p.Effort == Effort.Full);

    public static bool IsFirstExit(EffortReading p) =>
        p.Effort != Effort.Full && p.Layers <= 1 + Exactly;

    /// <summary>Behind the first exit; null where the curve may not be read.</summary>
    public CurveReading? At(double cost)
    {
        foreach (ImmutableArray<EffortReading> stretch in Stretches)
        {
            if (
                !IsFirstExit(stretch[0])
                && cost >= stretch[0].Cost - Exactly
                && cost <= stretch[^1].Cost + Exactly
            )
            {
                return Between(stretch, cost);
            }
        }

        return null;
    }

    /// <summary>The widest step, in layers, over which the curve is read behind the first exit.</summary>
    public double WidestStep =>
        Stretches.Max(s => s.Zip(s.Skip(1), (a, b) => b.Layers - a.Layers).DefaultIfEmpty().Max());

    CurveReading? At(Func<EffortReading, bool> isMeant)
    {
        foreach (EffortReading point in Points)
        {
            if (isMeant(point))
            {
                return new CurveReading(point.Worth, point.Right);
            }
        }

        return null;
    }

    static CurveReading Between(ImmutableArray<EffortReading> stretch, double cost)
    {
        int right = 0;
        while (right < stretch.Length - 1 && stretch[right].Cost < cost)
        {
            right++;
        }

        if (right == 0 || stretch[right].Cost <= cost)
        {
            return new CurveReading(stretch[right].Worth, stretch[right].Right);
        }

        EffortReading a = stretch[right - 1],
            b = stretch[right];
        double share = (cost - a.Cost) / (b.Cost - a.Cost);
        return new CurveReading(
            a.Worth + share * (b.Worth - a.Worth),
            a.Right is null || b.Right is null
                ? null
                : [.. a.Right.Zip(b.Right, (x, y) => x + share * (y - x))]
        );
    }

    static IEnumerable<ImmutableArray<EffortReading>> Cut(ImmutableArray<EffortReading> points)
    {
        int from = 0;
        for (int i = 1; i <= points.Length; i++)
        {
            if (
                i == points.Length
                || IsFirstExit(points[i - 1]) != IsFirstExit(points[i])
                || Math.Abs(points[i].Layers - points[i - 1].Layers) > WidestChord + Exactly
            )
            {
                yield return [.. points[from..i]];
                from = i;
            }
        }
    }
}
