using Espalier.Analysis.Choosing;
using Espalier.Measuring;

namespace Espalier.Cli.Reports.Pages;

/// <summary>From one weight to another, the point that is best there.</summary>
sealed record Won(double From, double To, MeanPoint Point);

/// <summary>Which measured point wins by the objective of Wallace et al., as a function of its weights.</summary>
/// <param name="Usual">The winner at the exponent 1.5 with all weight on time.</param>
/// <param name="Value">Of the objective for it; O has 1.</param>
/// <param name="ByExponent">With all weight on time, over all exponents.</param>
/// <param name="ByEnergy">At the exponent 1.5, over the weight of energy; empty where energy was not measured.</param>
sealed record ObjectiveMap(
    MeanPoint Usual,
    double Value,
    IReadOnlyList<Won> ByExponent,
    IReadOnlyList<Won> ByEnergy
)
{
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
            where row is not null
            select (p, row),
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
        return new ObjectiveMap(
            PointOf(best.Name),
            usual.Of(best),
            Named(Objective.WinnersByExponent(rows)),
            rows.All(r => r.Energy is not null) ? Named(Objective.Winners(rows)) : []
        );
    }

    /// <summary>Energy that was modelled, from the time of all cores, would weigh time twice.</summary>
    static Alternative Measured(Alternative a) =>
        a.Joules is { Origin: Origin.Measured } ? a : a with { Joules = null };
}
