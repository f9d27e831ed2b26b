using Espalier.Models;
using Espalier.Operators;
using Espalier.Tensors;

namespace Espalier.Analysis.Search;

/// <summary>Where one operator of a contender lies among its options: numbers on their scales, words as they are.</summary>
/// <param name="Options">So many of them are options of the operator; the one behind them is the effort.</param>
/// <param name="Operator">The one of <see cref="Operator.All"/>, with its defaults.</param>
sealed record OptionPlace(Operator Operator, double[] Numbers, string[] Words, int Options)
{
    // Confidence 0.9, 0.99 and 0.999 are about evenly spaced steps of work; 1 and full are one place.
    const double Certain = 0.001;

    /// <summary>One for each operator but O.</summary>
    public static OptionPlace[] Of(Contender contender) =>
        [.. Pipeline.Parse(contender.Pipeline).Steps.Select(o => Of(o, contender.Effort))];

    static OptionPlace Of(Operator o, Effort effort)
    {
        List<double> numbers = [];
        List<string> words = [];
        foreach (Option option in o.Options)
        {
            string text = option.Get(o);
            bool number = Numeral.TryReal(text, out double value);
            numbers.Add(number ? value : 0);
            // A count of 8 heads and a share of 0.5 of them lie on different scales.
            words.Add(
                !number ? text
                : text.Contains('.', StringComparison.Ordinal) ? "share"
                : "count"
            );
        }

        if (o.Has(Effects.Exits))
        {
            numbers.Add(Thoroughness(effort));
            words.Add(
                effort.Rule is ExitRule.Never or ExitRule.Confidence || effort == Effort.First
                    ? "confidence"
                    : $"{effort.Rule}"
            );
        }

        return new OptionPlace(o.Plain, [.. numbers], [.. words], o.Options.Count);
    }

    /// <summary>Grows with how far an example goes.</summary>
    static double Thoroughness(Effort effort) =>
        effort.Rule switch
        {
            ExitRule.Never => -Math.Log(Certain),
            ExitRule.Confidence => -Math.Log(1 + Certain - effort.Threshold),
            ExitRule.Patience => effort.Threshold,
            // No confidence is below 0, so exit 1 lies where a threshold of 0 would.
            ExitRule.Exit => -Math.Log(1 + Certain) + effort.Threshold - 1,
            _ => -Math.Log(effort.Threshold + Certain),
        };
}
