using Espalier.Hub;
using Espalier.Models.Storage;
using Espalier.Operators;
using Espalier.Runs.Studies;
using Espalier.Tests.Data;

namespace Espalier.Tests.Hub;

/// <summary>A hub that does as it should.</summary>
public sealed class HubDownloadTests : IAsyncLifetime
{
    HubPlace _place = null!;

    public async ValueTask InitializeAsync() => _place = await HubPlace.Make();

    public ValueTask DisposeAsync() => _place.DisposeAsync();

    string Find(string name = HubPlace.Id, bool forText = false) =>
        ModelPlace.Find(name, _place.Client(), forText: forText);

    [Fact]
    public void A_model_lies_in_the_cache_as_huggingface_hub_puts_it()
    {
        string snapshot = Find();

        Assert.Equal(_place.Snapshot, snapshot);
        Assert.Equal(3, ModelFolder.Load(snapshot).Model.Config.Layers.Count);
        string repository = "models--some-owner--some.model",
            commit = FakeRepository.Commit;
        string[] files = ["config.json", "model.safetensors", "vocab.txt"];
        string[] expected =
        [
            "CACHEDIR.TAG",
            $"{repository}/refs/main",
            .. files.Select(f => $"{repository}/blobs/{Hash(f)}"),
            .. files.Select(f => $"{repository}/snapshots/{commit}/{f} -> ../../blobs/{Hash(f)}"),
        ];
        string absent = $"{repository}/.no_exist/{commit}/";
        Assert.Equal(
            expected.Order(StringComparer.Ordinal),
            _place.Layout().Where(f => !f.StartsWith(absent, StringComparison.Ordinal))
        );
        Assert.Contains(absent + "tokenizer.json", _place.Layout());
        Assert.Equal(commit, File.ReadAllText(Path.Combine(_place.Repository, "refs", "main")));
        Assert.StartsWith(
            "Signature: 8a477f597d28d172789f06886806bc55\n",
            File.ReadAllText(Path.Combine(_place.Cache, "CACHEDIR.TAG"))
        );
        Assert.True(
            File.Exists(
                Path.Combine(_place.Cache, ".locks", repository, Hash("vocab.txt") + ".lock")
            )
        );

        string Hash(string file) => FakeRepository.Hash(file, _place.Model.Files[file]);
    }

    [Fact]
    public void What_the_cache_has_is_taken_from_there_and_nothing_is_asked()
    {
        string snapshot = Find();
        int asked = _place.Hub.Asked.Count;
        Assert.Equal(snapshot, Find());
        Assert.Equal(asked, _place.Hub.Asked.Count);
        Assert.Equal(snapshot, HubModel.Download(HubPlace.Id, _place.Client()));
        Assert.Equal(asked + 1, _place.Hub.Asked.Count);
    }

    [Fact]
    public void Nothing_is_fetched_that_could_run_or_that_nobody_needs()
    {
        _place.Model.Files["onnx/model.onnx"] = [1];
        Find();
        Assert.DoesNotContain(
            _place.Hub.Asked,
            a => a.Path.EndsWith(".bin") || a.Path.EndsWith(".py") || a.Path.EndsWith(".onnx")
        );
    }

    [Fact]
    public void For_texts_alone_no_weights_are_fetched_and_they_are_when_they_are_needed()
    {
        Find(forText: true);
        Assert.Equal(0, _place.Hub.Count("GET", ".safetensors"));
        Find(forText: true);
        Find();
        Assert.Equal(1, _place.Hub.Asked.Count(a => a.IsStorage));
        Assert.Equal(1, _place.Hub.Count("GET", "vocab.txt"));
    }

    [Fact]
    public void Weights_in_several_files_are_those_that_the_index_names()
    {
        byte[] weights = _place.Model.Files["model.safetensors"];
        _place.Model.Files.Remove("model.safetensors");
        _place.Model.Files["model-00001-of-00001.safetensors"] = weights;
        _place.Model.Files["other.safetensors"] = weights;
        using SafetensorsNames names = new(weights);
        _place.Model.Files["model.safetensors.index.json"] = names.Index(
            "model-00001-of-00001.safetensors"
        );

        string snapshot = Find();

        Assert.Equal(3, ModelFolder.Load(snapshot).Model.Config.Layers.Count);
        Assert.Equal(0, _place.Hub.Count("GET", "other.safetensors"));
        File.Delete(Path.Combine(snapshot, "model-00001-of-00001.safetensors"));
        Assert.Equal(snapshot, Find());
        Assert.True(File.Exists(Path.Combine(snapshot, "model-00001-of-00001.safetensors")));
    }

