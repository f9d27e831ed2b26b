using Espalier.Measuring;
using Espalier.Tensors;

namespace Espalier.Analysis.Choosing;

/// <summary>From one weight to another, the point that is best there.</summary>
/// <param name="Share">Of studies with resampled seeds, how many it wins in the middle of its span; null for a single seed.</param>
public sealed record Won(double From, double To, MeanPoint Point, double? Share = null);

/// <summary>Which measured point wins by the objective of Wallace et al., as a function of its weights.</summary>
/// <param name="Usual">The winner at the exponent 1.5 with all weight on time.</param>
/// <param name="Value">Of the objective for it; O has 1.</param>
/// <param name="ByExponent">With all weight on time, over all exponents.</param>
/// <param name="Doubtful">Spans of the exponent in which the winner wins less than four of five resampled studies.</param>
/// <param name="ByEnergy">At the exponent 1.5, over the weight of energy; empty where energy was not measured.</param>
public sealed record ObjectiveMap(
    MeanPoint Usual,
    double Value,
    IReadOnlyList<Won> ByExponent,
    IReadOnlyList<(double From, double To)> Doubtful,
    IReadOnlyList<Won> ByEnergy
)
{
    public const double SureShare = 0.8;

    // Exponents tried for doubt; they are even in log(1 + x), as the map is drawn.
    const int Tried = 150;
    const ulong Seed = 1;

    /// <summary>Null where there is no original, or nothing beside it.</summary>
    public static ObjectiveMap? Of(Findings findings)
    {
        if (findings.Original is not { Alternative: { } @base })
        {
            return null;
        }

        (MeanPoint Point, WeighedRow Row)[] weighed =
        [
            .. from p in findings.Points
            let row = p.Alternative is { } a ? Objective.Row(Measured(a), Measured(@base)) : null
            where row is not null && p.SpeedUp is not null
            // From ratios within a seed and a sitting, as everywhere on the page.
            select (p, row with { Time = 1 / p.SpeedUp!.Value }),
        ];
        if (weighed.Length < 2)
        {
            return null;
        }

        WeighedRow[] rows = [.. weighed.Select(w => w.Row)];
        MeanPoint PointOf(string name) => weighed.First(w => w.Row.Name == name).Point;
        IReadOnlyList<Won> Named(IReadOnlyList<WinnerSpan> spans) =>
            [.. spans.Select(s => new Won(s.From, s.To, PointOf(s.Winner)))];
        Objective usual = new(TimeWeight: 1, EnergyWeight: 0);
        WeighedRow best = rows.MinBy(usual.Of)!;
        IReadOnlyList<Won> byExponent = Named(Objective.WinnersByExponent(rows));
        WinnerShares? shares = Shares(findings, [.. weighed.Select(w => w.Point)]);
        return new ObjectiveMap(
            PointOf(best.Name),
            usual.Of(best),
            shares is null
                ? byExponent
                :
                [
                    .. byExponent.Select(w =>
                        w with
                        {
                            Share = shares.At(Middle(w), w.Point.Name),
                        }
                    ),
                ],
            shares is null ? [] : InDoubt(byExponent, shares),
            rows.All(r => r.Energy is not null) ? Named(Objective.Winners(rows)) : []
        );
    }

    /// <summary>Up to which exponent the map is drawn: the last span has no end.</summary>
    public static double EndOf(IReadOnlyList<Won> spans) =>
        double.IsPositiveInfinity(spans[^1].To) ? Math.Max(10, 2 * spans[^1].From) : spans[^1].To;

    static double Middle(Won w) =>
        double.IsPositiveInfinity(w.To)
            ? Math.Max(10, 2 * w.From)
            : Math.Sqrt((1 + w.From) * (1 + w.To)) - 1;

    /// <summary>Null for a single seed, or where a point was not measured on all seeds.</summary>
    static WinnerShares? Shares(Findings findings, IReadOnlyList<MeanPoint> points)
    {
        SeededRow[] rows = [.. points.Select(p => p.OnSeeds).OfType<SeededRow>()];
        return
            rows.Length == points.Count
            && findings.Original!.OnSeeds is { Qualities.Count: > 1 } original
            && rows.All(r => r.Qualities.Count == original.Qualities.Count)
            ? new WinnerShares(rows, original, findings.Metric, new Rng(Seed))
            : null;
    }

    static List<(double From, double To)> InDoubt(IReadOnlyList<Won> spans, WinnerShares shares)
    {
        double end = EndOf(spans);
        List<(double From, double To)> doubtful = [];
        double? from = null;
        for (int i = 0; i <= Tried; i++)
        {
            double x = Math.Exp(i * Math.Log(1 + end) / Tried) - 1;
            Won winner = spans.First(s => x <= s.To);
            bool isDoubtful = shares.At(x, winner.Point.Name) < SureShare;
            if (isDoubtful)
            {
                from ??= x;
            }

            if (from is { } start && (!isDoubtful || i == Tried))
            {
                doubtful.Add((start, x));
                from = null;
            }
        }

        return doubtful;
    }

    /// <summary>Energy that was modelled, from the time of all cores, would weigh time twice.</summary>
    static Alternative Measured(Alternative a) =>
        a.Joules is { Origin: Origin.Measured } ? a : a with { Joules = null };
}
