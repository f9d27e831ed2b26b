using Espalier.Analysis.Choosing;
using Espalier.Analysis.Cumulation;

namespace Espalier.Analysis.Search;

/// <summary>
/// By how much the time of D and E together is not the product of theirs (equation 4 of Xin et al. 2022), from the
/// measured curve of E and the measured students nearest in depth.
/// </summary>
sealed class StudentRule(Singles singles)
{
    /// <summary>To be added to the logarithm of the product; 0 until both were measured alone.</summary>
    public double Offset(Preference figure, OptionPlace[] places)
    {
        OptionPlace? exit = places.FirstOrDefault(p => p.Letter == 'E'),
            student = places.FirstOrDefault(p => p.Letter == 'D');
        if (
            exit is null
            || student is null
            || singles.Nearest(exit, figure) is not { } logTime
            || singles.Nearest(student, figure) is not { } logRatio
        )
        {
            return 0;
        }

        double first = singles.Of('E').Min(r => Math.Exp(r.Value(figure) ?? 0)),
            time = Math.Exp(logTime),
            ratio = Math.Exp(logRatio);
        return Math.Log(ProductRule.Shallower(time, Math.Min(first, time), ratio) / (time * ratio));
    }
}
