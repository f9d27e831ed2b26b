using System.Text;
using System.Text.RegularExpressions;
using Espalier.Checkpoints;

namespace Espalier.Hub;

/// <summary>
/// What Hugging Face's tools and this one downloaded on this machine, in the layout that they share: <c>models--owner--name</c>
/// with <c>refs</c> (a commit for each revision), <c>snapshots</c> (a folder for each commit) and <c>blobs</c> (the files, which
/// snapshots link to), <c>.no_exist</c> (files that a commit lacks), and <c>.locks</c> beside them (hub-docs, local-cache).
/// </summary>
/// <param name="Root">Need not exist.</param>
sealed partial record HubCache(string Root)
{
    const int ShortestCommit = 7;
    const int MostRevisionsShown = 5;

    // The first line is what programs look for, https://bford.info/cachedir/.
    static readonly byte[] Tag =
        "Signature: 8a477f597d28d172789f06886806bc55\n# Downloads of the Hugging Face hub, which can be made again.\n"u8.ToArray();

    /// <summary>The snapshot of a revision; null: it is not there.</summary>
    /// <exception cref="InvalidDataException">The revision does not lead to a commit.</exception>
    public string? Find(HubId id) => Snapshot(Repository(id), id.Revision);

    /// <summary>The sentence to refuse with where a revision is not there.</summary>
    /// <param name="why">Why the hub is not asked; empty: it is plain.</param>
    /// <param name="root">What a folder's path counts from.</param>
    public string Absent(HubId id, string why, string root = "")
    {
        string repository = Repository(id);
        return Directory.Exists(repository)
                ? $"{id}: the Hugging Face cache has {Revisions(repository)} of {id.Repository} and not this one ({repository}){why}; get it with '{id.Download}', then give the same name."
            // runs/name is as good an id as any; where runs is a folder, it is meant as one.
            : !id.IsUri && (id.Owner is null || Directory.Exists(Path.Combine(root, id.Owner)))
                ? $"{id}: there is no such folder, and no such {id.What} in the Hugging Face cache ({Root}); name a {id.What}'s folder, or a {id.What} of the hub as owner/name."
            : $"{id}: there is no such folder. It looks like a {id.What} of the Hugging Face hub, and it is not in the cache of this machine ({Root}){why}; get it with '{id.Download}', then give the same name.";
    }

    /// <summary>The snapshot where the folder is one of the cache's own, <c>models--owner--name</c>; null: it is another.</summary>
    /// <param name="repository">As the hub calls it.</param>
    public static string? SnapshotIn(string folder, out string repository)
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        bool isOne = name.StartsWith("models--", StringComparison.Ordinal);
        repository = isOne
            ? name["models--".Length..].Replace("--", "/", StringComparison.Ordinal)
            : "";
        return !isOne || !Directory.Exists(Path.Combine(folder, "snapshots"))
            ? null
            : Snapshot(folder, null)
                ?? throw new InvalidDataException(
                    $"{folder} is a folder of the Hugging Face cache with {Revisions(folder)}; name one of its snapshots, or run 'hf download {repository}'."
                );
    }

    /// <summary>A file of a snapshot that links to nothing, by its path in it; null: there is none.</summary>
    public static string? DeadLink(string snapshot) =>
        new DirectoryInfo(snapshot)
            .EnumerateFiles("*", SearchOption.AllDirectories)
            .Where(f => f.ResolveLinkTarget(returnFinalTarget: true) is { Exists: false })
            .Select(f => Path.GetRelativePath(snapshot, f.FullName))
            .Order(StringComparer.Ordinal)
            .FirstOrDefault();

    /// <summary>Whether some file of the snapshot's repository is being downloaded, or was and is not finished.</summary>
    public static bool IsUnfinished(string snapshot)
    {
        string blobs = Path.Combine(snapshot, "..", "..", "blobs");
        return Directory.Exists(blobs) && Directory.EnumerateFiles(blobs, "*.incomplete").Any();
    }

    /// <summary>Where a commit's files are, or will be.</summary>
    public string SnapshotOf(HubId id, string commit) =>
        Path.Combine(Repository(id), "snapshots", commit);

    /// <param name="hash">Git's SHA-1, or SHA-256 where the hub stores large files.</param>
    public string Blob(HubId id, string hash) => Path.Combine(Repository(id), "blobs", hash);

    public string Lock(HubId id, string hash) =>
        Path.Combine(Root, ".locks", id.Folder, $"{hash}.lock");

    /// <summary>Says which commit a revision is, and marks the cache as one; a commit says it itself.</summary>
    public void Remember(HubId id, string commit)
    {
        string tag = Path.Combine(Root, "CACHEDIR.TAG"),
            reference = Path.Combine(Repository(id), "refs", id.RevisionOrMain);
        if (!File.Exists(tag))
        {
            AtomicFile.Write(tag, Tag);
        }

        // No newline behind it: huggingface_hub takes all that stands there.
        if (
            !IsCommit(id.RevisionOrMain)
            && !(File.Exists(reference) && File.ReadAllText(reference) == commit)
        )
        {
            AtomicFile.Write(reference, Encoding.ASCII.GetBytes(commit));
        }
    }

    /// <summary>Says that a commit lacks a file, so that nobody who is offline expects it.</summary>
    public void RememberAbsent(HubId id, string commit, string file)
    {
        string mark = Path.Combine(Repository(id), ".no_exist", commit, file);
        if (!File.Exists(mark))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(mark)!);
            File.WriteAllBytes(mark, []);
        }
    }

    /// <summary>Puts a blob into a snapshot: as a relative link, or as the file itself where there are no links.</summary>
    /// <param name="links">Whether links are wished for.</param>
    public static void Place(string blob, string snapshot, string file, bool links)
    {
        string place = Path.Combine(snapshot, file),
            folder = Path.GetDirectoryName(place)!;
        if (File.Exists(place))
        {
            return;
        }

        Durable.MakeFolders(folder);
        File.Delete(place); // a link whose blob is gone
        if (links && TryLink(place, Path.GetRelativePath(folder, blob)))
        {
            return;
        }

        // As huggingface_hub does where there are no links: no second copy of what nobody else has.
        File.Move(blob, place);
    }

    public static bool IsCommit(string text) => text.Length >= 40 && Commit().IsMatch(text);

    string Repository(HubId id) => Path.Combine(Root, id.Folder);

    static bool TryLink(string place, string target)
    {
        try
        {
            File.CreateSymbolicLink(place, target);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Windows without the right to make links, or a file system without them; or somebody else was faster.
            return File.Exists(place);
        }
    }

    /// <summary>By branch or tag, by commit or its beginning; main is the only snapshot where no branch says otherwise.</summary>
    static string? Snapshot(string repository, string? revision)
    {
        string snapshots = Path.Combine(repository, "snapshots"),
            reference = Path.Combine(repository, "refs", revision ?? "main");
        if (File.Exists(reference))
        {
            string commit = Encoding
                .UTF8.GetString(RegularFile.ReadAll(reference, "a commit's name", most: 1000))
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

    [GeneratedRegex(@"^[0-9a-f]{7,64}\z")]
    private static partial Regex Commit();
}
