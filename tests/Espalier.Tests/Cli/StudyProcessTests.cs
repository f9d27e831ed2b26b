using System.Diagnostics;
using Espalier.Cli;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;
using Espalier.Tensors;
using Espalier.Tests.Models;
using Espalier.Tests.Runs.Studies;

namespace Espalier.Tests.Cli;

/// <summary>Studies as processes of their own: killed at any moment, and two at once.</summary>
public sealed class StudyProcessTests : IDisposable
{
    const int Kills = 20;
    readonly ToyStudy _toy = new();
    readonly string _recipe;

    public StudyProcessTests() =>
        _recipe = _toy.Write("""["DEPLQ",{"orders":"EP","then":["","LQ"]}]""");

    public void Dispose() => _toy.Dispose();

    /// <param name="decoders">The matrix of a language model: distilled, pruned, quantized, and their hybrids.</param>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("tier", "slow")]
    public async Task A_study_killed_at_twenty_moments_and_resumed_ends_with_the_same_results(
        bool decoders
    )
    {
        using ToyWriter writer = new();
        string recipe = decoders
            ? _toy.WriteCorpus(
                writer,
                """["Q(bits=4)","DQ","DP(heads=0.5,logits=0,embedding=0,last=0)Q(bits=4)","P(minitron)Q","P(newton)Q"]"""
            )
            : _recipe;
        long began = Stopwatch.GetTimestamp();
        await Ends(Start("whole", recipe), ExitCode.Ok);
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        string[] whole = ToyStudy.Results(_toy.Open(recipe, "whole"));
        Rng rng = new(20);
        int store = 0;
        for (int killed = 0, tries = 0; killed < Kills; tries++)
        {
            Assert.True(
                tries < 10 * Kills,
                $"only {killed} of {tries} processes were killed in time"
            );
            using Process process = Start($"killed-{store}", recipe);
            double wait = seconds * (0.1 + 0.8 * rng.Uniform((ulong)tries));
            using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(
                Stop
            );
            ended.CancelAfter(TimeSpan.FromSeconds(wait));
            try
            {
                await process.WaitForExitAsync(ended.Token);
            }
            catch (OperationCanceledException) when (!Stop.IsCancellationRequested)
            {
                process.Kill();
                await process.WaitForExitAsync(Stop);
                killed++;
            }

            if (process.ExitCode == ExitCode.Ok)
            {
                // It had ended before its moment came: this one is judged, and the next begins afresh.
                Assert.Equal(whole, ToyStudy.Results(_toy.Open(recipe, $"killed-{store}")));
                store++;
            }
            else if (
                Directory.Exists(_toy[$"killed-{store}"])
                && File.Exists(Path.Combine(_toy[$"killed-{store}"], "FORMAT"))
            )
            {
                Assert.Empty(StoreCare.Verify(Store.Open(_toy[$"killed-{store}"]), null, Stop));
            }
        }

        await Ends(Start($"killed-{store}", recipe), ExitCode.Ok);
        Study last = _toy.Open(recipe, $"killed-{store}");
        Assert.Equal(whole, ToyStudy.Results(last));
        Assert.Empty(StoreCare.Verify(last.Store, null, Stop));
    }

    [Fact]
    public async Task Two_processes_share_the_work_of_one_store()
    {
        using Process first = Start("shared"),
            second = Start("shared");
        string[] errors = await Task.WhenAll(Ends(first, ExitCode.Ok), Ends(second, ExitCode.Ok));
        Study study = _toy.Open(_recipe, "shared");
        Study alone = _toy.Open(_recipe, "alone");
        _toy.Run(alone);
        Assert.Equal(ToyStudy.Results(alone), ToyStudy.Results(study));
        string[] begun =
        [
            .. errors
                .SelectMany(e => e.Split('\n'))
                .Where(l => l.EndsWith(" …", StringComparison.Ordinal)),
        ];
        Assert.Equal(study.Plan.Stages.Count, begun.Length);
        Assert.Equal(begun.Length, begun.Distinct().Count());
    }

