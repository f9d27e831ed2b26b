using Espalier.Data.Files;

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
            _classes.Add(task.Labels[label], label);
            if (numbersToo)
            {
                _classes.TryAdd($"{label}", label);
            }
        }
    }

    public Split Read(string name, string path, IReadOnlyList<Row> rows)
    {
        List<Example> examples = new(rows.Count);
        Row[] empty = [.. rows.Where(row => row.Values[..^1].All(string.IsNullOrWhiteSpace))];
        if (empty.Length > 0)
        {
            _problems.Warn(
                $"{path}: {DataProblems.Counted(empty.Length, "row")} without any text, the first at line {empty[0].Line}."
            );
        }

        foreach (Row row in rows)
        {
            string at = $"{path}:{row.Line}";
            string? pair = _task.HasPairs ? row.Values[1] : null;
            string label = row.Values[^1].Trim();
            if (label.Length == 0 || (label == Unlabelled && !_task.IsRegression))
            {
                _problems.Add(
                    $"{at}: the label is {DataProblems.Quote(label)}, which marks a row without one; training and evaluating need labels."
                );
            }
            else if (_task.IsRegression)
            {
                if (Score(at, label) is { } score)
                {
                    examples.Add(new Example(row.Values[0], pair, Score: score));
                }
            }
            else if (_classes.TryGetValue(label, out int index))
            {
                examples.Add(new Example(row.Values[0], pair, index));
            }
            else if (_unknown.Add(label))
            {
                _problems.Add(
                    $"{at}: the label {DataProblems.Quote(label)} is none of {_task.Name}'s: {DataProblems.QuoteAll(_task.Labels)}."
                );
            }
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

    double? Score(string at, string label)
    {
        if (!double.TryParse(label, out double score) || !double.IsFinite(score))
        {
            _problems.Add(
                $"{at}: the score {DataProblems.Quote(label)} is not a finite number, and {_task.Name} is a regression."
            );
            return null;
        }

        if (_task.ScoreRange is var (lowest, highest) && (score < lowest || score > highest))
        {
            _problems.Add(
                $"{at}: the score {score} is outside {_task.Name}'s {lowest} to {highest}."
            );
            return null;
        }

        return score;
    }
}
