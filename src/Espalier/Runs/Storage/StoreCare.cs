using Espalier.Checkpoints;
using Espalier.Runs.Studies;
using Espalier.Training;

namespace Espalier.Runs.Storage;

/// <summary>Looking after a store: what is damaged in it. What nobody needs is <see cref="StoreGarbage"/>.</summary>
public static class StoreCare
{
    /// <summary>Reads every byte; one sentence for each thing that is not as it should be.</summary>
    /// <param name="remark">Is told what cannot be proven whole, and need not be damaged.</param>
    public static IReadOnlyList<string> Verify(
        Store store,
        Action<double>? report,
        CancellationToken stop,
        Action<string>? remark = null
    )
    {
        List<string> problems = [];
        IReadOnlyList<string> blobs = store.Blobs.All(),
            keys = store.Keys();
        double all = Math.Max(1, blobs.Count + keys.Count);
        for (int i = 0; i < blobs.Count; i++)
        {
            stop.ThrowIfCancellationRequested();
            report?.Invoke(i / all);
            problems.AddRange(ProblemOfBlob(store.Blobs.PathOf(blobs[i]), blobs[i]));
        }

        foreach (string key in keys)
        {
            var (action, problem) = store.Look(new StageKey(key));
            problems.AddRange(action is null ? [problem!] : ProblemsOfLinks(store, action));
        }

        foreach (string file in StudyRecord.Files(store))
        {
            problems.AddRange(ProblemsOfRecord(store, file, remark));
        }

        foreach (string file in WrittenStudy.Files(store))
        {
            problems.AddRange(ProblemOfPlan(file));
        }

        foreach (string file in Trainings(store))
        {
            stop.ThrowIfCancellationRequested();
            problems.AddRange(ProblemOfTraining(file, remark));
        }

        return problems;
    }

    /// <summary>Files of studies that ask for stages.</summary>
    public static IReadOnlyList<string> Records(Store store) => [.. StudyRecord.Files(store)];

    /// <summary>Trainings that were interrupted.</summary>
    public static IReadOnlyList<string> Trainings(Store store) =>
        Directory.Exists(store.UnfinishedFolder)
            ?
            [
                .. Directory
                    .EnumerateDirectories(store.UnfinishedFolder)
                    .SelectMany(d =>
                        Directory.EnumerateFileSystemEntries(d, CheckpointPlace.Pattern)
                    )
                    .Order(StringComparer.Ordinal),
            ]
            : [];

    static IEnumerable<string> ProblemOfPlan(string file)
    {
        try
        {
            WrittenStudy.Read(file);
            return [];
        }
        catch (InvalidDataException e)
        {
            return
            [
                $"{e.Message} Submit its study again, which writes it anew, or remove the file if no other machine is to work on it.",
            ];
        }
    }

    static IEnumerable<string> ProblemOfBlob(string path, string hash)
    {
        try
        {
            string found = ContentHash.OfFile(path);
            return found == hash
                ? []
                :
                [
                    $"{path} is damaged: its content has the SHA-256 {found}; remove it, and what needs it is made again.",
                ];
        }
        catch (InvalidDataException e)
        {
            return [$"{e.Message} Remove it, and what needs it is made again."];
        }
    }

    static IEnumerable<string> ProblemsOfLinks(Store store, StoredAction action)
    {
        string folder = Path.Combine(store.ModelsFolder, Store.ModelName(action));
        return Directory.Exists(folder)
            ? action
                .Files.Select(f => (Place: Path.Combine(folder, f.Name), File: f))
                .Where(l => IsThere(l.Place) && !store.IsLinked(l.Place, l.File))
                .Select(l =>
                    $"{l.Place} is not the file of {action.Pipeline} of {action.Task}, seed {action.Seed}; remove it, and the next study links it again."
                )
            : [];
    }

    /// <summary>Also a link that leads nowhere.</summary>
    static bool IsThere(string path) =>
        Path.Exists(path) || new FileInfo(path).LinkTarget is not null;

    static IEnumerable<string> ProblemsOfRecord(Store store, string file, Action<string>? remark)
    {
        try
        {
            StudyRecord record = StudyRecord.Read(file);
            string[] missing = [.. record.Missing(store)];
            if (missing.Length > 0)
            {
                return [Lacks(record, missing)];
            }

            if (!record.HasHash)
            {
                remark?.Invoke(
                    $"{file} carries no hash (an older Espalier wrote it); all that it names is there, and running its study again gives it one."
                );
            }

            return [];
        }
        catch (InvalidDataException e)
        {
            return [Unreadable(e)];
        }
    }

    static IEnumerable<string> ProblemOfTraining(string file, Action<string>? remark)
    {
        try
        {
            string? problem = CheckpointPlace.Problem(file);
            if (problem is null || TensorSeal.Holds(file) is not null)
            {
                return problem is null
                    ? []
                    : [$"{problem} The next study starts that training over."];
            }

            remark?.Invoke($"{problem} The next study starts that training over.");
            return [];
        }
        catch (InvalidDataException e)
        {
            return File.Exists(file)
                ? [$"{e.Message} The next study starts that training over."]
                : []; // it was finished meanwhile
        }
    }

    internal static string Unreadable(InvalidDataException e) =>
        $"{e.Message} Run its study again, which writes the record anew, or remove the file if the study is not wanted any more.";

    internal static string Lacks(StudyRecord record, string[] missing) =>
        record.HasHash
            ? $"{record.File} says of {missing[0]}{Others(missing)} that the stage was finished, and it is not there or damaged; run its study again, which makes it again."
            : $"{record.File} carries no hash (an older Espalier wrote it) and names {missing[0]}{Others(missing)}, which is not there, so it may be damaged; run its study again, which writes it anew.";

    static string Others(string[] missing) =>
        missing.Length > 1 ? $" and {missing.Length - 1} more" : "";
}
