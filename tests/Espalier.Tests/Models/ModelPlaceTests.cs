using Espalier.Hub;
using Espalier.Models.Storage;
using Espalier.Tests.Cli;

namespace Espalier.Tests.Models;

public sealed class ModelPlaceTests : IDisposable
{
    const string Id = "some-owner/some.model";

    readonly ToyModels _toys = new();
    readonly HubCacheFolder _cache = new();

    public void Dispose()
    {
        _toys.Dispose();
        _cache.Dispose();
    }

    [Fact]
    public void A_model_of_the_hub_is_found_in_the_cache_of_this_machine()
    {
        string snapshot = _cache.Add(Id, _toys.Bert());
        Assert.Equal(snapshot, Find(Id));
        Assert.Equal(3, ModelFolder.Load(snapshot).Model.Config.Layers.Count);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("main", true)]
    [InlineData("v1.0", true)]
    [InlineData("refs/pr/1", true)]
    [InlineData(HubCacheFolder.Commit, true)]
    [InlineData("0123456", true)]
    [InlineData("0123", false)]
    [InlineData("v2.0", false)]
    public void A_revision_is_a_branch_a_tag_or_a_commit(string? revision, bool there)
    {
        _cache.Add(Id, _toys.Bert());
        foreach (string reference in (string[])["v1.0", "refs/pr/1"])
        {
            string path = Path.Combine(_cache.Repository(Id), "refs", reference);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, HubCacheFolder.Commit + "\n");
        }

