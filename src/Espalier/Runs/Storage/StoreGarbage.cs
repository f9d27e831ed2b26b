using Espalier.Checkpoints;
using Espalier.Runs.Studies;

namespace Espalier.Runs.Storage;

/// <param name="Files">What goes away, relative to the store, in order.</param>
public sealed record Garbage(IReadOnlyList<string> Files, long Bytes);

/// <summary>What nobody needs in a store. Where anything speaks against knowing that, nothing is removed.</summary>
public static class StoreGarbage
{
    /// <summary>The stages that the studies ask for, if nothing speaks against believing them.</summary>
    /// <exception cref="InvalidDataException">
    /// A record cannot be read or names what is not there, or an action cannot be read: then nothing tells what is garbage.
    /// </exception>
    public static IReadOnlySet<string> Wanted(Store store)
    {
        HashSet<string> wanted = [];
        if (!Directory.Exists(store.StudiesFolder) && store.Keys().Count > 0)
        {
            throw new InvalidDataException(
                $"{store.StudiesFolder} is missing, so nothing tells what is garbage and nothing was removed; run the studies again, which write their records, or remove the store."
            );
        }

        foreach (string file in StudyRecord.Files(store))
        {
            StudyRecord record;
            try
            {
                record = StudyRecord.Read(file);
            }
            catch (InvalidDataException e)
            {
                throw new InvalidDataException(
                    $"{StoreCare.Unreadable(e)} Nothing was removed.",
                    e
                );
            }

            if (record.Missing(store).ToArray() is { Length: > 0 } missing)
            {
                throw new InvalidDataException(
                    $"{StoreCare.Lacks(record, missing)} Nothing was removed."
                );
            }

            wanted.UnionWith(record.Keys);
        }

        return wanted;
    }

    /// <summary>
    /// What no study of the store reaches: actions of recipes that have changed, failures (so that they are tried
    /// again), blobs without an action, half-written files, and trainings of finished stages.
    /// </summary>
    /// <param name="wanted">Keys of the stages that the studies ask for.</param>
    public static Garbage Unreachable(Store store, IReadOnlySet<string> wanted)
    {
        List<string> files = [];
        HashSet<string> blobs = [];
        HashSet<string> kept = [];
        foreach (string key in store.Keys())
        {
            var (action, reached) = Judge(store, key, wanted);
            if (reached)
            {
                kept.Add(key);
                blobs.UnionWith(action.Files.Select(f => f.Sha256));
            }
            else
            {
                files.Add(store.ActionFile(key));
            }
        }

        files.AddRange(store.Blobs.All().Where(b => !blobs.Contains(b)).Select(store.Blobs.PathOf));
        if (Directory.Exists(store.TemporaryFolder))
        {
            files.AddRange(
                Directory.EnumerateFiles(store.TemporaryFolder, "*", SearchOption.AllDirectories)
            );
        }

        files.AddRange(
            Below(store.UnfinishedFolder, name => kept.Contains(name) || !wanted.Contains(name))
        );
        files.AddRange(Diaries(store, wanted));
        files.AddRange(Below(store.ModelsFolder, name => !kept.Any(k => name.EndsWith(k[..12]))));
        files.AddRange(UnusedPlans(store, wanted));
        files.AddRange(
            Directory
                .EnumerateFiles(store.Folder, ".espalier-*", SearchOption.AllDirectories)
                .Where(f => !f.StartsWith(store.TemporaryFolder, StringComparison.Ordinal))
        );
        string[] found = [.. files.Distinct().Order(StringComparer.Ordinal)];
        return new Garbage(
            [.. found.Select(f => Path.GetRelativePath(store.Folder, f))],
            found.Sum(f => new FileInfo(f) is { LinkTarget: null } file ? file.Length : 0)
        );
    }

