using Espalier.Analysis.Choosing;
using Espalier.Operators;

namespace Espalier.Analysis.Search;

/// <summary>What operators do alone, as far as it was measured.</summary>
sealed class Singles(IReadOnlyList<LogRun> runs)
{
    // Of different seeds at one effort; a first exit that some leave later differs by more.
    const double SameLayers = 0.02;

    readonly ILookup<Operator, LogRun> _alone = runs.Where(r => r.Operators.Length == 1)
        .ToLookup(r => r.Operators[0].Operator);

    /// <summary>The logarithm of the ratio to the original: the mean over the runs whose options are nearest.</summary>
    public double? Nearest(OptionPlace place, Preference figure)
    {
        LogRun[] known = [.. _alone[place.Operator].Where(r => r.Value(figure) is not null)];
        if (known.Length == 0)
        {
            return null;
        }

        double least = known.Min(r => Far(r.Operators[0], place));
        return known
            .Where(r => Far(r.Operators[0], place) == least)
            .Average(r => r.Value(figure)!.Value);
    }

    /// <summary>
    /// What leaving at the first exit takes, as a share of the original: exits measured where all leave there, else the line of
    /// time over layers through its cheapest and its dearest effort, at one layer.
    /// </summary>
    public double? FirstExit(OptionPlace exits, Preference figure)
    {
        LogRun[] known = [.. _alone[exits.Operator].Where(r => r.Value(figure) is not null)];
        if (known.Length == 0)
        {
            return null;
        }

        var (few, least) = Mean(known.Min(r => r.Layers));
        var (many, most) = Mean(known.Max(r => r.Layers));
        double first =
            few > 1 && many > few ? least - (few - 1) * (most - least) / (many - few) : least;
        return first > 0 ? first : least;

        (double Layers, double Share) Mean(double layers) =>
            (
                layers,
                known
                    .Where(r => Math.Abs(r.Layers - layers) < SameLayers)
                    .Average(r => Math.Exp(r.Value(figure)!.Value))
            );
    }

    static double Far(OptionPlace a, OptionPlace b) =>
        a.Numbers.Zip(b.Numbers, (x, y) => Math.Abs(x - y)).Sum()
        + 10 * a.Words.Zip(b.Words).Count(w => w.First != w.Second);
}
