using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Hub;
using Espalier.Models.Storage;

namespace Espalier.Tests.Hub;

public sealed class HubPushTests : IAsyncLifetime
{
    const string Name = "some-owner/sent";

    HubPlace _place = null!;
    string _folder = "";

    public async ValueTask InitializeAsync()
    {
        _place = await HubPlace.Make();
        _place.Variables["HF_TOKEN"] = FakeHub.Token;
        _folder = _place.Toys.Bert("sent");
        File.WriteAllText(Path.Combine(_folder, "README.md"), "# card\n");
        File.WriteAllText(Path.Combine(_folder, "secret.env"), "KEY=1");
        File.WriteAllText(Path.Combine(_folder, "train.py"), "");
        Directory.CreateDirectory(Path.Combine(_folder, ".git"));
        File.WriteAllText(Path.Combine(_folder, ".git", "config"), "");
    }

    public ValueTask DisposeAsync() => _place.DisposeAsync();

    FakeRepository Sent => _place.Hub.Repositories[Name];

    string Push(bool isPrivate = true) => HubModel.Push(_folder, Name, _place.Client(), isPrivate);

    [Theory]
    [InlineData(0)]
    [InlineData(10_000)]
    public void A_model_is_sent_whole_and_nothing_beside_it(int partBytes)
    {
        _place.Hub.PartBytes = partBytes;
        Assert.Equal($"{_place.Hub.Address}/commit/{FakeRepository.Commit}", Push());

        string[] names = ["README.md", "config.json", "model.safetensors", "vocab.txt"];
        Assert.Equal(names, Sent.Files.Keys.Order(StringComparer.Ordinal));
        Assert.All(
            names,
            n => Assert.Equal(File.ReadAllBytes(Path.Combine(_folder, n)), Sent.Files[n])
        );
        Assert.True(Sent.IsPrivate);
        JsonElement weights = Sent.Commits.Single(c =>
            c.GetProperty("key").GetString() == "lfsFile"
        );
        Assert.Equal(
            ContentHash.OfFile(Path.Combine(_folder, "model.safetensors")),
            weights.GetProperty("value").GetProperty("oid").GetString()
        );
        Assert.Equal(1, _place.Hub.Count("POST", "/verify"));
        Assert.All(
            _place.Hub.Asked,
            a => Assert.Equal(a.IsStorage ? null : $"Bearer {FakeHub.Token}", a.Authorization)
        );
    }

    [Fact]
    public void What_was_sent_comes_back()
    {
        Push();
        string back = ModelPlace.Find(Name, _place.Client());
        Assert.Equal(
            ContentHash.OfFile(Path.Combine(_folder, "model.safetensors")),
            ContentHash.OfFile(Path.Combine(back, "model.safetensors"))
        );
        ModelFolder.Load(back);
    }

    [Fact]
    public void A_second_time_nothing_large_is_sent_again_and_the_repository_stays_as_it_is()
    {
        Push(isPrivate: false);
        int stored = _place.Hub.Asked.Count(a => a.IsStorage);
        Push();
        Assert.False(Sent.IsPrivate);
        Assert.Equal(stored, _place.Hub.Asked.Count(a => a.IsStorage));
    }

    [Fact]
    public void A_hub_that_is_busy_for_a_while_takes_it_all_the_same()
    {
        _place.Hub.Instead(
            2,
            r => r.Method == "PUT",
            c =>
            {
                c.Response.StatusCode = 503;
                return Task.CompletedTask;
            }
        );
        Push();
        Assert.Contains("model.safetensors", Sent.Files.Keys);
    }

    [Fact]
    public void A_storage_that_got_something_else_keeps_the_commit_from_being_made()
    {
        _place.Hub.Instead(
            1,
            r => r.Method == "PUT",
            c =>
            {
                c.Response.StatusCode = 400;
                return Task.CompletedTask;
            }
        );
        Assert.Throws<HubException>(() => Push());
        Assert.Empty(Sent.Commits);
    }

    [Theory]
    [InlineData("no token", "log in with 'hf auth login'")]
    [InlineData("offline", "HF_HUB_OFFLINE says not to ask")]
    [InlineData("no folder", "there is no such folder")]
    [InlineData("no weights", "holds no weights")]
    [InlineData("no config", "config.json")]
    [InlineData("cut weights", "model.safetensors")]
    [InlineData("no owner", "owner/name was expected")]
    public void What_is_missing_is_told_before_anything_is_sent(string what, string words)
    {
        string folder = _folder,
            name = Name,
            weights = Path.Combine(_folder, "model.safetensors");
        switch (what)
        {
            case "no token":
                _place.Variables.Remove("HF_TOKEN");
                break;
            case "offline":
                _place.Variables["HF_HUB_OFFLINE"] = "1";
                break;
            case "no folder":
                folder = _place["nowhere"];
                break;
            case "no weights":
                File.Delete(weights);
                break;
            case "no config":
                File.Delete(Path.Combine(_folder, "config.json"));
                break;
            case "cut weights":
                File.WriteAllBytes(weights, File.ReadAllBytes(weights)[..^100]);
                break;
            default:
                name = "sent";
                break;
        }

        string sentence = Assert.Single(HubModel.ProblemsOf(folder, name, _place.Client()));
        Assert.Contains(words, sentence);
        Assert.Throws<InvalidDataException>(() => HubModel.Push(folder, name, _place.Client()));
        Assert.Empty(_place.Hub.Asked);
    }

    [Fact]
    public void A_token_that_the_hub_does_not_know_is_told_so()
    {
        _place.Variables["HF_TOKEN"] = "hf_wrong";
        Assert.Contains(
            "does not take the token (Invalid credentials in Authorization header)",
            Assert.Throws<HubException>(() => Push()).Message
        );
    }
}
