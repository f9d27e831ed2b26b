using System.Diagnostics;
using Espalier.Cli;
using Espalier.Runs;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;
using Espalier.Tests.Runs.Studies;
using Espalier.Training.Collective;

namespace Espalier.Tests.Cli;

/// <summary>Stages that several processes train together.</summary>
public sealed class TrainingProcessTests : IDisposable
{
    readonly ToyStudy _toy = new();

    public void Dispose() => _toy.Dispose();

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_of_two_processes_ends_with_the_bytes_of_one()
    {
        await Ends(Start("one", "--epochs", "2"), ExitCode.Ok);
        string error = await Ends(Start("two", "--epochs", "2", "--processes", "2"), ExitCode.Ok);
        Assert.Equal(ToyStudy.Shown(_toy["one"]), ToyStudy.Shown(_toy["two"]));
        Assert.Empty(Directory.GetFiles(Store.MeetingsOf(_toy["two"] + "/.store"), "meeting*"));
        Assert.DoesNotContain("rocess", error);
    }

    /// <summary>As tasks of a cluster do, each on its own with the same command.</summary>
    [Fact]
    public async Task Four_processes_that_somebody_started_find_each_other_at_a_file()
    {
        await Ends(Start("one", "--epochs", "1"), ExitCode.Ok);
        Process[] all =
        [
            .. Enumerable
                .Range(0, 4)
                .Select(rank =>
                    Start(
                        new Dictionary<string, string>
                        {
                            [MeetingPlace.RankName] = $"{3 - rank}",
                            [MeetingPlace.SizeName] = "4",
                            [MeetingPlace.FileName] = _toy["meeting"],
                        },
                        "four",
                        "--epochs",
                        "1"
                    )
                ),
        ];
        await Task.WhenAll(all.Select(p => Ends(p, ExitCode.Ok)));
        Assert.Equal(ToyStudy.Shown(_toy["one"]), ToyStudy.Shown(_toy["four"]));
    }

    [Fact]
    public async Task Two_tasks_of_a_step_of_Slurm_make_a_stage_of_a_written_study_together()
    {
        string recipe = _toy.Write("""["O"]""", "[1]");
        File.WriteAllText(
            recipe,
            File.ReadAllText(recipe)
                .Replace("\"batch\":8", "\"batch\":8,\"shards\":2", StringComparison.Ordinal)
        );
        string[] alone = _toy.Make(_toy.Open(recipe, "alone"));
        Study study = _toy.Open(recipe, "store");
        WrittenStudy.Write(study, StudyGraph.Of(study, StudyEstimate.Of(study, 1)), recipe);
        StageKey key = study.Plan.Stages[0].Key;
        Process[] tasks =
        [
            .. Enumerable
                .Range(0, 2)
                .Select(rank =>
                    Launch(
                        new Dictionary<string, string>
                        {
                            ["SLURM_STEP_NUM_TASKS"] = "2",
                            ["SLURM_PROCID"] = $"{rank}",
                            ["SLURM_JOB_ID"] = "17",
                            ["SLURM_STEP_ID"] = "0",
                        },
                        ["stage", "run", key.Hex, "--store", _toy["store"], "--threads", "1"]
                    )
                ),
        ];
        await Task.WhenAll(tasks.Select(t => Ends(t, ExitCode.Ok)));
        string[] together =
        [
            $"{key.Short} {string.Join(' ', study.Store.TryRead(key)!.Files.Select(f => $"{f.Name}={f.Sha256}"))}",
        ];
        Assert.Equal(alone, together);
        Assert.Empty(StoreCare.Verify(study.Store, null, Stop));
    }

    [Fact]
    public async Task A_plan_of_two_processes_trains_what_one_would()
    {
        string recipe = _toy.Write("""["E"]""", "[1]", epochs: 1);
        File.WriteAllText(
            recipe,
            File.ReadAllText(recipe)
                .Replace("\"batch\":8", "\"shards\":4", StringComparison.Ordinal)
        );
        Study alone = _toy.Open(recipe, "alone");
        _toy.Make(alone);
        string[] line =
        [
            "plan",
            "--max-mb",
            "1",
            .. _toy.Line(),
            "--max-length",
            "16",
            "--epochs",
            "1",
            "--rate",
            "2e-3",
            "--shards",
            "4",
            "--seeds",
            "1",
            "--fixed-options",
            "--max-trainings",
            "4",
            "--threads",
            "2",
            "--output",
            _toy["out"],
            "--store",
            _toy["store"],
        ];
        CommandLine
            .Run([.. line, "--processes", "8"], "")
            .Refuses(ExitCode.Usage, "a step has 4 shards");
        await Ends(Launch([], [.. line, "--processes", "2"]), ExitCode.Ok);
        Store store = Store.Open(_toy["store"]);
        Assert.All(
            alone.Plan.Stages,
            s =>
            {
                StoredAction made = store.TryRead(s.Key)!;
                Assert.Equal(alone.Store.TryRead(s.Key)!.Files, made.Files);
                Assert.Equal(1, made.Threads);
            }
        );
        Assert.Empty(Directory.GetFiles(Store.MeetingsOf(store.Folder), "meeting*"));
    }

