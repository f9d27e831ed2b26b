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
/// <param name="ByEnergy">
/// At the exponent 1.5, over the weight of energy; empty where energy was not measured. Of perplexity, which the objective was made
/// for, modelled energy is weighed too, and whoever shows it says so.
/// </param>
/// <param name="DoubtfulByEnergy">Spans of that weight in which the winner wins less than four of five.</param>
/// <param name="Even">The winner where time and energy weigh a half each, and the objective for it; null where energy is not weighed.</param>
/// <param name="IsOverWindows">Of a single seed: windows and rounds were resampled, not seeds.</param>
public sealed record ObjectiveMap(
    MeanPoint Usual,
    double Value,
    IReadOnlyList<Won> ByExponent,
    IReadOnlyList<(double From, double To)> Doubtful,
    IReadOnlyList<Won> ByEnergy,
    IReadOnlyList<(double From, double To)> DoubtfulByEnergy,
    (MeanPoint Point, double Value)? Even,
    bool IsOverWindows
)
{
    public const double SureShare = 0.8;

    // Weights tried for doubt; exponents are even in log(1 + x), as the map is drawn.
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
            let row = p.Alternative is { } a ? Objective.Row(Weighed(a), Weighed(@base)) : null
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
        WinnerShares? shares = Shares(findings, [.. weighed.Select(w => w.Point)], @base);
        bool hasEnergy = rows.All(r => r.Energy is not null);
        IReadOnlyList<Won> byEnergy = hasEnergy ? Named(Objective.Winners(rows)) : [];
        Objective even = new();
        WeighedRow? evenly = hasEnergy ? rows.MinBy(even.Of) : null;
        double AtEnergy(double weight, string name) =>
            shares!.At(Objective.UsualExponent, name, weight);
        return new ObjectiveMap(
            PointOf(best.Name),
            usual.Of(best),
            Sure(byExponent, Middle, shares is null ? null : (x, name) => shares.At(x, name)),
            shares is null
                ? []
                : InDoubt(byExponent, EvenlyTo(EndOf(byExponent)), (x, name) => shares.At(x, name)),
            Sure(byEnergy, w => (w.From + w.To) / 2, shares is null ? null : AtEnergy),
            shares is null || !hasEnergy ? [] : InDoubt(byEnergy, i => (double)i / Tried, AtEnergy),
            evenly is null ? null : (PointOf(evenly.Name), even.Of(evenly)),
            shares is not null && findings.Original.OnSeeds is not { Qualities.Count: > 1 }
        );
    }

    static IReadOnlyList<Won> Sure(
        IReadOnlyList<Won> spans,
        Func<Won, double> middle,
        Func<double, string, double>? shares
    ) =>
        shares is null
            ? spans
            : [.. spans.Select(w => w with { Share = shares(middle(w), w.Point.Name) })];

    /// <summary>Up to which exponent the map is drawn: the last span has no end.</summary>
    public static double EndOf(IReadOnlyList<Won> spans) =>
        double.IsPositiveInfinity(spans[^1].To) ? Math.Max(10, 2 * spans[^1].From) : spans[^1].To;

    static double Middle(Won w) =>
        double.IsPositiveInfinity(w.To)
            ? Math.Max(10, 2 * w.From)
            : Math.Sqrt((1 + w.From) * (1 + w.To)) - 1;

    /// <summary>Null where a point was not measured on all seeds, or of a single one where windows are not known.</summary>
    static WinnerShares? Shares(
        Findings findings,
        IReadOnlyList<MeanPoint> points,
        Alternative @base
    )
    {
        if (
            WindowedRow.Of(findings.Original!, @base) is { Worths.Count: > 1 } whole
            && points.Select(p => WindowedRow.Of(p, @base)).ToArray() is var windowed
            && windowed.All(r => r?.Worths.Count == whole.Worths.Count)
        )
        {
            return new WinnerShares(windowed!, whole, findings.Metric, new Rng(Seed));
        }

        SeededRow[] rows = [.. points.Select(p => p.OnSeeds).OfType<SeededRow>()];
        return
            rows.Length == points.Count
            && findings.Original!.OnSeeds is { Qualities.Count: > 1 } original
            && rows.All(r => r.Qualities.Count == original.Qualities.Count)
            ? new WinnerShares(rows, original, findings.Metric, new Rng(Seed))
            : null;
    }

    static Func<int, double> EvenlyTo(double end) =>
        i => Math.Exp(i * Math.Log(1 + end) / Tried) - 1;

    static List<(double From, double To)> InDoubt(
        IReadOnlyList<Won> spans,
        Func<int, double> weight,
        Func<double, string, double> shares
    )
    {
        List<(double From, double To)> doubtful = [];
        double? from = null;
        for (int i = 0; i <= Tried; i++)
        {
            double x = weight(i);
            Won winner = spans.First(s => x <= s.To);
            bool isDoubtful = shares(x, winner.Point.Name) < SureShare;
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

    /// <summary>Energy that was modelled, from the time of all cores, weighs time twice; the objective's own metric has the map all the same.</summary>
    static Alternative Weighed(Alternative a) =>
        a.Joules is { Origin: Origin.Measured } || a.Metric.IsOfText ? a : a with { Joules = null };
}
