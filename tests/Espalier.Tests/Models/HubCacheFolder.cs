using Espalier.Tests.Checkpoints;

namespace Espalier.Tests.Models;

/// <summary>A Hugging Face cache as its own tools leave it: blobs, snapshots of links to them, refs.</summary>
sealed class HubCacheFolder : IDisposable
{
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";

    readonly TemporaryFolder _folder = new();

    public string Root => _folder["hub"];

    public string Repository(string name) =>
        Path.Combine(Root, "models--" + name.Replace("/", "--"));

    public string Snapshot(string name, string commit = Commit) =>
        Path.Combine(Repository(name), "snapshots", commit);

    /// <summary>Downloads the files of a folder, as it were.</summary>
    /// <returns>The snapshot.</returns>
    public string Add(string name, string from, string? reference = "main", string commit = Commit)
    {
        string snapshot = Snapshot(name, commit),
            blobs = Path.Combine(Repository(name), "blobs");
        Directory.CreateDirectory(snapshot);
        Directory.CreateDirectory(blobs);
        foreach (string file in Directory.EnumerateFiles(from))
        {
            string blob = Espalier.Checkpoints.ContentHash.OfFile(file);
            File.Copy(file, Path.Combine(blobs, blob), overwrite: true);
            File.CreateSymbolicLink(
                Path.Combine(snapshot, Path.GetFileName(file)),
                Path.Combine("..", "..", "blobs", blob)
            );
        }

        if (reference is not null)
        {
            string path = Path.Combine(Repository(name), "refs", reference);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, commit);
        }

        return snapshot;
    }

    public Func<string, string?> Environment =>
        name =>
            name == "HF_HUB_CACHE" ? Root
            : name == "HF_HUB_OFFLINE" ? "1"
            : null;

    public void Dispose() => _folder.Dispose();
}