    /// <summary>Notes of stages that no study asks for, and of studies without a record.</summary>
    static IEnumerable<string> Diaries(Store store, IReadOnlySet<string> wanted)
    {
        HashSet<string?> records = [.. StudyRecord.Files(store).Select(Path.GetFileName)];
        return Directory.Exists(store.DiaryFolder)
            ? Directory
                .EnumerateFiles(store.DiaryFolder, "*.json")
                .Where(f =>
                    !wanted.Contains(Path.GetFileNameWithoutExtension(f))
                    && !records.Contains(Path.GetFileName(f))
                )
            : [];
    }

    /// <summary>Studies written for other machines of which no stage is wanted any more, and files that only they named.</summary>
    static IEnumerable<string> UnusedPlans(Store store, IReadOnlySet<string> wanted)
    {
        ILookup<bool, WrittenStudy> plans = WrittenStudy
            .All(store)
            .ToLookup(p => p.Graph.Items.Any(i => wanted.Contains(i.Key)));
        IReadOnlySet<string> inputs = WrittenStudy.InputsOf(plans[true]);
        return plans[false]
            .Select(p => p.File)
            .Concat(Below(WrittenStudy.InputsFolder(store), name => !inputs.Contains(name)));
    }

    /// <summary>The action of a key, and whether a study asks for it; then its blobs must be there too.</summary>
    static (StoredAction Action, bool Reached) Judge(
        Store store,
        string key,
        IReadOnlySet<string> wanted
    )
    {
        string path = store.ActionFile(key);
        try
        {
            StoredAction action = StoredAction.Read(path);
            bool reached = action switch
            {
                _ when action.Key != key => throw new InvalidDataException(
                    $"{path} is the action of another key, {action.Key}."
                ),
                { Kind: ActionKind.Stage } => wanted.Contains(key),
                { Kind: ActionKind.Measurements } => action.Inputs.All(wanted.Contains),
                _ => false,
            };
            return reached && action.Files.FirstOrDefault(f => !store.Blobs.Has(f)) is { } file
                ? throw new InvalidDataException(
                    $"{path} lists {file.Name}, and its blob {file.Sha256} is missing or has another size."
                )
                : (action, reached);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException(
                $"{e.Message} Run its study again, or remove the file if the study is not wanted any more; nothing was removed.",
                e
            );
        }
    }

    /// <exception cref="InvalidDataException">Another process uses the store, or what is garbage cannot be told.</exception>
    public static void Remove(Store store, Func<Garbage> find, Action<Garbage> removed)
    {
        using IDisposable alone =
            FileLock.Try(store.UseLock)
            ?? throw new InvalidDataException(
                $"{store.Folder} is in use by another process; collect its garbage when that has ended."
            );
        if (Lease.All(store).FirstOrDefault() is { Key: { } busy, Value: var owner })
        {
            throw new InvalidDataException(
                $"{store.Folder} is in use ({owner} works on {busy[..12]}); collect its garbage when that has ended."
            );
        }

        Garbage garbage = find();

        // Actions first: a blob that is missing makes its action count as not done, but why show it.
        foreach (string file in garbage.Files.OrderBy(f => !f.StartsWith("actions")))
        {
            string path = Path.Combine(store.Folder, file);
            File.Delete(path);
            string folder = Path.GetDirectoryName(path)!;
            if (!Directory.EnumerateFileSystemEntries(folder).Any())
            {
                Directory.Delete(folder);
            }
        }

        // Whoever left something here was killed, and nobody holds a lock: we are alone.
        store.Clean();
        if (Directory.Exists(store.LocksFolder))
        {
            foreach (
                string file in Directory
                    .EnumerateFiles(store.LocksFolder)
                    .Where(f => f != store.UseLock)
                    .ToArray()
            )
            {
                File.Delete(file);
            }
        }

        removed(garbage);
    }

    static IEnumerable<string> Below(string folder, Func<string, bool> goes) =>
        Directory.Exists(folder)
            ? Directory
                .EnumerateDirectories(folder)
                .Where(d => goes(Path.GetFileName(d)))
                .SelectMany(d => Directory.EnumerateFiles(d, "*", SearchOption.AllDirectories))
            : [];
}
