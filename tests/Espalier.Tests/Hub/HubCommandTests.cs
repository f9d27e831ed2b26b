using Espalier.Cli;
using Espalier.Tests.Cli;

namespace Espalier.Tests.Hub;

public sealed class HubCommandTests : IAsyncLifetime
{
    HubPlace _place = null!;

    public async ValueTask InitializeAsync() => _place = await HubPlace.Make();

    public ValueTask DisposeAsync() => _place.DisposeAsync();

    Outcome Run(params string[] args) =>
        CommandLine.Run(args, "good\n"u8.ToArray(), _place.Variables);

    [Fact]
    public void The_last_line_of_a_download_is_where_it_is()
    {
        Outcome outcome = Run("hub", "download", HubPlace.Id).Succeeds();
        Assert.Equal(_place.Snapshot, outcome.Lines[^1]);
        Assert.Equal(_place.Snapshot, Run("hub", "download", HubPlace.Id).Succeeds().Lines[^1]);
    }

    [Fact]
    public void Commands_fetch_a_model_of_the_hub_where_they_ask_for_one()
    {
        Run("tokenize", "-m", HubPlace.Id).Succeeds();
        Assert.Equal(0, _place.Hub.Count("GET", ".safetensors"));
        Run("predict", "-m", $"hf://{HubPlace.Id}@main").Succeeds();
        Run("inspect", HubPlace.Id).Succeeds();
        Assert.Equal(1, _place.Hub.Count("GET", "vocab.txt"));
    }

    [Fact]
    public void A_line_that_is_wrong_downloads_nothing()
    {
        Run("predict", "-m", HubPlace.Id, "--effrt", "full").Refuses(ExitCode.Usage);
        Run("evaluate", "--no-such", "-m", HubPlace.Id).Refuses(ExitCode.Usage);
        Assert.Equal(0, _place.Hub.Asked.Count(a => a.Path.Contains("/resolve/")));
    }

    [Fact]
    public void What_the_hub_does_not_give_has_an_exit_code_of_its_own()
    {
        Run("predict", "-m", "no-such/model").Refuses(ExitCode.Unavailable, "no-such/model");
        Run("hub", "download", "no-such/model").Refuses(ExitCode.Unavailable, "check the name");
        _place.Model.IsGated = true;
        Run("predict", "-m", HubPlace.Id).Refuses(ExitCode.Unavailable, "accept the conditions");
    }

    [Theory]
    [InlineData("hub", "fetch", "a/b", "did you mean")]
    [InlineData("hub", "download", "a/b c/d", "2 names were given")]
    [InlineData("hub", "push", "folder", "1 names were given")]
    [InlineData("hub", "download", "a/b --public", "belongs to push")]
    public void A_line_that_asks_for_something_else_is_told_so(
        string command,
        string verb,
        string rest,
        string words
    )
    {
        if (words == "did you mean")
        {
            words = "ACTION is 'fetch'";
        }

        Run([command, verb, .. rest.Split(' ')]).Refuses(ExitCode.Usage, words);
    }

    [Fact]
    public void A_push_says_what_it_leaves_out_and_where_the_commit_is()
    {
        string folder = _place.Toys.Bert("sent");
        File.WriteAllText(Path.Combine(folder, "train.py"), "");
        Run("hub", "push", folder, "some-owner/sent")
            .Refuses(ExitCode.Refused, "log in with 'hf auth login'");
        _place.Variables["HF_TOKEN"] = FakeHub.Token;
        Outcome dry = Run("hub", "push", folder, "some-owner/sent", "--dry-run").Succeeds();
        Assert.Contains("model.safetensors", dry.Out);
        Assert.Contains("Not of the model, and not sent: train.py.", dry.Error);
        Assert.Empty(_place.Hub.Asked);
        Outcome sent = Run("hub", "push", folder, "some-owner/sent", "--public", "--message", "hi")
            .Succeeds();
        Assert.Equal($"{_place.Hub.Address}/commit/{FakeRepository.Commit}", sent.Lines[^1]);
        FakeRepository there = _place.Hub.Repositories["some-owner/sent"];
        Assert.False(there.IsPrivate);
        Assert.Equal(
            "hi",
            there.Commits[0].GetProperty("value").GetProperty("summary").GetString()
        );
        Assert.DoesNotContain(FakeHub.Token, sent.Out + sent.Error);
    }
}
