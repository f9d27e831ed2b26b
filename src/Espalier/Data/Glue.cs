using Espalier.Data.Files;
using Espalier.Data.Metrics;

namespace Espalier.Data;

/// <summary>A task of GLUE and the columns of its files, named as GLUE names them.</summary>
sealed record GlueTask(TaskDefinition Definition, string Text, string? Pair, string Label)
{
    /// <summary>The columns of files that have no line of names: CoLA's.</summary>
    public string[]? Columns { get; init; }

    public string[] TrainFiles { get; init; } = ["train.tsv"];

    public string[] DevFiles { get; init; } = ["dev.tsv"];

    public string[] TestFiles { get; init; } = ["test.tsv"];

    /// <summary>MNLI's second dev set, from genres that training did not see.</summary>
    public string? MismatchedFile { get; init; }

    /// <summary>The columns of the hub's files, where they are called otherwise; its labels are all called label.</summary>
    public (string Text, string Pair)? OnHub { get; init; }

    /// <summary>What the hub adds to the names of the evaluation splits: MNLI's genres.</summary>
    public string HubSuffix => MismatchedFile is null ? "" : "_matched";

    /// <summary>QQP as GLUE hands it out has broken rows; everyone skips them.</summary>
    public bool SkipsBrokenRows { get; init; }

    public string[] Wanted => Pair is null ? [Text, Label] : [Text, Pair, Label];

    public string[] WantedOnHub =>
        Pair is null ? [Text, HubLabel] : [OnHub?.Text ?? Text, OnHub?.Pair ?? Pair, HubLabel];

    const string HubLabel = "label";
}

/// <summary>
/// The nine tasks of GLUE in its own files, or as the hub has them in Parquet. The evaluation split is test.tsv where that has labels, and
/// else the dev file: GLUE keeps the labels of its test files to itself. The dev file is the validation
/// split only where a labelled test file stands beside it.
/// </summary>
static class Glue
{
    static readonly string[] Entailment = ["entailment", "not_entailment"];

    // csharpier-ignore-start
    public static IReadOnlyList<GlueTask> All { get; } =
    [
        new(Define("cola", "Is the sentence grammatical?", ["unacceptable", "acceptable"], [Metric.Matthews], "licence unclear"),
            "sentence", null, "label") { Columns = ["source", "label", "star", "sentence"] },
        new(Define("sst2", "Sentiment of film reviews", ["negative", "positive"], [Metric.Accuracy], "licence unclear"),
            "sentence", null, "label"),
        new(Define("mrpc", "Do the sentences mean the same?", ["not_equivalent", "equivalent"], [Metric.Accuracy, Metric.F1], "Microsoft Research licence", pairs: true),
            "#1 String", "#2 String", "Quality")
        {
            TrainFiles = ["train.tsv", "msr_paraphrase_train.txt"],
            TestFiles = ["test.tsv", "msr_paraphrase_test.txt"],
            OnHub = ("sentence1", "sentence2"),
        },
        new(Define("stsb", "How similar are the sentences, 0 to 5?", [], [Metric.Pearson, Metric.Spearman], "CC BY-SA 4.0", pairs: true) with { Kind = new Scored((0, 5)) },
            "sentence1", "sentence2", "score"),
        new(Define("qqp", "Do the questions ask the same?", ["not_duplicate", "duplicate"], [Metric.Accuracy, Metric.F1], "Quora's terms", pairs: true),
            "question1", "question2", "is_duplicate") { SkipsBrokenRows = true },
        new(Define("mnli", "Does the premise entail the hypothesis?", ["entailment", "neutral", "contradiction"], [Metric.Accuracy], "several licences, by genre", pairs: true),
            "sentence1", "sentence2", "gold_label")
        {
            DevFiles = ["dev_matched.tsv", "dev.tsv"],
            TestFiles = ["test_matched.tsv", "test.tsv"],
            MismatchedFile = "dev_mismatched.tsv",
            OnHub = ("premise", "hypothesis"),
        },
        new(Define("qnli", "Does the sentence answer the question?", Entailment, [Metric.Accuracy], "CC BY-SA 4.0", pairs: true),
            "question", "sentence", "label"),
        new(Define("rte", "Does the text entail the hypothesis?", Entailment, [Metric.Accuracy], "licence unclear", pairs: true),
            "sentence1", "sentence2", "label"),
        new(Define("wnli", "Does the sentence with the pronoun resolved follow?", ["not_entailment", "entailment"], [Metric.Accuracy], "CC BY 4.0", pairs: true),
            "sentence1", "sentence2", "label"),
    ];
    // csharpier-ignore-end