    [Theory]
    [InlineData("v1.0")]
    [InlineData("refs/pr/1")]
    [InlineData(FakeRepository.Commit)]
    public void A_revision_is_remembered_with_its_commit(string revision)
    {
        _place.Model.Revisions.Add(revision);
        Assert.Equal(_place.Snapshot, Find($"{HubPlace.Id}@{revision}"));
        string reference = Path.Combine(_place.Repository, "refs", revision);
        Assert.Equal(revision != FakeRepository.Commit, File.Exists(reference));
    }

    [Fact]
    public void Names_with_hf_in_front_are_taken_too_and_a_name_alone_is_a_folder_before_it_is_that()
    {
        Assert.Equal(_place.Snapshot, Find($"hf://{HubPlace.Id}@main"));
        _place.Hub.Add("gpt2", _place.Toys["named-a-b-c"]);
        Assert.EndsWith(FakeRepository.Commit, Find("hf://gpt2"));
        int asked = _place.Hub.Asked.Count;
        Assert.Contains(
            "there is no such folder",
            Assert.Throws<InvalidDataException>(() => Find("gpt3")).Message
        );
        Assert.Equal(asked, _place.Hub.Asked.Count);
    }

    [Fact]
    public void The_token_is_the_hubs_alone()
    {
        _place.Model.IsPrivate = true;
        _place.Write("token", FakeHub.Token + "\n");
        Find();
        Assert.All(
            _place.Hub.Asked,
            a => Assert.Equal(a.IsStorage ? null : $"Bearer {FakeHub.Token}", a.Authorization)
        );
        Assert.Contains(_place.Hub.Asked, a => a.IsStorage);
    }

    [Theory]
    [InlineData("HF_TOKEN", true)]
    [InlineData("HUGGING_FACE_HUB_TOKEN", true)]
    [InlineData("HF_HUB_DISABLE_IMPLICIT_TOKEN", false)]
    public void A_token_comes_from_where_hf_keeps_it(string variable, bool sent)
    {
        _place.Model.IsPrivate = true;
        _place.Write("token", sent ? "hf_of_somebody_else" : FakeHub.Token);
        _place.Variables[variable] = sent ? FakeHub.Token : "1";
        if (sent)
        {
            Find();
        }
        else
        {
            Assert.Throws<HubException>(() => Find());
        }

        Assert.Equal(
            variable == "HUGGING_FACE_HUB_TOKEN",
            _place.Told.Any(s => s.Contains("old name of HF_TOKEN"))
        );
    }

    [Fact]
    public void Without_links_a_snapshot_holds_the_files_themselves()
    {
        _place.Variables["HF_HUB_DISABLE_SYMLINKS"] = "1";
        string snapshot = Find();
        Assert.All(
            new DirectoryInfo(snapshot).EnumerateFiles(),
            f => Assert.True(f.LinkTarget is null && f.Length > 0, f.FullName)
        );
        Assert.Equal(3, ModelFolder.Load(snapshot).Model.Config.Layers.Count);
        int asked = _place.Hub.Asked.Count;
        Find();
        Assert.Equal(asked, _place.Hub.Asked.Count);
    }

    [Fact]
    public async Task Two_at_once_fetch_each_file_once()
    {
        HubClient[] both = [_place.Client(), _place.Client()];
        string[] found = await Task.WhenAll(
            both.Select(hub =>
                Task.Run(
                    () => ModelPlace.Find(HubPlace.Id, hub),
                    TestContext.Current.CancellationToken
                )
            )
        );
        Assert.All(found, f => Assert.Equal(_place.Snapshot, f));
        Assert.Equal(1, _place.Hub.Count("GET", "vocab.txt"));
        Assert.Equal(1, _place.Hub.Asked.Count(a => a.IsStorage));
    }

    [Theory]
    [InlineData("HF_HUB_OFFLINE")]
    [InlineData("TRANSFORMERS_OFFLINE")]
    public void Offline_nothing_is_asked_and_what_is_there_is_found(string variable)
    {
        _place.Variables[variable] = "yes";
        string sentence = Assert.Throws<InvalidDataException>(() => Find()).Message;
        Assert.Contains("HF_HUB_OFFLINE says not to ask", sentence);
        Assert.Contains("get it with 'hf download some-owner/some.model'", sentence);
        Assert.Empty(_place.Hub.Asked);
        _place.Variables.Remove(variable);
        Find();
        _place.Variables[variable] = "1";
        Assert.Equal(_place.Snapshot, Find());
    }

