using Espalier.Data.Files;
using Espalier.Data.Metrics;

namespace Espalier.Data;

/// <summary>
/// A task from files of one's own: CSV, TSV (both with quotes as in RFC 4180) or JSON lines, by the
/// extension, with the columns of texts and label named.
/// </summary>
/// <param name="Test">The file quality is reported on.</param>
/// <param name="Text">The column of texts.</param>
/// <param name="Label">The column of labels; whole numbers are ordered by value, other names by their characters.</param>
public sealed record TableFiles(string Test, string Text, string Label)
{
    /// <summary>Null to evaluate only.</summary>
    public string? Train { get; init; }

    public string? Validation { get; init; }

    public string? TextPair { get; init; }

    /// <summary>Labels are scores.</summary>
    public bool IsRegression { get; init; }

    /// <summary>The classes in order, where a model has them already; null takes those of the training file.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    public string Name { get; init; } = "custom";

    /// <exception cref="ArgumentException">There is neither a training file nor a list of labels.</exception>
    /// <exception cref="InvalidDataException">The files are refused: one sentence for each problem.</exception>
    public TaskData Load()
    {
        CheckWishes();
        DataProblems problems = new();
        List<Row> trainRows = Train is null ? [] : Rows(Train, problems);
        List<Row> validationRows = Validation is null ? [] : Rows(Validation, problems);
        List<Row> testRows = Rows(Test, problems);
        string[] labels = IsRegression ? [] : [.. Labels ?? LabelsOf(trainRows)];
        if (labels.Length == 0 && !IsRegression)
        {
            if (trainRows.Count > 0)
            {
                problems.Add(
                    $"{Train}: no row has a label in '{Label}' (empty and -1 mark rows without one); training needs labels."
                );
            }

            problems.ThrowIfAny();
        }

        TaskDefinition task = Define(labels);
        Labelling labelling = new(task, problems, numbersToo: false);
        Split? train = Train is null ? null : labelling.Read("train", Train, trainRows);
        Split? validation = Validation is null
            ? null
            : labelling.Read("validation", Validation, validationRows);
        Split test = labelling.Read("test", Test, testRows);
        if (train is not null)
        {
            labelling.CheckTraining(Train!, train);
            WarnOfLeaks(train, test, problems);
        }

        problems.ThrowIfAny();
        return new TaskData(task, train, validation, test)
        {
            Warnings = problems.Warnings,
            WhyNoTrain =
                $"{Name} cannot be trained on: only {Test} was given, and no training file.",
        };
    }

    void CheckWishes()
    {
        if (Train is null && Labels is null && !IsRegression)
        {
            throw new ArgumentException(
                $"{Test} comes without a training file, so the order of its labels is unknown; give the training file or a model that was trained with labels."
            );
        }

        if (Labels is not null && (Labels.Count == 0 || Labels.Distinct().Count() < Labels.Count))
        {
            throw new ArgumentException(
                $"The labels {DataProblems.QuoteAll(Labels)} were given; at least one is needed and none twice."
            );
        }

        if (Text == Label || TextPair == Label || Text == TextPair)
        {
            throw new ArgumentException(
                $"Text '{Text}', pair '{TextPair}' and label '{Label}' must be different columns."
            );
        }
    }

    TaskDefinition Define(string[] labels) =>
        new(
            Name,
            "Data of one's own",
            labels,
            IsRegression ? [Metric.Pearson, Metric.Spearman]
                : labels.Length == 2 ? [Metric.Accuracy, Metric.F1]
                : [Metric.Accuracy, Metric.MacroF1],
            TextPair is not null,
            "unknown"
        );

    List<Row> Rows(string path, DataProblems problems)
    {
        string extension = Path.GetExtension(path).ToLowerInvariant();
        if (extension is not (".csv" or ".tsv" or ".jsonl" or ".ndjson" or ".json"))
        {
            problems.Add(
                $"{path}: the extension {DataProblems.Quote(extension)} does not say what the file is; .csv, .tsv and .jsonl (or .ndjson, .json with one object a line) are read."
            );
            return [];
        }

        if (DataText.FromFile(path, problems) is not { } file)
        {
            return [];
        }

        int before = problems.Count;
        string[] columns = TextPair is null ? [Text, Label] : [Text, TextPair, Label];
        List<Row> rows = extension switch
        {
            ".csv" => CsvRows.Read(file, ',', columns, problems),
            ".tsv" => CsvRows.Read(file, '\t', columns, problems),
            _ => JsonRows.Read(file, columns, problems),
        };
        if (rows.Count == 0 && problems.Count == before)
        {
            problems.Add($"{path} has no rows of data.");
        }

        return rows;
    }

    static string[] LabelsOf(List<Row> rows)
    {
        string[] labels =
        [
            .. rows.Select(row => row.Values[^1].Trim())
                .Where(label => label.Length > 0 && label != Labelling.Unlabelled)
                .Distinct(),
        ];
        Array.Sort(labels, StringComparer.Ordinal);
        return labels.All(label => long.TryParse(label, out _))
            ? [.. labels.OrderBy(long.Parse)]
            : labels;
    }

    static void WarnOfLeaks(Split train, Split test, DataProblems problems)
    {
        HashSet<(string, string?)> seen = [.. train.Examples.Select(e => (e.Text, e.Pair))];
        int leaked = test.Examples.Count(e => seen.Contains((e.Text, e.Pair)));
        if (leaked > 0)
        {
            problems.Warn(
                $"{leaked} of {test.Count} test examples also stand in the training file; quality on them is memory."
            );
        }
    }
}
