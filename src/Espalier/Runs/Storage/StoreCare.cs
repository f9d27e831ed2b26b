using Espalier.Checkpoints;

namespace Espalier.Runs.Storage;

/// <param name="Files">What goes away, relative to the store, in order.</param>
public sealed record Garbage(IReadOnlyList<string> Files, long Bytes);

/// <summary>Looking after a store: what is damaged in it, and what nobody needs.</summary>
public static class StoreCare
{
    /// <summary>Reads every byte; one sentence for each thing that is not as it should be.</summary>
    public static IReadOnlyList<string> Verify(
        Store store,
        Action<double>? report,
        CancellationToken stop
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
            string path = store.Blobs.PathOf(blobs[i]),
                found = ContentHash.OfFile(path);
            if (found != blobs[i])
            {
                problems.Add(
                    $"{path} is damaged: its content has the SHA-256 {found}; remove it, and what needs it is made again."
                );
            }
        }

        foreach (string key in keys)
        {
            problems.AddRange(ProblemsOf(store, key));
        }

        return problems;
    }

    static IEnumerable<string> ProblemsOf(Store store, string key)
    {
        string path = store.ActionFile(key);
        StoredAction action;
        try
        {
            action = StoredAction.Read(path);
        }
        catch (InvalidDataException e)
        {
            return [$"{e.Message} Remove the file, and what it stands for is made again."];
        }

        return action.Key != key
            ? [$"{path} is the action of another key, {action.Key}; remove it."]
            : action
                .Files.Where(f => !store.Blobs.Has(f))
                .Select(f =>
                    $"{path} lists {f.Name}, and its blob {f.Sha256} is missing or has another size than {f.Bytes:N0} bytes; "
                    + "it counts as not done and is made again."
                );
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
            StoredAction? action = store.TryRead(new StageKey(key));
            bool reached = action switch
            {
                { Kind: ActionKind.Stage } => wanted.Contains(key),
                { Kind: ActionKind.Measurements } => action.Inputs.All(wanted.Contains),
                _ => false,
            };
            if (reached)
            {
                kept.Add(key);
                blobs.UnionWith(action!.Files.Select(f => f.Sha256));
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
        files.AddRange(Below(store.ModelsFolder, name => !kept.Any(k => name.EndsWith(k[..12]))));
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

    /// <exception cref="InvalidDataException">Another process uses the store.</exception>
    public static void Remove(Store store, Func<Garbage> find, Action<Garbage> removed)
    {
        using IDisposable alone =
            FileLock.Try(store.UseLock)
            ?? throw new InvalidDataException(
                $"{store.Folder} is in use by another process; collect its garbage when that has ended."
            );
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

        // Whoever made a folder here and did not take it away was killed: we are alone.
        if (Directory.Exists(store.TemporaryFolder))
        {
            Directory.Delete(store.TemporaryFolder, recursive: true);
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
