using System.Text.RegularExpressions;
using Espalier.Checkpoints;

namespace Espalier.Models.Storage;

/// <summary>
/// What Hugging Face's tools downloaded on this machine: <c>models--owner--name</c> with <c>refs</c> (a commit for each
/// revision), <c>snapshots</c> (a folder for each commit) and <c>blobs</c> (the files, which snapshots link to). It is
/// only read; nothing is downloaded.
/// </summary>
/// <param name="Root">Need not exist.</param>
sealed partial record HubCache(string Root)
{
    const int ShortestCommit = 7;
    const int MostRevisionsShown = 5;

    /// <summary>As huggingface_hub finds it.</summary>
    public static HubCache Of(Func<string, string?> environment)
    {
        string? Given(string name) =>
            environment(name) is { Length: > 0 } value ? Expanded(value, environment) : null;
        string home =
            Given("HF_HOME")
            ?? Path.Combine(
                Given("XDG_CACHE_HOME") ?? Path.Combine(UserFolder(environment), ".cache"),
                "huggingface"
            );
        return new HubCache(
            Given("HF_HUB_CACHE") ?? Given("HUGGINGFACE_HUB_CACHE") ?? Path.Combine(home, "hub")
        );
    }

    /// <summary>The snapshot of a revision.</summary>
    /// <exception cref="InvalidDataException">It is not there, or its download was not finished.</exception>
    public string Find(HubId id)
    {
        string repository = Path.Combine(Root, id.Folder);
        if (!Directory.Exists(repository))
        {
            throw new InvalidDataException(
                // runs/name is as good an id as any; where runs is a folder, it is meant as one.
                id.Owner
                    is null
                || Directory.Exists(id.Owner)
                    ? $"{id}: there is no such folder, and no such model in the Hugging Face cache ({Root}); name a model's folder, or a model of the hub as owner/name."
                    : $"{id}: there is no such folder. It looks like a model of the Hugging Face hub, and it is not in the cache of this machine ({Root}); get it with '{id.Download}', then give the same name."
            );
        }

        string snapshot =
            Snapshot(repository, id.Revision)
            ?? throw new InvalidDataException(
                $"{id}: the Hugging Face cache has {Revisions(repository)} of {id.Repository} and not this one ({repository}); get it with '{id.Download}', then give the same name."
            );
        CheckWhole(repository, snapshot, id.ToString(), id.Download);
        return snapshot;
    }

    /// <summary>The snapshot where the folder is one of the cache's own, <c>models--owner--name</c>; null: it is another.</summary>
    public static string? SnapshotIn(string folder)
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        if (
            !name.StartsWith("models--", StringComparison.Ordinal)
            || !Directory.Exists(Path.Combine(folder, "snapshots"))
            || File.Exists(Path.Combine(folder, ModelFolder.ConfigName))
        )
        {
            return null;
        }

        string download =
                $"hf download {name["models--".Length..].Replace("--", "/", StringComparison.Ordinal)}",
            snapshot =
                Snapshot(folder, null)
                ?? throw new InvalidDataException(
                    $"{folder} is a folder of the Hugging Face cache with {Revisions(folder)}; name one of its snapshots, or run '{download}'."
                );
        CheckWhole(folder, snapshot, folder, download);
        return snapshot;
    }

    /// <summary>By branch or tag, by commit or its beginning; main is the only snapshot where no branch says otherwise.</summary>
    static string? Snapshot(string repository, string? revision)
    {
        string snapshots = Path.Combine(repository, "snapshots"),
            reference = Path.Combine(repository, "refs", revision ?? "main");
        if (File.Exists(reference))
        {
            string commit = System
                .Text.Encoding.UTF8.GetString(
                    RegularFile.ReadAll(reference, "a commit's name", most: 1000)
                )
                .Trim();
            if (!Commit().IsMatch(commit))
            {
                throw new InvalidDataException(
                    $"{reference}: holds '{Printable.Escape(commit)}'; the name of a commit was expected, so download the model again."
                );
            }

            string there = Path.Combine(snapshots, commit);
            return Directory.Exists(there) ? there : null;
        }

        string[] all = Folders(snapshots);
        string[] fit =
            revision is null ? all
            : revision.Length >= ShortestCommit
                ?
                [
                    .. all.Where(f =>
                        Path.GetFileName(f).StartsWith(revision, StringComparison.Ordinal)
                    ),
                ]
            : [];
        return fit.Length == 1 ? fit[0] : null;
    }

    /// <summary>Every link leads to a file, and the files of a model are there.</summary>
    static void CheckWhole(string repository, string snapshot, string name, string download)
    {
        string? missing =
            new DirectoryInfo(snapshot)
                .EnumerateFiles("*", SearchOption.AllDirectories)
                .Where(f => f.ResolveLinkTarget(returnFinalTarget: true) is { Exists: false })
                .Select(f => Path.GetRelativePath(snapshot, f.FullName))
                .Order(StringComparer.Ordinal)
                .FirstOrDefault()
            ?? (
                !File.Exists(Path.Combine(snapshot, ModelFolder.ConfigName))
                && File.Exists(Path.Combine(snapshot, WeightFiles.SingleName))
                    ? ModelFolder.ConfigName
                    : null
            );
        string blobs = Path.Combine(repository, "blobs");
        bool running =
            Directory.Exists(blobs) && Directory.EnumerateFiles(blobs, "*.incomplete").Any();
        bool hasWeights = Directory
            .EnumerateFiles(snapshot)
            .Any(f =>
                f.EndsWith(".safetensors", StringComparison.Ordinal)
                || f.EndsWith(".safetensors.index.json", StringComparison.Ordinal)
            );
        if (missing is null && running && !hasWeights)
        {
            missing = WeightFiles.SingleName;
        }

        if (missing is not null)
        {
            throw new InvalidDataException(
                $"{name}: its download into the Hugging Face cache was not finished ('{Printable.Escape(missing)}' is missing in {snapshot}); "
                    + $"run '{download}' again."
            );
        }
    }

    static string Revisions(string repository)
    {
        string references = Path.Combine(repository, "refs");
        string[] names =
        [
            .. Directory.Exists(references)
                ? Directory
                    .EnumerateFiles(references, "*", SearchOption.AllDirectories)
                    .Select(f => Path.GetRelativePath(references, f))
                : [],
            .. Folders(Path.Combine(repository, "snapshots")).Select(f => Path.GetFileName(f)),
        ];
        return names.Length == 0
            ? "no revision"
            : string.Join(
                ", ",
                names
                    .Order(StringComparer.Ordinal)
                    .Take(MostRevisionsShown)
                    .Select(Printable.Escape)
            ) + (names.Length > MostRevisionsShown ? " and others" : "");
    }

    static string[] Folders(string path) =>
        Directory.Exists(path)
            ? [.. Directory.EnumerateDirectories(path).Order(StringComparer.Ordinal)]
            : [];

    static string Expanded(string path, Func<string, string?> environment) =>
        path == "~" || path.StartsWith("~/", StringComparison.Ordinal)
            ? UserFolder(environment) + path[1..]
            : path;

    static string UserFolder(Func<string, string?> environment) =>
        environment("HOME") is { Length: > 0 } home
            ? home
            : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    [GeneratedRegex("^[0-9a-f]{7,64}$")]
    private static partial Regex Commit();
}