        string name = revision is null ? Id : $"{Id}@{revision}";
        if (there)
        {
            Assert.Equal(_cache.Snapshot(Id), Find(name));
        }
        else
        {
            Refused(name, "main", "not this one", $"hf download {Id} --revision {revision}");
        }
    }

    [Theory]
    [InlineData("HF_HUB_CACHE", "hub")]
    [InlineData("HUGGINGFACE_HUB_CACHE", "hub")]
    [InlineData("HF_HOME", "")]
    [InlineData("XDG_CACHE_HOME", null)]
    [InlineData("HOME", null)]
    public void The_cache_lies_where_its_own_tools_put_it(string variable, string? below)
    {
        string root = _toys["somewhere"],
            value = below == "hub" ? _cache.Root : root;
        string snapshot = _cache.Add(Id, _toys.Bert());
        if (below != "hub")
        {
            string hub = Path.Combine(
                root,
                variable switch
                {
                    "HF_HOME" => "",
                    "XDG_CACHE_HOME" => "huggingface",
                    _ => ".cache/huggingface",
                },
                "hub"
            );
            Directory.CreateDirectory(Path.GetDirectoryName(hub)!);
            Directory.Move(_cache.Root, hub);
            snapshot = snapshot.Replace(_cache.Root, hub);
        }

        Assert.Equal(
            Path.GetFullPath(snapshot),
            Path.GetFullPath(
                ModelPlace.Find(
                    Id,
                    new HubClient(name =>
                        name == variable ? value
                        : name == "HF_HUB_OFFLINE" ? "1"
                        : null
                    )
                )
            )
        );
    }

    [Fact]
    public void A_folder_of_that_name_wins_over_the_cache()
    {
        _cache.Add(Id, _toys.Bert("cached"));
        string owner = _toys[Id.Split('/')[0]];
        Directory.CreateDirectory(owner);
        string folder = _toys.Bert(Id);
        Assert.Equal(
            folder,
            ModelPlace.Find(
                Id,
                new HubClient(_cache.Environment),
                root: Path.GetDirectoryName(owner)
            )
        );
    }

    [Fact]
    public void A_stage_of_a_run_may_be_named_without_its_key()
    {
        Directory.CreateDirectory(_toys["run"]);
        string folder = _toys.Bert("run/6-DEPLQ-0e3f21aa9c04"),
            named = _toys["run/6-DEPLQ"];
        HubClient hub = new(_cache.Environment);
        Assert.Equal(folder, ModelPlace.Find(named, hub));
        Assert.False(ModelPlace.WouldAsk(named, hub));
        Assert.Throws<InvalidDataException>(() => ModelPlace.Find(_toys["run/6-DEPL"], hub));
        _toys.Bert("run/6-DEPLQ-77b0c1d2e3f4");
        string two = Assert.Throws<InvalidDataException>(() => ModelPlace.Find(named, hub)).Message;
        Assert.Contains("6-DEPLQ-0e3f21aa9c04 and 6-DEPLQ-77b0c1d2e3f4", two);
    }

    [Fact]
    public void What_is_not_there_looks_like_an_id_and_is_told_how_to_be_got() =>
        Refused(
            Id,
            "looks like a model of the Hugging Face hub",
            $"'hf download {Id}'",
            "same name"
        );

    [Theory]
    [InlineData("/nowhere/at/all")]
    [InlineData("../nowhere")]
    [InlineData("a/b/c")]
    [InlineData("a b/c")]
    [InlineData("")]
    [InlineData("owner/name@../../x")]
    public void What_is_no_id_is_a_missing_folder(string name) =>
        Refused(name, "there is no such folder", "owner/name");

    [Theory]
    [InlineData("a link that leads nowhere", "model.safetensors")]
    [InlineData("no config", "config.json")]
    [InlineData("weights still being fetched", "model.safetensors")]
    public void A_download_that_was_not_finished_is_told(string how, string missing)
    {
        string snapshot = _cache.Add(Id, _toys.Bert()),
            link = Path.Combine(snapshot, missing),
            blob = Path.GetFullPath(Path.Combine(snapshot, new FileInfo(link).LinkTarget!));
        switch (how)
        {
            case "a link that leads nowhere":
                File.Delete(blob);
                break;
            case "no config":
                File.Delete(link);
                break;
            default:
                File.Move(blob, blob + ".incomplete");
                File.Delete(link);
                break;
        }

        Refused(Id, "was not finished", $"'{missing}'", $"run 'hf download {Id}' again");
    }

    [Fact]
    public void Without_a_branch_the_only_snapshot_is_meant_and_of_two_none()
    {
        string first = _cache.Add(Id, _toys.Bert(), reference: null);
        Assert.Equal(first, Find(Id));
        Assert.Equal(first, Find(_cache.Repository(Id)));
        _cache.Add(Id, _toys["bert"], reference: null, commit: new string('f', 40));
        Refused(Id, HubCacheFolder.Commit, new string('f', 40));
    }

    [Fact]
    public void A_branch_that_leads_out_of_the_cache_is_refused()
    {
        _cache.Add(Id, _toys.Bert());
        File.WriteAllText(Path.Combine(_cache.Repository(Id), "refs", "main"), "../../../bert");
        Refused(Id, "refs", "the name of a commit was expected");
    }

    [Fact]
    public void Commands_take_the_id_wherever_a_model_is_asked_for()
    {
        _cache.Add(Id, _toys.Named("a", "b", "c"));
        Dictionary<string, string> environment = new() { ["HF_HUB_CACHE"] = _cache.Root };
        byte[] text = "good\n"u8.ToArray();
        foreach (
            string[] command in (string[][])
                [
                    ["inspect", Id],
                    ["predict", "-m", Id],
                    ["tokenize", "-m", $"{Id}@main"],
                    ["bench", "-m", Id, "--shapes", "1x4", "--precision", "fp32"],
                ]
        )
        {
            CommandLine.Run(command, text, environment).Succeeds();
        }

        foreach (
            string[] command in (string[][])
                [
                    ["predict"],
                    ["evaluate"],
                    ["tokenize"],
                    ["bench"],
                    ["run", "O"],
                ]
        )
        {
            CommandLine
                .Run([.. command, "-m", "no-such/model"], text, environment)
                .Refuses(Espalier.Cli.ExitCode.Refused, "--model no-such/model", "hf download");
        }
    }

    [Fact]
    public void The_size_of_a_snapshot_is_that_of_the_files_and_not_of_the_links()
    {
        string plain = _toys.Bert(),
            snapshot = _cache.Add(Id, plain);
        Assert.Equal(
            new DirectoryInfo(plain).EnumerateFiles().Sum(f => f.Length),
            new DirectoryInfo(snapshot).EnumerateFiles().Sum(ModelFolder.BytesOf)
        );
    }

    string Find(string name) => ModelPlace.Find(name, new HubClient(_cache.Environment));

    void Refused(string name, params string[] words)
    {
        string sentence = Assert.Throws<InvalidDataException>(() => Find(name)).Message;
        Assert.All(words, word => Assert.Contains(word, sentence));
        Assert.DoesNotContain('\n', sentence);
    }
}
