using System.Text.Json;
using Espalier.Data.Files;
using Espalier.Data.Metrics;

namespace Espalier.Data;

/// <summary>The two tasks whose data the library carries (Data/Shipped; both CC BY 4.0).</summary>
static class ShippedTasks
{
    // The set has no split of its own.
    const int SentimentTestLines = 200;

    static readonly string[] SentimentFiles =
    [
        "amazon_cells_labelled.txt",
        "imdb_labelled.txt",
        "yelp_labelled.txt",
    ];

    public static readonly TaskDefinition Sentiment = new(
        "sentiment",
        "Sentiment of product, film and restaurant reviews",
        new Labelled(["negative", "positive"]),
        [Metric.Accuracy],
        HasPairs: false,
        "CC BY 4.0; Kotzias et al., KDD 2015"
    )
    {
        IsShipped = true,
    };

    public static readonly TaskDefinition Banking77 = new(
        "banking77",
        "Intent of a bank customer's question, one of 77",
        new Labelled([
            .. JsonDocument
                .Parse(DataText.FromLibrary("banking77/categories.json").Bytes)
                .RootElement.EnumerateArray()
                .Select(label => label.GetString()!),
        ]),
        [Metric.Accuracy, Metric.MacroF1],
        HasPairs: false,
        "CC BY 4.0; Casanueva et al. 2020"
    )
    {
        IsShipped = true,
    };

    /// <summary>From files of the same names in the folder, or from the library where it is null.</summary>
    public static TaskData Load(TaskDefinition task, string? folder, DataProblems problems)
    {
        Labelling labelling = new(task, problems, numbersToo: true);
        var (train, test) =
            task == Sentiment
                ? LoadSentiment(Source, labelling, problems)
                : LoadBanking77(Source, labelling, problems);
        labelling.CheckTraining(folder ?? task.Name, train);
        problems.ThrowIfAny();
        return new TaskData(task, train, null, test) { Warnings = problems.Warnings };

        DataText? Source(string file) =>
            folder is null
                ? DataText.FromLibrary($"{task.Name}/{file}")
                : DataText.FromFile(Path.Combine(folder, file), problems);
    }

    static (Split Train, Split Test) LoadSentiment(
        Func<string, DataText?> source,
        Labelling labelling,
        DataProblems problems
    )
    {
        List<Example> train = [];
        List<Example> test = [];
        foreach (string name in SentimentFiles)
        {
            if (source(name) is not { } file)
            {
                continue;
            }

            string[] columns = ["sentence", "label"];
            PackedRows rows = TabRows.Read(file, columns, problems, header: columns);
            if (rows.Count <= SentimentTestLines)
            {
                problems.Add(
                    $"{file.Path} has {DataProblems.Counted(rows.Count, "sentence")}; its last {SentimentTestLines} are the test split, so more are needed."
                );
                continue;
            }

            IReadOnlyList<Example> all = labelling.Read("train", file.Path, rows).Examples;
            train.AddRange(all.SkipLast(SentimentTestLines));
            test.AddRange(all.TakeLast(SentimentTestLines));
        }

        return (new Split("train", train), new Split("test", test));
    }

    static (Split Train, Split Test) LoadBanking77(
        Func<string, DataText?> source,
        Labelling labelling,
        DataProblems problems
    )
    {
        return (Read("train"), Read("test"));

        Split Read(string name)
        {
            if (source($"{name}.csv") is not { } file)
            {
                return new Split(name, []);
            }

            int before = problems.Count;
            PackedRows rows = CsvRows.Read(file, ',', ["text", "category"], problems);
            if (rows.Count == 0 && problems.Count == before)
            {
                problems.Add($"{file.Path} has a header and no rows.");
            }

            return labelling.Read(name, file.Path, rows);
        }
    }
}
