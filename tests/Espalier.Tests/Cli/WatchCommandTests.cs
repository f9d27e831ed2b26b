using System.Net;
using System.Text.Json;
using Espalier.Cli;
using Espalier.Measuring;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;
using Espalier.Tests.Runs.Studies;

namespace Espalier.Tests.Cli;

/// <summary>What the command answers; how the page looks is tested beside the report.</summary>
public sealed class WatchCommandTests : IDisposable
{
    readonly ToyStudy _toy = new();

    public void Dispose() => _toy.Dispose();

    [Fact]
    public async Task The_state_of_a_study_is_data_while_it_runs_and_when_it_ended()
    {
        Study study = _toy.Open(_toy.Write("""["DE"]""", "[1]"));
        await using Watching watching = await Watching.Start(_toy["store"]);
        Assert.Empty((await State(watching)).GetProperty("studies").EnumerateArray());
        using ManualResetEventSlim looked = new();
        StudyListener listener = new()
        {
            Training = (stage, _) =>
            {
                if ($"{stage.Pipeline}" == "D")
                {
                    looked.Wait(Token);
                }
            },
        };
        Task<StudyOutcome> run = Task.Run(() => _toy.Run(study, listener), Token);
        try
        {
            JsonElement running = await Until(
                watching,
                s =>
                    s.GetProperty("stages")[1].TryGetProperty("losses", out JsonElement losses)
                    && losses.GetArrayLength() > 0
            );
            Assert.Equal("running", running.GetProperty("state").GetString());
            Assert.Equal(
                ["O done", "D running", "DE waiting"],
                running
                    .GetProperty("stages")
                    .EnumerateArray()
                    .Select(s => $"{s.GetProperty("pipeline")} {s.GetProperty("state")}")
            );
            JsonElement stage = running.GetProperty("stages")[1];
            Assert.InRange(
                stage.GetProperty("step").GetInt32(),
                1,
                stage.GetProperty("steps").GetInt32()
            );
            Assert.True(stage.GetProperty("seconds_left").GetDouble() >= 0);
            Assert.Equal(study.Plan.Stages[0].Key.Hex, stage.GetProperty("parent").GetString());
        }
        finally
        {
            looked.Set();
            await Task.WhenAny(run);
        }

        StudyOutcome outcome = await run;
        JsonElement ended = await Until(
            watching,
            s => s.GetProperty("state").GetString() == "ended"
        );
        Assert.Equal(1, ended.GetProperty("measured").GetInt32());
        Assert.Equal(
            outcome.Measurements.Select(m => $"{m.Pipeline} {m.Effort}"),
            ended
                .GetProperty("measurements")
                .EnumerateArray()
                .Select(m => Measurement.Read("state.json", m))
                .Select(m => $"{m.Pipeline} {m.Effort}")
        );
    }

    [Fact]
    public async Task Nothing_but_GET_of_its_two_paths_on_this_machines_own_name_is_answered()
    {
        _toy.Make(_toy.Open(_toy.Write("""["L"]""", "[1]")));
        await using Watching watching = await Watching.Start(_toy["store"]);
        Assert.True(IPAddress.IsLoopback(IPAddress.Parse(watching.Address.Host)));
        foreach (
            var (method, path, status) in (IReadOnlyList<(string, string, int)>)
                [
                    ("GET", "/", 200),
                    ("GET", "/state.json", 200),
                    ("GET", "/?of=nothing", 404),
                    ("GET", "/?of=../FORMAT", 404),
                    ("GET", "/FORMAT", 404),
                    ("GET", "/store/FORMAT", 404),
                    ("GET", "/%2e%2e/%2e%2e/etc/passwd", 404),
                    ("GET", "/studies/", 404),
                    ("POST", "/", 405),
                    ("PUT", "/state.json", 405),
                    ("DELETE", "/state.json", 405),
                    ("HEAD", "/", 405),
                ]
        )
        {
            using HttpRequestMessage request = new(new HttpMethod(method), path);
            using HttpResponseMessage response = await watching.Http.SendAsync(request, Token);
            Assert.Equal((method, path, status), (method, path, (int)response.StatusCode));
            string[] policy = [.. response.Headers.GetValues("Content-Security-Policy")];
            Assert.Contains("default-src 'none'", Assert.Single(policy));
        }

        foreach (
            var (host, status) in (IReadOnlyList<(string, int)>)
                [("evil.example", 403), ("192.168.1.7:80", 403), ("localhost:9999", 200)]
        )
        {
            using HttpRequestMessage request = new(HttpMethod.Get, "/");
            request.Headers.Host = host;
            using HttpResponseMessage response = await watching.Http.SendAsync(request, Token);
            Assert.Equal((host, status), (host, (int)response.StatusCode));
        }

        Assert.Equal(ExitCode.Ok, await watching.End());
    }

    [Fact]
    public async Task Watching_changes_no_byte_of_the_store()
    {
        _toy.Run(_toy.Open(_toy.Write("""["L"]""", "[1]")));
        string[] before = Files();
        await using (Watching watching = await Watching.Start(_toy["store"]))
        {
            await watching.Http.GetStringAsync("/", Token);
            await watching.Http.GetStringAsync("/state.json", Token);
        }

        Assert.Equal(before, Files());

        string[] Files() =>
            [
                .. Runs
                    .Flips.Files(_toy["store"])
                    .Select(f =>
                        $"{f} {Blobs.Hash(File.ReadAllBytes(Path.Combine(_toy["store"], f)))}"
                    ),
            ];
    }

    [Fact]
    public async Task The_output_of_a_run_is_shown_by_its_own_store()
    {
        _toy.MakeRun(_toy.RunOf("L"), _toy["run"]);
        await using Watching watching = await Watching.Start(_toy["run"]);
        JsonElement study = Assert.Single(
            (await State(watching)).GetProperty("studies").EnumerateArray()
        );
        Assert.StartsWith("run-", study.GetProperty("name").GetString());
    }

    [Fact]
    public void What_is_no_store_is_refused()
    {
        CommandLine.Run("watch", _toy["nowhere"]).Refuses(ExitCode.Refused, "nowhere");
        CommandLine.Run("watch", _toy["toy"], "--port", "0").Refuses(ExitCode.Refused, "no store");
        CommandLine.Run("watch", _toy["toy"], "--port", "x").Refuses(ExitCode.Usage, "--port");
    }

    static async Task<JsonElement> State(Watching watching) =>
        JsonDocument
            .Parse(await watching.Http.GetStringAsync("/state.json", Token))
            .RootElement.Clone();

    /// <summary>The one study, when it is as it was waited for.</summary>
    static async Task<JsonElement> Until(Watching watching, Func<JsonElement, bool> isSo)
    {
        for (int attempt = 0; ; attempt++)
        {
            JsonElement state = await State(watching);
            JsonElement[] studies = [.. state.GetProperty("studies").EnumerateArray()];
            if (studies is [var one] && isSo(one))
            {
                return one;
            }

            Assert.True(attempt < 12_000, $"{state}");
            await Task.Delay(50, Token);
        }
    }

    static CancellationToken Token => TestContext.Current.CancellationToken;
}
