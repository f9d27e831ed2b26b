using System.Globalization;
using Espalier.Data.Files;
using Espalier.Tensors;

namespace Espalier.Data;

/// <summary>Turns rows of one task (text, the other text of a pair, label) into examples, or says what is wrong with them.</summary>
sealed class Labelling
{
    /// <summary>How GLUE and others mark a row without a label.</summary>
    public const string Unlabelled = "-1";

    readonly TaskDefinition _task;
    readonly DataProblems _problems;
    readonly Dictionary<string, int> _classes = [];
    readonly HashSet<string> _unknown = [];

    /// <summary>With numbersToo a class may also be written as its index, as some of GLUE's files have it.</summary>
    public Labelling(TaskDefinition task, DataProblems problems, bool numbersToo)
    {
        _task = task;
        _problems = problems;
        for (int label = 0; label < task.Labels.Count; label++)
        {
            // Labels of files are trimmed, so the names are looked up in this form, too.
            _classes.TryAdd(task.Labels[label].Trim(), label);
        }

        for (int label = 0; numbersToo && label < task.Labels.Count; label++)
        {
            _classes.TryAdd($"{label}", label);
        }
    }

    public Split Read(string name, string path, PackedRows rows)
    {
        PackedExamples examples = new(rows);
        int empty = 0,
            firstEmpty = 0;
        for (int at = 0; at < rows.Count; at++)
        {
            Row row = rows[at];
            if (Array.TrueForAll(row.Values[..^1], string.IsNullOrWhiteSpace))
            {
                firstEmpty = empty++ == 0 ? row.Line : firstEmpty;
            }

            string place = $"{path}:{row.Line}";
            string label = row.Values[^1].Trim();
            bool known = _classes.TryGetValue(label, out int index);
            if (label.Length == 0 || label == Unlabelled && !_task.IsRegression && !known)
            {
                _problems.Add(
                    $"{place}: the label is {DataProblems.Quote(label)}, which marks a row without one; training and evaluating need labels."
                );
            }
            else if (_task.IsRegression)
            {
                if (Score(place, label) is { } score)
                {
                    examples.Add(at, score);
                }
            }
            else if (known)
            {
                examples.Add(at, index);
            }
            else if (_unknown.Add(label))
            {
                string alike = _task.Labels.FirstOrDefault(l => Plain(l) == Plain(label)) is { } l
                    ? $"; write it {DataProblems.Quote(l)} if that is meant"
                    : "";
                _problems.Add(
                    $"{place}: the label {DataProblems.Quote(label)} is none of {_task.Name}'s: {DataProblems.QuoteAll(_task.Labels)}{alike}."
                );
            }
        }

        if (empty > 0)
        {
            _problems.Warn(
                $"{path}: {DataProblems.Counted(empty, "row")} without any text, the first at line {firstEmpty}."
            );
        }

        return new Split(name, examples);
    }

    /// <summary>Refuses training data that nothing can be learnt from, and warns of classes it lacks.</summary>
    public void CheckTraining(string path, Split train)
    {
        if (train.Count == 0)
        {
            return;
        }

        Example first = train.Examples[0];
        if (train.Examples.All(e => e.Label == first.Label && e.Score == first.Score))
        {
            string only = _task.IsRegression
                ? $"score {first.Score}"
                : $"label {DataProblems.Quote(_task.Labels[first.Label!.Value])}";
            _problems.Add(
                $"{path}: all {train.Count} examples have the {only}; training needs at least two different ones."
            );
            return;
        }

        HashSet<int?> present = [.. train.Examples.Select(e => e.Label)];
        string[] absent = [.. _task.Labels.Where((_, label) => !present.Contains(label))];
        if (absent.Length > 0)
        {
            _problems.Warn(
                $"{path} has no example of {DataProblems.QuoteAll(absent)}; what is never seen is never predicted."
            );
        }
    }

    /// <summary>Tells of names that are classes of their own and hardly meant to be: 1 and 1.0, Good and good, nan, -1.</summary>
    public static void WarnOfNames(string path, IReadOnlyList<string> labels, DataProblems problems)
    {
        foreach (var group in labels.GroupBy(Plain).Where(group => group.Count() > 1))
        {
            problems.Warn(
                $"{path}: the labels {DataProblems.QuoteAll([.. group])} are different classes; write one name everywhere if one class is meant."
            );
        }

        foreach (
            string label in labels.Where(l =>
                l == Unlabelled || l.ToLowerInvariant() is "nan" or "null" or "n/a" or "<na>"
            )
        )
        {
            problems.Warn(
                $"{path}: the label {DataProblems.Quote(label)} is taken as a class; take its rows out if it marks those without a label."
            );
        }
    }

    /// <summary>What two names share that differ in writing alone: a number's value, or the word without case and white space.</summary>
    static string Plain(string label) =>
        Numeral.TryReal(label, out double value)
            ? (value + 0.0).ToString("R", CultureInfo.InvariantCulture)
            : string.Concat(label.Where(c => !char.IsWhiteSpace(c))).ToLowerInvariant();

    double? Score(string at, string label)
    {
        if (!Numeral.TryReal(label, out double score))
        {
            string comma = label.Contains(',', StringComparison.Ordinal)
                ? " Write fractions with a point, and nothing between thousands."
                : "";
            _problems.Add(
                $"{at}: the score {DataProblems.Quote(label)} is not a finite number, and {_task.Name} is a regression.{comma}"
            );
            return null;
        }

        if (
            _task.Kind is Scored { Range: var (lowest, highest) }
            && (score < lowest || score > highest)
        )
        {
            _problems.Add(
                $"{at}: the score {score} is outside {_task.Name}'s {lowest} to {highest}."
            );
            return null;
        }

        return score;
    }
}
