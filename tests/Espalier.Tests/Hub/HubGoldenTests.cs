using System.Text;
using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Hub;
using Espalier.Tests.Goldens;

namespace Espalier.Tests.Hub;

/// <summary>The cache beside that of huggingface_hub; tools/goldens/hub_cache.py has both answers from it.</summary>
[Trait("tier", "golden")]
public sealed class HubGoldenTests : IAsyncLifetime
{
    const string Parquet = "mrpc/train-00000-of-00001.parquet";

    HubPlace _place = null!;

    public async ValueTask InitializeAsync()
    {
        _place = await HubPlace.Make();
        FakeRepository model = _place.Model,
            data = _place.Hub.Repositories["datasets/some-owner/some-data"] = new();
        model.Files.Clear();
        model.Files["config.json"] = "{\"model_type\": \"bert\"}\n"u8.ToArray();
        model.Files["model.safetensors"] = [.. Enumerable.Range(0, 1024).Select(i => (byte)i)];
        model.Files["onnx/deep/notes.txt"] = [];
        model.Revisions.Add("v1.0");
        data.Files[Parquet] = "PAR1 and so on PAR1"u8.ToArray();
        data.Revisions.Add("refs/pr/1");
    }

    public ValueTask DisposeAsync() => _place.DisposeAsync();

    /// <summary>What the script has hf_hub_download fetch.</summary>
    void Fetch()
    {
        HubClient hub = _place.Client();
        Fetch(HubPlace.Id, [.. _place.Model.Files.Keys, "tokenizer.json"]);
        Fetch($"{HubPlace.Id}@v1.0", "config.json");
        Fetch($"{HubPlace.Id}@{FakeRepository.Commit}", "config.json");
        Fetch("hf://datasets/some-owner/some-data@refs/pr/1", Parquet);

        void Fetch(string name, params string[] files) =>
            hub.Fetch(hub.List(HubId.TryParse(name)!), files);
    }

    [Fact]
    public void The_cache_holds_what_huggingface_hub_puts_there()
    {
        Fetch();
        string[] lines =
        [
            .. new DirectoryInfo(_place.Cache)
                .EnumerateFiles("*", SearchOption.AllDirectories)
                .Select(Line)
                .Order(StringComparer.Ordinal),
        ];
        Assert.Equal(File.ReadAllLines(Golden.Own("hub", "layout.txt")), lines);

        // To be read by the script.
        if (Environment.GetEnvironmentVariable("ESPALIER_HUB_CACHE") is { Length: > 0 } kept)
        {
            Directory.Move(_place.Cache, kept);
        }

        string Line(FileInfo file)
        {
            string path = Path.GetRelativePath(_place.Cache, file.FullName);
            return path == "CACHEDIR.TAG" ? path
                : file.LinkTarget is { } target ? $"{path} -> {target}"
                : $"{path} = {ContentHash.OfFile(file.FullName)}";
        }
    }

    [Fact]
    public void Huggingface_hub_finds_everything_in_the_cache()
    {
        JsonElement read = JsonDocument
            .Parse(File.ReadAllText(Golden.Own("hub", "read.json"), Encoding.UTF8))
            .RootElement;
        Assert.Empty(read.GetProperty("warnings").EnumerateArray());
        JsonElement[] repositories = [.. read.GetProperty("repositories").EnumerateArray()];
        Assert.Equal(
            ["some-owner/some-data", HubPlace.Id],
            repositories.Select(r => r.GetProperty("id").GetString())
        );
        JsonElement revision = repositories[1].GetProperty("revisions").EnumerateArray().Single();
        Assert.Equal(
            ["main", "v1.0"],
            revision.GetProperty("refs").EnumerateArray().Select(r => r.GetString())
        );
        Assert.Equal(
            _place.Model.Files.ToDictionary(f => f.Key, f => FakeRepository.Hash(f.Key, f.Value)),
            revision
                .GetProperty("files")
                .EnumerateObject()
                .ToDictionary(f => f.Name, f => f.Value.GetString()!)
        );
        Assert.Equal(
            "known to be absent",
            read.GetProperty("found").GetProperty("tokenizer.json").GetString()
        );
        Assert.EndsWith("model.safetensors", read.GetProperty("offline").GetString());
        Assert.EndsWith(Parquet, read.GetProperty("of_the_data_set").GetString());
    }
}
