using Espalier.Data.Files;
using Espalier.Data.Metrics;
using Espalier.Hub;

namespace Espalier.Data.Corpora;

/// <summary>A corpus as files of running text, one for each split; what is in a file is one text.</summary>
/// <param name="Test">That quality is reported on.</param>
/// <param name="Train">Null: the validation text is trained on, and where there is none either, nothing is.</param>
public sealed record CorpusFiles(string Test, string? Train = null, string? Validation = null)
{
    /// <summary>Where nothing else is said: enough that a window's first tokens, which know little, are few.</summary>
    public const int UsualWindow = 256;

    // The first is ours, the second WikiText's own.
    static readonly string[] TrainNames = ["train.txt", "wiki.train.tokens"];
    static readonly string[] ValidationNames = ["validation.txt", "wiki.valid.tokens"];
    static readonly string[] TestNames = ["test.txt", "wiki.test.tokens"];

    /// <summary>The data set of the hub that has the corpus, and the folder in it.</summary>
    internal const string OnHub = "Salesforce/wikitext";
    internal const string HubFolder = "wikitext-2-raw-v1";

    /// <summary>The corpora that are known by name.</summary>
    public static IReadOnlyList<TaskDefinition> All { get; } =
    [Define("wikitext2", "Articles of Wikipedia", "CC BY-SA 3.0")];

    /// <summary>The files looked for, the first name of each.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [TrainNames[0], ValidationNames[0], TestNames[0]];

    public static TaskDefinition Define(string name, string title, string licence) =>
        new(
            name,
            title,
            new Corpus(),
            [Metric.Perplexity, Metric.NextToken],
            HasPairs: false,
            licence
        )
        {
            MaxLength = UsualWindow,
        };

    /// <summary>Whether a file of that name is one that <see cref="In"/> looks for.</summary>
    internal static bool IsPart(string name) =>
        TrainNames.Concat(ValidationNames).Concat(TestNames).Contains(name)
        || ParquetRows.IsShardOf(name, "train", "validation", "test");

    /// <summary>Whether a file of that name holds running text, and not a table of examples.</summary>
    public static bool IsText(string path) =>
        Path.GetExtension(path).ToLowerInvariant() is ".txt" or ".tokens" or ".text" or ".md";

    /// <summary>Those of a folder.</summary>
    /// <exception cref="InvalidDataException">It has no test text.</exception>
    public static CorpusFiles In(string folder)
    {
        return new CorpusFiles(
            Find("test", TestNames)
                ?? throw new InvalidDataException(
                    $"{folder} has neither {string.Join(" nor ", TestNames)}; a corpus is measured on one of them."
                ),
            Find("train", TrainNames),
            Find("validation", ValidationNames)
        );

        // A corpus of several shards is larger than a text that is read as one.
        string? Find(string split, string[] names) =>
            names.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
            ?? (ParquetRows.Shards(folder, split) is [var only] ? only : null);
    }

    /// <param name="hub">From where files come that are named hf://datasets/…; null: as the process's environment says.</param>
    /// <exception cref="InvalidDataException">A file cannot be read, is empty or is not UTF-8.</exception>
    /// <exception cref="HubException">The hub cannot be reached or does not let one in.</exception>
    public TaskData Load(TaskDefinition task, HubClient? hub = null)
    {
        Split? validation = Read("validation", Validation, hub),
            train = Read("train", Train, hub);
        bool borrows = train is null && validation is not null;
        return new TaskData(task, train ?? validation, validation, Read("test", Test, hub)!)
        {
            Warnings = borrows
                ?
                [
                    $"{task.Name} has no training text; what trains or calibrates does so on the validation text, {Validation}.",
                ]
                : [],
            WhyNoTrain =
                $"{task.Name} cannot be trained on: only {Test} was given, and neither a training nor a validation text.",
        };
    }

    static Split? Read(string name, string? path, HubClient? hub) =>
        path is null
            ? null
            : new Split(name, [new Example(TextCorpus.Read(DataPlace.File(path, hub)).Text)]);
}