    [Fact]
    public async Task An_interrupted_study_ends_with_130_and_goes_on_when_called_again()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent with kill.");
        Assert.SkipWhen(
            Tool.IsInterruptIgnored,
            "SIGINT is ignored here, and env cannot restore it."
        );

        // It does not end before it is interrupted.
        Study study = _toy.Open(_recipe, "stopped");
        using Lease held = Lease.Try(study.Store, study.Plan.Stages[^1].Key, TimeProvider.System)!;
        using Process process = Start("stopped");
        string? line;
        do
        {
            line = await process.StandardError.ReadLineAsync(Stop);
        } while (line?.Contains("done (1 of") == false);

        Tool.Signal(process, "INT");
        await Ends(process, ExitCode.Interrupted);
        held.Dispose();
        string output = await Ends(Start("stopped"), ExitCode.Ok);
        Assert.DoesNotContain("O of toy, seed 1 …", output);
    }

    [Fact]
    public void A_plan_and_a_store_are_shown_without_running_anything()
    {
        string[] shared = ["--store", _toy["store"], "--output", _toy["out"]];
        Outcome plan = CommandLine.Run(["study", _recipe, "--dry-run", .. shared], "").Succeeds();
        Assert.Contains("28 stages, 0 done; 2 groups", plan.Out);
        Outcome json = CommandLine
            .Run(["study", _recipe, "--dry-run", "--format", "json", .. shared], "")
            .Succeeds();
        Assert.Equal(28, json.Json.GetProperty("stages").GetArrayLength());
        Assert.Equal(2, json.Json.GetProperty("groups_to_measure").GetInt32());
        Assert.False(Directory.Exists(_toy["store"]));
        Assert.False(Directory.Exists(_toy["out"]));
        Outcome study = CommandLine.Run(["study", _recipe, .. shared], "").Succeeds();
        Assert.Contains("speed-up over O", study.Out);
        Assert.True(File.Exists(Path.Combine(_toy["out"], "measurements.json")));
        Assert.Contains(
            "28 stages, 28 done; 0 groups",
            CommandLine.Run(["study", _recipe, "--dry-run", .. shared], "").Succeeds().Out
        );
        Assert.Contains(
            "30 actions of 1 studies",
            CommandLine.Run("store", "ls", _toy["store"]).Succeeds().Out
        );
        Assert.Contains(
            "0 problems",
            CommandLine.Run("store", "verify", _toy["store"]).Succeeds().Out
        );
        Assert.Contains("0 files", CommandLine.Run("store", "gc", _toy["store"]).Succeeds().Out);
    }

    [Fact]
    public void A_wrong_recipe_is_a_wrong_command_line()
    {
        string recipe = _toy.Write("""["DX"]""", "[]");
        CommandLine
            .Run("study", recipe, "--store", _toy["store"])
            .Refuses(ExitCode.Usage, "pipelines[0]", "seeds");
        Assert.False(Directory.Exists(_toy["store"]));
    }

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static async Task<string> Ends(Process process, int code)
    {
        Task<string> output = process.StandardOutput.ReadToEndAsync(Stop);
        string error = await process.StandardError.ReadToEndAsync(Stop);
        await output;
        await process.WaitForExitAsync(Stop);
        Assert.True(process.ExitCode == code, $"exit code {process.ExitCode}: {error}");
        return error;
    }

    Process Start(string store, string? recipe = null)
    {
        ProcessStartInfo start = Tool.StartInfo(
            "study",
            recipe ?? _recipe,
            "--store",
            _toy[store],
            "--output",
            _toy[store + "-results"],
            "--threads",
            "2"
        );
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;

        // Tests beside this one take turns of their own.
        start.Environment["TMPDIR"] = _toy.Folder;
        start.Environment["XDG_RUNTIME_DIR"] = "";
        return Process.Start(start)!;
    }
}
