using System.Net;
using System.Net.Sockets;
using Espalier.Hub;
using Espalier.Models.Storage;
using Microsoft.AspNetCore.Http;

namespace Espalier.Tests.Hub;

/// <summary>A hub, a network or a storage that does not do as it should.</summary>
public sealed class HostileHubTests : IAsyncLifetime
{
    const string Weights = "model.safetensors";

    HubPlace _place = null!;

    public async ValueTask InitializeAsync() => _place = await HubPlace.Make();

    public ValueTask DisposeAsync() => _place.DisposeAsync();

    string Find() => ModelPlace.Find(HubPlace.Id, _place.Client());

    byte[] Content => _place.Model.Files[Weights];

    string Part => _place.Blob(Weights) + ".incomplete";

    [Fact]
    public void What_breaks_off_is_gone_on_from_where_it_broke()
    {
        int half = Content.Length / 2;
        _place.Hub.Instead(1, "GET", Weights, c => Redirected(c));
        _place.Hub.Instead(
            1,
            r => r.Path.Value!.StartsWith("/blob/"),
            async context =>
            {
                context.Response.ContentLength = Content.Length;
                await context.Response.Body.WriteAsync(Content.AsMemory(0, half));
                await context.Response.Body.FlushAsync();
                context.Abort();
            }
        );

        Assert.Equal(Content, File.ReadAllBytes(Path.Combine(Find(), Weights)));

        Asked[] storage = [.. _place.Hub.Asked.Where(a => a.IsStorage)];
        Assert.Null(storage[0].Range);
        Assert.StartsWith("bytes=", storage[^1].Range);
        Assert.Contains(_place.Told, s => s.Contains("broke off at byte"));

        Task Redirected(HttpContext context)
        {
            context.Response.StatusCode = 302;
            context.Response.Headers.Location =
                $"{_place.Hub.Storage}/blob/{FakeRepository.Sha256(Content)}/{Weights}";
            return Task.CompletedTask;
        }
    }

