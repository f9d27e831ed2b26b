using Espalier.Hub;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.Cli;

namespace Espalier.Tests.Hub;

/// <summary>A hub with one model, an empty cache, and whoever asks.</summary>
sealed class HubPlace : IAsyncDisposable
{
    public const string Id = "some-owner/some.model";

    readonly TemporaryFolder _folder = new();

    HubPlace(FakeHub hub) => Hub = hub;

    public FakeHub Hub { get; }

    public ToyModels Toys { get; } = new();

    public FakeRepository Model { get; private set; } = null!;

    public List<string> Told { get; } = [];

    public Dictionary<string, string> Variables { get; } = [];

    public string Cache => _folder["hub"];

    public string Repository => Path.Combine(Cache, "models--some-owner--some.model");

    public string Snapshot => Path.Combine(Repository, "snapshots", FakeRepository.Commit);

    public string this[string name] => _folder[name];

    public static async Task<HubPlace> Make()
    {
        HubPlace place = new(await FakeHub.Start());
        place.Model = place.Hub.Add(Id, place.Toys.Named("a", "b", "c"));
        place.Model.Files["pytorch_model.bin"] = "code"u8.ToArray();
        place.Model.Files["modeling.py"] = "code"u8.ToArray();
        place.Variables["HF_HUB_CACHE"] = place.Cache;
        place.Variables["HF_ENDPOINT"] = place.Hub.Address;
        place.Variables["HF_TOKEN_PATH"] = place["token"];
        // The usual ten seconds may pass on a busy machine.
        place.Variables["HF_HUB_ETAG_TIMEOUT"] = "120";
        place.Variables["HF_HUB_DOWNLOAD_TIMEOUT"] = "120";
        return place;
    }

    /// <summary>Waits are short, so that what is tried five times takes no time.</summary>
    public HubClient Client() => Stoppable(CancellationToken.None);

    public HubClient Stoppable(
        CancellationToken stop,
        Action<Espalier.Hub.HubProgress>? progress = null
    ) =>
        new(Variables.GetValueOrDefault, progress, Tell, stop)
        {
            Second = TimeSpan.FromMilliseconds(1),
        };

    void Tell(string sentence)
    {
        lock (Told)
        {
            Told.Add(sentence);
        }
    }

    public string Write(string name, string content) => _folder.Write(name, content);

    /// <summary>All that is in the cache but locks: paths, and where links lead.</summary>
    public string[] Layout() =>
        !Directory.Exists(Cache)
            ? []
            :
            [
                .. new DirectoryInfo(Cache)
                    .EnumerateFiles("*", SearchOption.AllDirectories)
                    .Where(f => !f.FullName.Contains("/.locks/"))
                    .Select(f =>
                        Path.GetRelativePath(Cache, f.FullName)
                        + (f.LinkTarget is { } target ? $" -> {target}" : "")
                    )
                    .Order(StringComparer.Ordinal),
            ];

    /// <summary>Of the file, where it is kept.</summary>
    public string Blob(string file) =>
        Path.Combine(Repository, "blobs", FakeRepository.Hash(file, Model.Files[file]));

    public async ValueTask DisposeAsync()
    {
        await Hub.DisposeAsync();
        Toys.Dispose();
        _folder.Dispose();
    }
}
