using Espalier.Data.Files;
using Espalier.Data.Metrics;
using Espalier.Hub;
using Espalier.Tensors;

namespace Espalier.Data;

/// <summary>
/// A task from files of one's own: CSV, TSV (both with quotes as in RFC 4180), JSON lines or Parquet, by the
/// extension, with the columns of texts and label named. A file of a data set of the Hugging Face hub is called
/// <c>hf://datasets/owner/name/path</c>.
/// </summary>
/// <param name="Test">The file quality is reported on.</param>
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

    /// <param name="hub">Null: as the process's environment says.</param>
    /// <exception cref="ArgumentException">There is neither a training file nor a list of labels.</exception>
    /// <exception cref="InvalidDataException">The files are refused: one sentence for each problem.</exception>
    /// <exception cref="HubException">The hub cannot be reached or does not let one in.</exception>
    public TaskData Load(HubClient? hub = null)
    {
        CheckWishes();
        DataProblems problems = new();
        PackedRows trainRows = Rows(Train, problems, hub),
            validationRows = Rows(Validation, problems, hub),
            testRows = Rows(Test, problems, hub);
        string[] labels = IsRegression
            ? []
            : [.. Labels ?? LabelsOf(trainRows, TextPair is null ? 1 : 2)];
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

        if (Labels is null && Train is not null)
        {
            Labelling.WarnOfNames(Train, labels, problems);
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
        }

        Repeats.Warn(train, test, Train ?? "", Test, problems);
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
            IsRegression ? new Scored() : new Labelled(labels),
            IsRegression ? [Metric.Pearson, Metric.Spearman]
                : labels.Length == 2 ? [Metric.Accuracy, Metric.F1]
                : [Metric.Accuracy, Metric.MacroF1],
            TextPair is not null,
            "unknown"
        );

    /// <summary>None of a file that was not given.</summary>
    PackedRows Rows(string? path, DataProblems problems, HubClient? hub)
    {
        string[] columns = TextPair is null ? [Text, Label] : [Text, TextPair, Label];
        return path is null
            ? new PackedRows(columns.Length)
            : Rows(DataPlace.File(path, hub), columns, problems);
    }

    /// <summary>The values of these columns, by the file's extension.</summary>
    internal static PackedRows Rows(
        string path,
        IReadOnlyList<string> columns,
        DataProblems problems
    )
    {
        PackedRows none = new(columns.Count);
        string extension = Path.GetExtension(path).ToLowerInvariant();
        if (extension is not (".csv" or ".tsv" or ".jsonl" or ".ndjson" or ".json" or ".parquet"))
        {
            problems.Add(
                $"{path}: the extension {DataProblems.Quote(extension)} does not say what the file is; .csv, .tsv, .jsonl (or .ndjson, .json: one object a line, or an array of them) and .parquet are read."
            );
            return none;
        }

        if (ParquetRows.Is(path))
        {
            return ParquetRows.Read([path], columns, problems);
        }

        if (DataText.FromFile(path, problems) is not { } file)
        {
            return none;
        }

        int before = problems.Count;
        PackedRows rows = extension switch
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

    /// <summary>-1 is a class among whole numbers, where nothing but the numbers themselves says what it means.</summary>
    static string[] LabelsOf(PackedRows rows, int column)
    {
        HashSet<string> found = [];
        for (int row = 0; row < rows.Count; row++)
        {
            found.Add(rows.Value(row, column).Trim());
        }

        found.Remove("");
        if (!found.All(IsWhole) || found.Count == 1)
        {
            found.Remove(Labelling.Unlabelled);
        }

        string[] labels = [.. found];
        Array.Sort(labels, StringComparer.Ordinal);
        return labels.All(IsWhole)
            ? [.. labels.OrderBy(label => Numeral.TryWhole(label, out long value) ? value : 0)]
            : labels;
    }

    static bool IsWhole(string label) => Numeral.TryWhole(label, out long _);
}