    [Fact]
    public void What_an_earlier_process_began_is_gone_on_from()
    {
        Begin(Content[..1000]);
        Assert.Equal(Content, File.ReadAllBytes(Path.Combine(Find(), Weights)));
        Assert.Equal("bytes=1000-", _place.Hub.Asked.Single(a => a.IsStorage).Range);
        Assert.False(File.Exists(Part));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_an_earlier_process_left_damaged_is_fetched_anew(bool tooLong)
    {
        Begin(tooLong ? new byte[Content.Length + 5] : new byte[1000]);
        Assert.Equal(Content, File.ReadAllBytes(Path.Combine(Find(), Weights)));
    }

    [Fact]
    public void A_storage_that_sends_only_whole_files_is_gone_on_with_from_the_beginning()
    {
        Begin(Content[..1000]);
        _place.Hub.Instead(
            1,
            r => r.Path.Value!.StartsWith("/blob/"),
            async context =>
            {
                context.Response.ContentLength = Content.Length;
                await context.Response.Body.WriteAsync(Content);
            }
        );
        Assert.Equal(Content, File.ReadAllBytes(Path.Combine(Find(), Weights)));
    }

    [Theory]
    [InlineData(Weights)]
    [InlineData("vocab.txt")]
    public void What_has_another_hash_is_refused_and_nothing_of_it_is_kept(string file)
    {
        byte[] wrong = [.. _place.Model.Files[file]];
        wrong[^1] ^= 1;
        _place.Hub.Instead(
            9,
            r => r.Method == "GET" && r.Path.Value!.EndsWith(file),
            c => FakeHub.Send(c, wrong)
        );
        string sentence = Assert.Throws<InvalidDataException>(() => Find()).Message;
        Assert.Contains($"{HubPlace.Id}, {file}: what came has the hash", sentence);
        Assert.DoesNotContain(
            _place.Layout(),
            f => f.Contains(Path.GetFileName(_place.Blob(file))) || f.EndsWith("/" + file)
        );
    }

    [Fact]
    public void More_than_was_said_is_refused_at_once()
    {
        _place.Hub.Instead(
            9,
            r => r.Path.Value!.StartsWith("/blob/"),
            async context =>
            {
                byte[] rubbish = new byte[1 << 16];
                while (!context.RequestAborted.IsCancellationRequested)
                {
                    await context.Response.Body.WriteAsync(rubbish);
                }
            }
        );
        Assert.Contains(
            $"more comes than the {Content.Length} bytes",
            Assert.Throws<InvalidDataException>(() => Find()).Message
        );
        Assert.Equal(0, new FileInfo(Part).Length);
    }

    [Fact]
    public void A_storage_that_falls_silent_is_asked_again_for_the_rest()
    {
        _place.Variables["HF_HUB_DOWNLOAD_TIMEOUT"] = "1";
        // On a busy machine a second may pass without the first bytes, too.
        _place.Hub.Instead(
            int.MaxValue,
            r => r.Path.Value!.StartsWith("/blob/") && r.Headers.Range.Count == 0,
            async context =>
            {
                context.Response.ContentLength = Content.Length;
                await context.Response.Body.WriteAsync(Content.AsMemory(0, 10));
                await context.Response.Body.FlushAsync();
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }
        );
        Assert.Equal(Content, File.ReadAllBytes(Path.Combine(Find(), Weights)));
        Assert.Contains(_place.Told, s => s.Contains("nothing came for 1 seconds"));
        Assert.Contains(_place.Hub.Asked, a => a.IsStorage && a.Range == "bytes=10-");
    }

    [Theory]
    [InlineData(408)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    public void A_hub_that_is_busy_is_asked_again(int status)
    {
        _place.Hub.Instead(2, _ => true, c => Busy(c, status, "0"));
        Find();
        Assert.Contains(_place.Told, s => s.Contains($"answers {status}; asking again"));
    }

    [Theory]
    [InlineData(503, null, "answers 503, 5 times in a row")]
    [InlineData(429, "3600", "asks to come again in 3600 seconds")]
    public void A_hub_that_stays_busy_or_sends_one_away_for_long_is_given_up(
        int status,
        string? after,
        string words
    )
    {
        _place.Hub.Instead(99, _ => true, c => Busy(c, status, after));
        Assert.Contains(words, Assert.Throws<HubException>(() => Find()).Message);
        Assert.InRange(_place.Hub.Asked.Count, 1, 5);
    }

    [Fact]
    public void A_hub_that_is_not_there_is_named_and_the_cache_works_without_it()
    {
        string there = Find();
        using Socket deaf = new(SocketType.Stream, ProtocolType.Tcp); // nobody else gets its port
        deaf.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        string gone = $"http://{deaf.LocalEndPoint}";
        _place.Variables["HF_ENDPOINT"] = gone;
        Assert.Equal(there, Find());
        string sentence = Assert
            .Throws<HubException>(() => ModelPlace.Find("other/model", _place.Client()))
            .Message;
        Assert.Contains(new Uri(gone).Authority, sentence);
        Assert.Contains("cannot be reached", sentence);
        Assert.DoesNotContain('\n', sentence);

        // A folder may have been meant, so nobody waits; what can only be the hub's is tried for.
        Assert.Empty(_place.Told);
        Assert.Contains(
            "5 times in a row",
            Assert
                .Throws<HubException>(() => ModelPlace.Find("hf://other/model", _place.Client()))
                .Message
        );
        Assert.Equal(4, _place.Told.Count(s => s.Contains("asking again")));
    }

    [Theory]
    [InlineData(null, "has no such model, or it is private", "hf auth login")]
    [InlineData("hf_wrong", "has no such model", "check the name")]
    public void A_model_that_is_not_there_or_private_is_told_so(
        string? token,
        string what,
        string todo
    )
    {
        _place.Model.IsPrivate = true;
        if (token is not null)
        {
            _place.Variables["HF_TOKEN"] = token;
        }

        Says<HubException>(() => Find(), what, todo);
    }

    [Fact]
    public void A_gated_model_says_where_its_conditions_are()
    {
        _place.Model.IsGated = true;
        Says<HubException>(
            () => Find(),
            $"accept the conditions at {_place.Hub.Address}/{HubPlace.Id}",
            "log in"
        );
    }

    [Fact]
    public void A_revision_or_a_file_that_is_not_there_is_told_so()
    {
        Says<InvalidDataException>(
            () => ModelPlace.Find($"{HubPlace.Id}@v9", _place.Client()),
            "has no revision 'v9'"
        );
        Says<InvalidDataException>(
            () => ModelPlace.Find($"hf://{HubPlace.Id}/none.gguf", _place.Client()),
            "has no file 'none.gguf'",
            "config.json"
        );
    }

    [Theory]
    [InlineData("ftp://127.0.0.1/x")]
    [InlineData("file:///etc/passwd")]
    public void A_redirect_to_anything_but_the_web_is_not_followed(string to)
    {
        _place.Hub.Instead(9, "GET", "/revision/main", c => Redirect(c, to));
        Says<HubException>(() => Find(), "where it is not followed");
    }

    [Fact]
    public void Redirects_without_end_are_not_followed_and_those_of_a_renamed_repository_are()
    {
        _place.Hub.Instead(
            1,
            r => r.Path.Value!.Contains("old/name"),
            c => Redirect(c, $"/api/models/{HubPlace.Id}/revision/main")
        );
        _place.Hub.Instead(
            99,
            r => r.Path.Value!.Contains("old/name"),
            c => Redirect(c, c.Request.Path.Value!.Replace("old/name", HubPlace.Id))
        );
        Assert.Contains("models--old--name", ModelPlace.Find("old/name", _place.Client()));

        _place.Hub.Instead(99, _ => true, c => Redirect(c, c.Request.Path));
        Says<HubException>(
            () => ModelPlace.Find("no/end", _place.Client()),
            "sends one on 10 times"
        );
    }

    [Theory]
    [InlineData("../../../outside")]
    [InlineData("/etc/outside")]
    [InlineData("a/../../outside")]
    [InlineData("a\\..\\outside")]
    public void Files_that_lead_out_of_the_cache_are_not_seen(string name)
    {
        _place.Model.OtherNames.Add(name);
        FakeRepository data = _place.Hub.Add(
            "datasets/some-owner/data",
            _place.Toys["named-a-b-c"]
        );
        data.OtherNames.Add(name);
        Find();
        Espalier.Data.DataPlace.Download("hf://datasets/some-owner/data", _place.Client());
        Assert.DoesNotContain(_place.Hub.Asked, a => a.Path.Contains("outside"));
    }

    [Theory]
    [InlineData("{\"sha\": \"../../../../tmp\", \"siblings\": []}", "field 'sha'")]
    [InlineData("{\"siblings\": []}", "field 'sha' is missing")]
    [InlineData("[]", "an object was expected")]
    [InlineData("<html>", "not valid JSON")]
    public void An_answer_that_is_none_is_refused(string body, string words)
    {
        _place.Hub.Instead(9, "GET", "/revision/main", c => c.Response.WriteAsync(body));
        Says<InvalidDataException>(() => Find(), words);
        Assert.Empty(_place.Layout());
    }

    [Theory]
    [InlineData("\"../../../outside\"", "10", "names no hash")]
    [InlineData(null, "10", "names no hash")]
    [InlineData("\"0123456789abcdef0123456789abcdef01234567\"", "no", "does not say how long")]
    public void A_file_without_a_hash_or_a_length_is_refused(string? tag, string size, string words)
    {
        _place.Hub.Instead(
            9,
            "HEAD",
            "config.json",
            context =>
            {
                context.Response.Headers["X-Linked-Size"] = size;
                context.Response.Headers["X-Linked-Etag"] = tag;
                return Task.CompletedTask;
            }
        );
        Says<InvalidDataException>(() => Find(), words);
    }

    [Fact]
    public async Task Whoever_asks_can_stop_it_and_go_on_later()
    {
        using CancellationTokenSource stop = new();
        _place.Hub.Instead(
            1,
            r => r.Path.Value!.StartsWith("/blob/"),
            async context =>
            {
                context.Response.ContentLength = Content.Length;
                await context.Response.Body.WriteAsync(Content.AsMemory(0, 4096));
                await context.Response.Body.FlushAsync();
                while (!File.Exists(Part) || new FileInfo(Part).Length < 4096)
                {
                    await Task.Delay(5);
                }

                await stop.CancelAsync();
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }
        );
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            Task.Run(() => ModelPlace.Find(HubPlace.Id, _place.Stoppable(stop.Token)))
        );
        Find();
        Assert.Equal("bytes=4096-", _place.Hub.Asked.Last(a => a.IsStorage).Range);
    }

    [Fact]
    public void Where_the_folder_in_front_of_a_name_is_there_a_path_was_meant_and_nothing_is_asked()
    {
        Directory.CreateDirectory(_place["models"]);
        string[] paths = ["models/none", "./models/none", "../none/none", "/none/none"];
        Assert.All(
            paths,
            path =>
                Assert.Contains(
                    "there is no such folder",
                    Assert
                        .Throws<InvalidDataException>(() =>
                            ModelPlace.Find(path, _place.Client(), _place[""])
                        )
                        .Message
                )
        );
        Assert.Empty(_place.Hub.Asked);
    }

    [Fact]
    public void An_endpoint_that_is_no_address_is_refused()
    {
        _place.Variables["HF_ENDPOINT"] = "hub";
        Says<InvalidDataException>(() => Find(), "HF_ENDPOINT is 'hub/'");
    }

    void Begin(byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Part)!);
        File.WriteAllBytes(Part, bytes);
    }

    static void Says<T>(Func<string> find, params string[] words)
        where T : Exception
    {
        string sentence = Assert.Throws<T>(() => find()).Message;
        Assert.All(words, word => Assert.Contains(word, sentence));
        Assert.DoesNotContain('\n', sentence);
    }

    static Task Busy(HttpContext context, int status, string? after)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.RetryAfter = after;
        return Task.CompletedTask;
    }

    static Task Redirect(HttpContext context, string to)
    {
        context.Response.StatusCode = 307;
        context.Response.Headers.Location = to;
        return Task.CompletedTask;
    }
}
