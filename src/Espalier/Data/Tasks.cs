using Espalier.Data.Corpora;
using Espalier.Hub;

namespace Espalier.Data;

/// <summary>The tasks that are known by name: those shipped with the library, GLUE's, and corpora.</summary>
public static class Tasks
{
    /// <summary>What every command takes where nothing is asked for.</summary>
    public const string Default = "sentiment";

    public static IReadOnlyList<TaskDefinition> All { get; } =
    [
        ShippedTasks.Sentiment,
        ShippedTasks.Banking77,
        .. Glue.All.Select(glue => glue.Definition),
        .. CorpusFiles.All,
    ];

    /// <exception cref="ArgumentException">There is no such task; the sentence has the nearest name.</exception>
    public static TaskDefinition Find(string name)
    {
        return TryFind(name)
            ?? throw new ArgumentException(
                $"There is no task {DataProblems.Quote(name)}; did you mean '{Nearest.Of(Plain(name), All.Select(task => task.Name))}'? The tasks are {string.Join(", ", All.Select(task => task.Name))}; other data is given by its files."
            );
    }

    /// <summary>Null: there is no such task.</summary>
    public static TaskDefinition? TryFind(string name) =>
        All.FirstOrDefault(task => Plain(task.Name) == Plain(name));

    /// <summary>From the task's files in the folder, or where it is null the data that the library ships.</summary>
    /// <param name="folder">Or a data set of the Hugging Face hub that has the task: <c>nyu-mll/glue</c>, <c>Salesforce/wikitext</c>.</param>
    /// <param name="hub">Null: as the process's environment says.</param>
    /// <exception cref="ArgumentException">No such task, or it needs a folder.</exception>
    /// <exception cref="InvalidDataException">The files are refused: one sentence for each problem.</exception>
    /// <exception cref="HubException">The hub cannot be reached or does not let one in.</exception>
    public static TaskData Load(string name, string? folder = null, HubClient? hub = null)
    {
        TaskDefinition task = Find(name);
        if (folder is null && !task.IsShipped)
        {
            throw new ArgumentException(
                $"The data of {task.Name} is not shipped with Espalier ({task.Licence}); give the folder of its files ({string.Join(", ", FilesOf(task))}), or the data set of the hub that has them ({(task.Kind is Corpus ? CorpusFiles.OnHub : Glue.OnHub)})."
            );
        }

        folder = folder is null ? null : FolderOf(task, folder, hub);
        DataProblems problems = new();
        if (folder is not null && !Directory.Exists(folder))
        {
            problems.Add(
                $"{folder} is not a folder; the files of {task.Name} were expected in it."
            );
            problems.ThrowIfAny();
        }

        return task.IsShipped ? ShippedTasks.Load(task, folder, problems)
            : task.Kind is Corpus ? CorpusFiles.In(folder!).Load(task)
            : Glue.Load(task, folder!, problems);
    }

    /// <summary>Where a task's files are on this machine, fetched from the hub where they are not.</summary>
    internal static string FolderOf(TaskDefinition task, string folder, HubClient? hub) =>
        task.IsShipped ? folder
        : task.Kind is Corpus
            ? DataPlace.Folder(folder, CorpusFiles.HubFolder, CorpusFiles.IsPart, hub)
        : DataPlace.Folder(folder, task.Name, f => Glue.IsPart(task.Name, f), hub);

    static IReadOnlyList<string> FilesOf(TaskDefinition task) =>
        task.Kind is Corpus ? CorpusFiles.Names : Glue.FilesOf(task.Name);

    // SST-2 and sst2, STS-B and stsb are one.
    static string Plain(string name) =>
        name.ToLowerInvariant()
            .Replace("-", "", StringComparison.Ordinal)
            .Replace("_", "", StringComparison.Ordinal);
}
