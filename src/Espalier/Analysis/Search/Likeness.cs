using Espalier.Operators;

namespace Espalier.Analysis.Search;

/// <summary>
/// How alike the effect of one operator is at two places of its options, from 0 to 1: smooth in options, rough in efforts,
/// as the curve of exits falls steeply where they begin to answer too early.
/// </summary>
sealed class Likeness
{
    // In ranges of an option: half the range away, effects still share 80 % of their variance.
    const double Reach = 0.75;

    // Between words, such as scope=layer and scope=model.
    const double OtherWord = 1;

    readonly Dictionary<Operator, double[]> _ranges = new(ReferenceEqualityComparer.Instance);

    /// <param name="places">All that will be asked for: they set the range of each number.</param>
    public Likeness(IEnumerable<OptionPlace> places)
    {
        foreach (var group in places.GroupBy(p => p.Operator))
        {
            OptionPlace[] own = [.. group];
            _ranges[group.Key] =
            [
                .. Enumerable
                    .Range(0, own[0].Numbers.Length)
                    .Select(i => own.Max(p => p.Numbers[i]) - own.Min(p => p.Numbers[i])),
            ];
        }
    }

    public double Of(OptionPlace a, OptionPlace b)
    {
        double[] range = _ranges[a.Operator];
        double squares = 0,
            rough = 0;
        for (int i = 0; i < range.Length; i++)
        {
            double step =
                a.Words[i] != b.Words[i] ? OtherWord
                : range[i] > 0 ? (a.Numbers[i] - b.Numbers[i]) / range[i] / Reach
                : 0;
            if (i < a.Options)
            {
                squares += step * step;
            }
            else
            {
                rough += Math.Abs(step);
            }
        }

        return Math.Exp(-squares / 2 - rough);
    }
}