    /// <summary>The data set of the hub that has all of them.</summary>
    public const string OnHub = "nyu-mll/glue";

    /// <summary>Whether a file of that name is one of the task's.</summary>
    public static bool IsPart(string name, string file)
    {
        GlueTask task = All.Single(glue => glue.Definition.Name == name);
        return task.TrainFiles.Concat(task.DevFiles)
                .Concat(task.TestFiles)
                .Append(task.MismatchedFile)
                .Contains(file)
            || ParquetRows.IsShardOf(
                file,
                "train",
                $"validation{task.HubSuffix}",
                $"test{task.HubSuffix}",
                "validation_mismatched"
            );
    }

    /// <summary>The files looked for, the first name of each.</summary>
    public static IReadOnlyList<string> FilesOf(string name)
    {
        GlueTask task = All.Single(glue => glue.Definition.Name == name);
        return [task.TrainFiles[0], task.DevFiles[0], task.TestFiles[0]];
    }

    public static TaskData Load(TaskDefinition definition, string folder, DataProblems problems)
    {
        GlueTask task = All.Single(glue => glue.Definition.Name == definition.Name);
        Labelling labelling = new(definition, problems, numbersToo: true);
        Split? train = Read("train", task.TrainFiles, "train");
        Split? dev = Read("dev", task.DevFiles, $"validation{task.HubSuffix}");
        Split? test = Read("test", task.TestFiles, $"test{task.HubSuffix}");
        Split? mismatched = task.MismatchedFile is { } other
            ? Read("dev_mismatched", [other], "validation_mismatched")
            : null;
        if (problems.Count == 0 && (test ?? dev) is null)
        {
            problems.Add(
                $"{folder} has neither {task.TestFiles[0]} with labels nor {task.DevFiles[0]}; {definition.Name} is evaluated on one of them."
            );
        }

        if (train is not null)
        {
            labelling.CheckTraining(Path.Combine(folder, task.TrainFiles[0]), train);
        }

        problems.ThrowIfAny();
        Repeats.Warn(
            train,
            (test ?? dev)!,
            Path.Combine(folder, task.TrainFiles[0]),
            Path.Combine(folder, test is null ? task.DevFiles[0] : task.TestFiles[0]),
            problems
        );
        return new TaskData(definition, train, test is null ? null : dev, (test ?? dev)!)
        {
            Others = mismatched is null ? [] : [mismatched],
            Warnings = problems.Warnings,
            WhyNoTrain =
                $"{definition.Name} cannot be trained on from {folder}: there is no {task.TrainFiles[0]}; put it there (evaluating works without).",
        };

        Split? Read(string name, string[] files, string onHub) =>
            files.Select(file => Path.Combine(folder, file)).FirstOrDefault(File.Exists) is { } path
                ? DataText.FromFile(path, problems) is { } text
                    ? ReadSplit(task, name, text, labelling, problems)
                    : null
                : ParquetRows.Shards(folder, onHub) is [_, ..] shards
                    ? SplitOf(
                        name,
                        shards is [var only] ? only : Path.Combine(folder, $"{onHub}-*.parquet"),
                        ParquetRows.Read(shards, task.WantedOnHub, problems),
                        labelling
                    )
                    : null;
    }

    /// <summary>Null for a test file without labels, whose rows are not even looked at.</summary>
    static Split? ReadSplit(
        GlueTask task,
        string name,
        DataText file,
        Labelling labelling,
        DataProblems problems
    )
    {
        string[] header = TabRows.Header(file);
        string[]? columns = header.Contains(task.Text) ? null : task.Columns;
        bool mayLackLabels = name == "test";
        if (mayLackLabels && !(columns ?? header).Contains(task.Label))
        {
            return null;
        }

        int before = problems.Count;
        PackedRows rows = TabRows.Read(file, task.Wanted, problems, columns, task.SkipsBrokenRows);
        if (rows.Count == 0 && problems.Count == before)
        {
            problems.Add($"{file.Path} has no rows.");
        }

        return SplitOf(name, file.Path, rows, labelling);
    }

    /// <summary>Null for a test file without labels.</summary>
    static Split? SplitOf(string name, string path, PackedRows rows, Labelling labelling) =>
        name == "test" && rows.All(row => row.Values[^1].Trim() == Labelling.Unlabelled)
            ? null
            : labelling.Read(name, path, rows);

    static TaskDefinition Define(
        string name,
        string title,
        string[] labels,
        Metric[] metrics,
        string licence,
        bool pairs = false
    ) => new(name, title, new Labelled(labels), metrics, pairs, licence);
}
