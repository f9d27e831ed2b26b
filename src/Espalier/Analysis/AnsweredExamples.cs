using Espalier.Measuring;
using Espalier.Models;

namespace Espalier.Analysis;

/// <summary>
/// What each example adds to the quality of each model, where answers are stored: what another draw of the split's examples would
/// change is then known from pairs, and not from a binomial of each model alone.
/// </summary>
public sealed class AnsweredExamples(IReadOnlyList<StoredAnswers> all)
{
    readonly Dictionary<(StoredAnswers, string, Effort), double[]?> _read = [];

    public static AnsweredExamples None { get; } = new([]);

    /// <summary>
    /// Of each example a number whose mean is the quality as it is compared: 1 where the model was right and 0 where not, or a window's
    /// share of the mean ln p. Null where answers are not known, or quality is no mean.
    /// </summary>
    public IReadOnlyList<double>? Each(Measurement m) =>
        all.FirstOrDefault(a =>
            a.Task == m.Task && a.Split == m.Split && a.Seeds.SequenceEqual(m.Seeds)
        )
            is { } answers
        && (answers.OfText || m.Primary.Kind.IsBinomial && answers.Labels is not null)
            ? Read(answers, m)
            : null;

    /// <summary>Of the class that most examples have; null where answers are not known.</summary>
    public double? MajorityShare(string task, string split) =>
        all.FirstOrDefault(a => a.Task == task && a.Split == split) is { Labels: not null } answers
            ? answers.TrueClasses().CountBy(c => c).Max(c => (double)c.Value) / answers.Examples
            : null;

    /// <summary>
    /// Variance of a mean over seeds and examples that comes from the examples: all seeds have the same ones, so it does
    /// not shrink with the number of seeds. A little of what seeds and examples do together is in it too, which the spread
    /// over seeds has as well: together they are on the safe side. Null where a seed's examples are not known.
    /// </summary>
    /// <param name="seeds">[seed][example].</param>
    public static double? VarianceOf(IReadOnlyList<IReadOnlyList<double>?> seeds)
    {
        if (
            seeds.Count == 0
            || seeds.Any(s => s is null || s.Count < 2 || s.Count != seeds[0]!.Count)
        )
        {
            return null;
        }

        int n = seeds[0]!.Count;
        double[] means = new double[n];
        foreach (IReadOnlyList<double>? seed in seeds)
        {
            for (int i = 0; i < n; i++)
            {
                means[i] += seed![i] / seeds.Count;
            }
        }

        return Inference.Variance(means) / n;
    }

    double[]? Read(StoredAnswers answers, Measurement of)
    {
        var (pipeline, effort) = (of.Pipeline, of.Effort);
        if (!_read.TryGetValue((answers, pipeline, effort), out double[]? each))
        {
            bool isKnown = answers.Models.Any(m =>
                m.Pipeline == pipeline && m.Efforts.Contains(effort)
            );
            each =
                !isKnown ? null
                : answers.OfText
                    ? WindowQuality.Parts(of.Primary.Kind, answers.WindowsAt(pipeline, effort))
                : [.. answers.RightAt(pipeline, effort).Select(r => r ? 1.0 : 0)];
            _read.Add((answers, pipeline, effort), each);
        }

        return each;
    }
}