    [Fact]
    public void An_update_that_breaks_off_leaves_what_was_there_until_it_is_whole()
    {
        // What is there is called an older commit.
        string older = _place.Snapshot.Replace(FakeRepository.Commit, new string('a', 40)),
            reference = Path.Combine(_place.Repository, "refs", "main");
        Directory.Move(Find(), older);
        File.WriteAllText(reference, new string('a', 40));
        byte[] weights = [.. _place.Model.Files["model.safetensors"]],
            wrong = [.. weights];
        weights[^1] ^= 1;
        _place.Model.Files["model.safetensors"] = weights;
        _place.Model.Files["config.json"] = [.. _place.Model.Files["config.json"], (byte)'\n'];
        _place.Hub.Instead(1, r => r.Path.Value!.StartsWith("/blob/"), c => FakeHub.Send(c, wrong));
        Assert.Throws<InvalidDataException>(() => HubModel.Download(HubPlace.Id, _place.Client()));
        Assert.Contains(
            "config.json",
            Directory.GetFiles(_place.Snapshot).Select(Path.GetFileName)
        );
        _place.Variables["HF_HUB_OFFLINE"] = "1";
        Assert.Equal(older, Find());
        _place.Variables.Remove("HF_HUB_OFFLINE");
        Assert.Equal(_place.Snapshot, HubModel.Download(HubPlace.Id, _place.Client()));
        Assert.Equal(FakeRepository.Commit, File.ReadAllText(reference));
        Assert.Equal(_place.Snapshot, Find());
    }

    [Fact]
    public void What_an_option_of_an_operator_names_may_be_on_the_hub()
    {
        HubClient hub = _place.Client();
        Pipeline pipeline = Pipeline
            .Parse($"D(student={HubPlace.Id})")
            .With(input => ModelPlace.OfInput(input, hub));
        Assert.Equal([_place.Snapshot], pipeline.Operators[1].Inputs);
        Assert.Equal("/nowhere/at/all", ModelPlace.OfInput("/nowhere/at/all", hub));
        Assert.Equal("nowhere", ModelPlace.OfInput("nowhere", hub));
    }

    [Fact]
    public void A_recipe_of_a_study_names_models_and_data_of_the_hub()
    {
        foreach (string split in (string[])["train", "validation"])
        {
            ParquetFile.Write(
                _place[$"glue/sst2/{split}-00000-of-00001.parquet"],
                9,
                ("sentence", new[] { "a", "b", "c", "d" }),
                ("label", new long[] { 0, 1, 0, 1 })
            );
        }

        _place.Hub.Add("datasets/nyu-mll/glue", _place["glue"]);
        string recipe = _place.Write(
            "recipe.json",
            $$"""
            {
                "version": 1, "model": "{{HubPlace.Id}}", "pipelines": ["O"], "seeds": [1],
                "tasks": [
                    {"name": "sst2", "data": "nyu-mll/glue"},
                    {
                        "name": "own", "text": "sentence", "label": "label",
                        "train": "hf://datasets/nyu-mll/glue/sst2/train-00000-of-00001.parquet",
                        "test": "glue/sst2/validation-00000-of-00001.parquet"
                    }
                ]
            }
            """
        );
        StudyRecipe read = StudyRecipeFile.Read(recipe, _ => null, _place.Client());
        Assert.Equal(_place.Snapshot, read.ModelFolder);
        Assert.Equal([4, 4], read.Tasks.Select(t => t.Training.Count));
    }

    [Fact]
    public void A_repository_with_weights_of_another_kind_is_refused_before_anything_is_fetched()
    {
        _place.Model.Files.Remove("model.safetensors");
        string sentence = Assert.Throws<InvalidDataException>(() => Find()).Message;
        Assert.Contains("pytorch_model.bin is a PyTorch checkpoint", sentence);
        Assert.Equal(0, _place.Hub.Asked.Count(a => a.Path.Contains("/resolve/")));
        _place.Model.Files.Remove("config.json");
        _place.Model.Files["m.Q4_0.gguf"] = [1];
        Assert.Contains(
            "such as hf://some-owner/some.model/m.Q4_0.gguf",
            Assert.Throws<InvalidDataException>(() => Find()).Message
        );
        Assert.EndsWith("m.Q4_0.gguf", Find($"hf://{HubPlace.Id}/m.Q4_0.gguf"));
    }
}
