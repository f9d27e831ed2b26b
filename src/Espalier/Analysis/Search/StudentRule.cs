using Espalier.Analysis.Choosing;
using Espalier.Operators;

namespace Espalier.Analysis.Search;

/// <summary>
/// By how much the time of a student and exits together is not the product of theirs, from the measured curve of the exits and the measured
/// students nearest in depth. Equation 4 of Xin et al. 2022 takes the student's share of all layers, so that at full effort
/// D with E would not take D's time; here it is the share of what lies behind the first exit, which does.
/// </summary>
sealed class StudentRule(Singles singles)
{
    /// <summary>To be added to the logarithm of the product; 0 until both were measured alone.</summary>
    public double Offset(Preference figure, OptionPlace[] places)
    {
        OptionPlace? With(Effects effect) => places.FirstOrDefault(p => p.Operator.Has(effect));
        OptionPlace? exit = With(Effects.Exits),
            student = With(Effects.FewerLayers);
        if (
            exit is null
            || student is null
            || singles.Nearest(exit, figure) is not { } logTime
            || singles.Nearest(student, figure) is not { } logRatio
            || singles.FirstExit(exit, figure) is not { } measured
        )
        {
            return 0;
        }

        double time = Math.Exp(logTime),
            ratio = Math.Exp(logRatio),
            first = Math.Min(measured, Math.Min(time, ratio));
        // Where the first exit takes as long as all of O there is nothing behind it to share.
        return first < 1
            ? Math.Log((first + (time - first) * (ratio - first) / (1 - first)) / (time * ratio))
            : 0;
    }
}