    [Fact]
    public async Task A_process_that_is_killed_ends_the_run_which_another_number_goes_on_with()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Children are found in /proc.");
        await Ends(Start("one", "--epochs", "30"), ExitCode.Ok);

        // It does not end before one of its processes is killed.
        StoredAction last = Store
            .Open(RunFolder.StoreOf(_toy["one"]))
            .Actions()
            .Single(a => a.Kind == ActionKind.Stage && a.Pipeline == "E");
        using Lease held = Lease.Try(
            Store.Open(RunFolder.StoreOf(_toy["two"])),
            new StageKey(last.Key),
            TimeProvider.System
        )!;
        using Process run = Start("two", "--epochs", "30", "--processes", "2");
        string begun = "";
        while (await run.StandardError.ReadLineAsync(Stop) is { } line)
        {
            begun += line;
            if (begun.Contains('…'))
            {
                break;
            }
        }

        int child = await Child(run);
        using (Process kill = Process.Start("kill", ["-9", $"{child}"]))
        {
            await kill.WaitForExitAsync(Stop);
        }

        held.Dispose();
        string error = await Ends(run, ExitCode.Lost);
        Assert.Contains(
            "Process 1 of 2 ended with exit code 137; the same command goes on from what was saved.",
            error
        );
        Assert.DoesNotContain("2-E", ToyStudy.Shown(_toy["two"]).Select(s => s[..3]));
        await Ends(Start("two", "--epochs", "30", "--processes", "4"), ExitCode.Ok);
        Assert.Equal(ToyStudy.Shown(_toy["one"]), ToyStudy.Shown(_toy["two"]));
    }

    [Fact]
    public async Task When_the_first_is_killed_the_other_ends_by_itself()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Children are found in /proc.");
        using Process run = Start("two", "--epochs", "300", "--processes", "2");
        int child = await Child(run);
        run.Kill();
        while (Directory.Exists($"/proc/{child}"))
        {
            await Task.Delay(50, Stop);
        }
    }

    [Fact]
    public void Shards_that_cannot_be_shared_out_are_refused_before_any_work()
    {
        string[] line = [.. Line("none", "--epochs", "1")];
        CommandLine
            .Run([.. line, "--processes", "8"], "")
            .Refuses(ExitCode.Usage, "8 processes", "a step has 4 shards", "--shards 8");
        CommandLine
            .Run([.. line[..^4], "--shards", "3", "--epochs", "1"], "")
            .Refuses(ExitCode.Usage, "--shards is 3", "summed in pairs");
        Assert.False(Directory.Exists(_toy["none"]));
        CommandLine
            .Run(
                "study",
                _toy.Write("""["E"]""", more: ""","batches":[1]"""),
                "--processes",
                "2",
                "--store",
                _toy["store"]
            )
            .Refuses(ExitCode.Usage, "a step has 1 shards");
    }

    static async Task<int> Child(Process run)
    {
        while (true)
        {
            Assert.False(run.HasExited);
            string[] found = string.Join(' ', Threads(run).Select(Children))
                .Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (found.Length > 0)
            {
                return Espalier.Tensors.Numeral.TryWhole(found[0], out int id) ? id : -1;
            }

            await Task.Delay(20, Stop);
        }
    }

    static string[] Threads(Process run) =>
        Or([], () => Directory.GetDirectories($"/proc/{run.Id}/task"));

    static string Children(string thread) =>
        Or("", () => File.ReadAllText(Path.Combine(thread, "children")));

    /// <summary>Threads end while they are looked at.</summary>
    static T Or<T>(T otherwise, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return otherwise;
        }
    }

    static async Task<string> Ends(Process process, int code)
    {
        var (found, error) = await SystemCalls.End(process, Stop);
        Assert.True(found == code, $"exit code {found}: {error}");
        return error;
    }

    Process Start(string folder, params string[] more) =>
        Start(new Dictionary<string, string>(), folder, more);

    Process Start(Dictionary<string, string> environment, string folder, params string[] more) =>
        Launch(environment, [.. Line(folder, more)]);

    Process Launch(Dictionary<string, string> environment, string[] line)
    {
        ProcessStartInfo start = Tool.StartInfo(line);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.Environment["TMPDIR"] = _toy.Folder;
        start.Environment["XDG_RUNTIME_DIR"] = "";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    IEnumerable<string> Line(string folder, params string[] more) =>
        [
            "run",
            "E",
            .. _toy.Line(),
            "--max-length",
            "16",
            "--threads",
            "2",
            "--output",
            _toy[folder],
            "--shards",
            "4",
            .. more,
        ];
}
