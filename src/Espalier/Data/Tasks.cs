using Espalier.Data.Metrics;

namespace Espalier.Data;

/// <summary>The tasks that are known by name: those shipped with the library, and GLUE's.</summary>
public static class Tasks
{
    /// <summary>What every command takes where nothing is asked for.</summary>
    public const string Default = "sentiment";

    public static IReadOnlyList<TaskDefinition> All { get; } =
    [ShippedTasks.Sentiment, ShippedTasks.Banking77, .. Glue.All.Select(glue => glue.Definition)];

    /// <summary>Known by name, and refused until there is a model that can be measured on them.</summary>
    static readonly TaskDefinition[] Corpora =
    [
        new(
            "wikitext2",
            "Articles of Wikipedia",
            new Corpus(),
            [Metric.Perplexity],
            HasPairs: false,
            "CC BY-SA 3.0"
        ),
    ];

    /// <exception cref="ArgumentException">
    /// There is no such task, and the sentence has the nearest name; or it is a corpus.
    /// </exception>
    public static TaskDefinition Find(string name)
    {
        string wanted = Plain(name);
        if (Array.Find(Corpora, task => Plain(task.Name) == wanted) is { } corpus)
        {
            throw new ArgumentException(
                $"{corpus.Name} is a corpus of text, measured by {corpus.Primary}, and models here answer about texts and do not continue them; the tasks are {string.Join(", ", All.Select(task => task.Name))}."
            );
        }

        return All.FirstOrDefault(task => Plain(task.Name) == wanted)
            ?? throw new ArgumentException(
                $"There is no task {DataProblems.Quote(name)}; did you mean '{Nearest.Of(wanted, All.Select(task => task.Name))}'? The tasks are {string.Join(", ", All.Select(task => task.Name))}; other data is given by its files."
            );
    }

    /// <summary>From the task's files in the folder, or where it is null the data that the library ships.</summary>
    /// <exception cref="ArgumentException">No such task, or it needs a folder.</exception>
    /// <exception cref="InvalidDataException">The files are refused: one sentence for each problem.</exception>
    public static TaskData Load(string name, string? folder = null)
    {
        TaskDefinition task = Find(name);
        if (folder is null && !task.IsShipped)
        {
            throw new ArgumentException(
                $"The data of {task.Name} is not shipped with Espalier ({task.Licence}); give the folder of its files ({string.Join(", ", Glue.FilesOf(task.Name))})."
            );
        }

        DataProblems problems = new();
        if (folder is not null && !Directory.Exists(folder))
        {
            problems.Add(
                $"{folder} is not a folder; the files of {task.Name} were expected in it."
            );
            problems.ThrowIfAny();
        }

        return task.IsShipped
            ? ShippedTasks.Load(task, folder, problems)
            : Glue.Load(task, folder!, problems);
    }

    // SST-2 and sst2, STS-B and stsb are one.
    static string Plain(string name) =>
        name.ToLowerInvariant()
            .Replace("-", "", StringComparison.Ordinal)
            .Replace("_", "", StringComparison.Ordinal);
}
