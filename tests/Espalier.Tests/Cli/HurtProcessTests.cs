using System.Collections.Concurrent;
using System.Diagnostics;
using Espalier.Checkpoints;
using Espalier.Cli;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;
using Espalier.Tensors;
using Espalier.Tests.Runs.Studies;

namespace Espalier.Tests.Cli;

/// <summary>
/// Studies and runs that are killed, refused a system call or sent a signal at many places: what they leave is whole, and
/// the next call gives the bytes of one that was never hurt. strace does it (inject=CALL:when=N counts in each thread).
/// </summary>
public sealed class HurtProcessTests : IDisposable
{
    const int KillPoints = 60;
    const int ErrorPoints = 40;
    const int AtOnce = 2;
    static readonly string[] Errors = ["ENOSPC", "EIO", "EACCES"];

    // What may fail for want of room or rights; the others only take away.
    static readonly string[] Failing =
    [
        "pwrite64",
        "fallocate",
        "fsync",
        "rename",
        "symlink",
        "mkdir",
        "ftruncate",
        "unlink",
    ];

    readonly ToyStudy _toy = new();
    readonly string _recipe;
    int _stores;

    public HurtProcessTests() => _recipe = _toy.Write("""["EL"]""", "[1]");

    public void Dispose() => _toy.Dispose();

    [Fact]
    public async Task Nothing_gets_its_name_before_it_is_on_the_disk()
    {
        SystemCalls.Need();
        string log = _toy["log"];
        SystemCall[] calls = await Trace(log, Study("traced"));
        Assert.Contains(calls, c => c.Name == "rename" && c.Paths[1].Contains("/actions/"));
        Assert.Empty(Unflushed(calls, _toy.Folder));
        calls = await Trace(log, RunEp(_toy["run"]));
        Assert.Contains(calls, c => c.Name == "rename" && c.Paths[1].Contains("/2-E-"));
        Assert.Empty(Unflushed(calls, _toy.Folder));
    }

    [Fact]
    public void The_reader_of_traces_finds_what_is_not_flushed()
    {
        string[] good =
        [
            """7 pwrite64(5</s/tmp/a>, "x", 1, 0) = 1""",
            "7 fsync(5</s/tmp/a>) = 0",
            """7 rename("/s/tmp/a", "/s/b") = 0""",
            "7 fsync(6</s>) = 0",
        ];
        Assert.Empty(Found(good));
        Assert.NotEmpty(Found(good[..1], good[2..])); // never flushed
        Assert.NotEmpty(Found(good[1..2], good[..1], good[2..])); // flushed too early
        Assert.NotEmpty(Found(good[..3])); // its folder is not
        string[] cut =
        [
            good[0],
            "7 fsync(5</s/tmp/a> <unfinished ...>",
            "8 fsync(9</elsewhere> <unfinished ...>",
            "7 <... fsync resumed>)               = 0",
            .. good[2..],
        ];
        Assert.Empty(Found(cut));
        Assert.NotEmpty(Found(cut[..3], cut[4..])); // it never ended
        string[] folder =
        [
            """7 pwrite64(5</s/tmp/a/x>, "x", 1, 0) = 1""",
            "7 fsync(5</s/tmp/a/x>) = 0",
            "7 fsync(6</s/tmp/a>) = 0",
            """7 rename("/s/tmp/a", "/s/b") = 0""",
            "7 fsync(6</s>) = 0",
        ];
        Assert.Empty(Found(folder));
        Assert.NotEmpty(Found(folder[..1], folder[2..])); // a file in it is not flushed
        Assert.NotEmpty(Found(folder[..2], folder[3..])); // its own names are not

        static List<string> Found(params string[][] parts) =>
            Unflushed([.. SystemCall.Read(parts.SelectMany(p => p))], "/s");
    }

    [Fact]
    [Trait("tier", "slow")]
    public async Task A_study_or_run_killed_in_any_system_call_goes_on_to_the_same_bytes()
    {
        SystemCalls.Need();
        await Sweep(
            KillPoints,
            SystemCalls.Writing,
            _ => "signal=KILL",
            (code, error) => code is ExitCode.Ok or 137,
            61
        );
    }

    [Fact]
    [Trait("tier", "slow")]
    public async Task A_study_or_run_refused_any_system_call_ends_with_a_sentence_and_goes_on_to_the_same_bytes()
    {
        SystemCalls.Need();
        await Sweep(
            ErrorPoints,
            Failing,
            draw => $"error={Errors[draw % Errors.Length]}",
            (code, error) =>
                code is ExitCode.Ok or ExitCode.Refused or ExitCode.OutOfSpace
                && !error.Contains("   at ")
                && !error.Contains("Exception"),
            41
        );
    }

    [Fact]
    [Trait("tier", "slow")]
    public async Task Of_four_processes_on_one_store_one_is_killed_and_all_end_with_the_bytes_of_one_alone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Processes are killed with signals.");
        string recipe = _toy.Write("""["DEPL",{"orders":"EP"}]""");
        string[] whole = _toy.Make(_toy.Open(recipe, "alone"));

        // None ends before one is killed.
        Study study = _toy.Open(recipe, "shared");
        using Lease held = Lease.Try(study.Store, study.Plan.Stages[^1].Key, TimeProvider.System)!;
        Process[] four = [.. Enumerable.Range(0, 4).Select(_ => Start(null, Study("shared")))];
        Task<(int Code, string Error)>[] ends = [.. four.Select(p => SystemCalls.End(p, Stop))];
        string actions = Path.Combine(_toy["shared"], "actions");
        while (!Directory.Exists(actions) || Directory.GetFiles(actions, "*.json").Length < 4)
        {
            await Task.Delay(20, Stop);
        }

        four[1].Kill();
        held.Dispose();
        for (int i = 0; i < 4; i++)
        {
            var (code, error) = await ends[i];
            Assert.True(
                code == (i == 1 ? 137 : ExitCode.Ok),
                $"process {i} ended with {code}: {error}"
            );
        }

        Assert.Equal(whole, _toy.Make(study));
        Assert.Empty(StoreCare.Verify(study.Store, null, Stop));
    }

    [Fact]
    [Trait("tier", "slow")]
    public async Task Whatever_signal_comes_at_whatever_moment_a_run_goes_on_to_the_same_bytes()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent with kill.");
        string[] whole = await Stages(_toy["whole-run"]);
        long began = Stopwatch.GetTimestamp();
        Assert.Equal(
            ExitCode.Ok,
            (await SystemCalls.End(Start(null, RunEp(_toy["timed"])), Stop)).Code
        );
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        Rng rng = new(99);
        string[] signals = ["INT", "TERM", "KILL"];
        for (ulong i = 0; i < 12; i++)
        {
            // Every third begins afresh, the others go on with what the one before left.
            string folder = _toy[$"signalled-{i / 3}"],
                signal = signals[rng.Below(3, 2 * i)];
            using Process process = Start(null, RunEp(folder));
            Task<(int Code, string Error)> end = SystemCalls.End(process, Stop);
            await Task.WhenAny(
                end,
                Task.Delay(TimeSpan.FromSeconds(seconds * rng.Uniform(2 * i + 1)), Stop)
            );
            if (!process.HasExited)
            {
                using Process kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
                await kill.WaitForExitAsync(Stop);
            }

            // 143 and 130 also of a process that was hurt before it listened.
            var (code, error) = await end;
            Assert.True(code is ExitCode.Ok or 137 or 130 or 143, $"{signal}: {code}: {error}");
            Assert.Equal(whole, await Stages(folder + "-copy", folder));
        }
    }

    /// <summary>At so many of the places where the calls are made in one that is not hurt, half of them in a study.</summary>
    async Task Sweep(
        int points,
        string[] calls,
        Func<int, string> harm,
        Func<int, string, bool> mayEnd,
        ulong seed
    )
    {
        string[] study = _toy.Make(_toy.Open(_recipe, "alone")),
            run = await Stages(_toy["whole-run"]);
        string[] all =
        [
            .. Places(await Trace(_toy["log"], Study("traced"))).Select(p => $"study {p}"),
            .. Places(await Trace(_toy["log"], RunEp(_toy["traced-run"]))).Select(p => $"run {p}"),
        ];
        Rng rng = new(seed);
        Assert.True(all.Length > points, $"{all.Length} places");
        string[] chosen =
        [
            .. Enumerable
                .Range(0, all.Length)
                .OrderBy(i => rng.Uniform((ulong)i))
                .Take(points)
                .Select(i => all[i]),
        ];
        ConcurrentBag<string> wrong = [];
        ConcurrentBag<int> codes = [];
        await Parallel.ForAsync(
            0,
            points,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = Stop },
            async (i, _) =>
            {
                string[] parts = chosen[i].Split(' ');
                string name = $"hurt-{Interlocked.Increment(ref _stores)}",
                    what = $"inject={parts[1]}:{harm(i)}:when={parts[2]}",
                    where = $"{chosen[i]} {what}";
                bool isStudy = parts[0] == "study";
                using Process process = Start(
                    ["-o", "/dev/null", "-e", $"trace={parts[1]}", "-e", what],
                    isStudy ? Study(name) : RunEp(_toy[name])
                );
                var (code, error) = await SystemCalls.End(process, Stop);
                codes.Add(code);
                if (!mayEnd(code, error))
                {
                    wrong.Add($"{where}: ended with {code}: {error}");
                }

                string? problem = isStudy ? Mended(name, study) : await MendedRun(name, run);
                if (problem is not null)
                {
                    wrong.Add($"{where}: {problem}");
                }
            }
        );
        Assert.True(wrong.IsEmpty, string.Join('\n', wrong));
        int hurt = codes.Count(c => c != ExitCode.Ok);
        Assert.True(hurt > points / 2, $"only {hurt} of {points} were hurt");

        IEnumerable<string> Places(SystemCall[] made) =>
            made.Where(c => calls.Contains(c.Name) && c.Paths.Any(p => p.StartsWith(_toy.Folder)))
                .GroupBy(c => c.Name)
                .SelectMany(kind =>
                    Enumerable
                        .Range(1, kind.GroupBy(c => c.Thread).Max(t => t.Count()))
                        .Select(n => $"{kind.Key} {n}")
                );
    }

    /// <summary>What is wrong with a store after it was hurt, looked at and made complete.</summary>
    string? Mended(string name, string[] whole)
    {
        if (File.Exists(Path.Combine(_toy[name], "FORMAT")))
        {
            Store store = Store.Open(_toy[name]);
            if (StoreCare.Verify(store, null, Stop) is [var problem, ..])
            {
                return problem;
            }
        }

        Study study = _toy.Open(_recipe, name);
        using (FileLock.Take(study.Store.UseLock, shared: false, null, Stop))
        {
            study.Store.Clean();
        }

        if (!_toy.Make(study).SequenceEqual(whole))
        {
            return "other bytes";
        }

        string[] left = [.. Flat(_toy[name]).Where(IsHalf)];
        return left.Length > 0 ? $"left behind: {string.Join(' ', left)}" : null;
    }

    async Task<string?> MendedRun(string name, string[] whole)
    {
        string[] stages = await Stages(_toy[name]);
        string[] left = [.. Flat(_toy[name]).Where(IsHalf)];
        return !stages.SequenceEqual(whole) ? "other bytes"
            : left.Length > 0 ? $"left behind: {string.Join(' ', left)}"
            : null;
    }

    static IEnumerable<string> Flat(string folder) =>
        Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories);

    static bool IsHalf(string path) =>
        Path.GetFileName(path) is { } name
        && (name.StartsWith(".espalier-") || name.StartsWith("unfinished-"))
        && name != ".espalier-lock";

    /// <summary>The stages of a run, made or completed in this process.</summary>
    /// <param name="from">What to go on with, which stays as it is.</param>
    async Task<string[]> Stages(string folder, string? from = null)
    {
        if (Directory.Exists(from))
        {
            Directory.CreateDirectory(folder);
            Directory.Delete(folder, recursive: true);
            Espalier.Tests.Runs.Flips.Copy(from, folder);
        }

        return await Task.Run(() => _toy.MakeRun(_toy.RunOf("E"), folder, threads: 1), Stop);
    }

    async Task<SystemCall[]> Trace(string log, string[] command)
    {
        string[] strace =
        [
            "-y",
            "-s",
            "4096",
            "-o",
            log,
            "-e",
            $"trace={string.Join(',', SystemCalls.Writing)},write,renameat2",
        ];
        var (code, error) = await SystemCalls.End(Start(strace, command), Stop);
        Assert.True(code == ExitCode.Ok, $"{code}: {error}");
        return [.. SystemCall.Read(File.ReadLines(log))];
    }

    /// <summary>Renames below a folder of what was not flushed before, or whose new folder is not flushed after.</summary>
    static List<string> Unflushed(SystemCall[] calls, string folder)
    {
        List<string> wrong = [];
        HashSet<string> dirty = []; // files with bytes, and folders with names, that are in memory only
        HashSet<string> named = []; // folders in which something got its name
        foreach (SystemCall call in calls.Where(c => c.Succeeded && c.Paths.Length > 0))
        {
            string path = call.Paths[0];
            if (!path.StartsWith(folder, StringComparison.Ordinal))
            {
                continue;
            }

            switch (call.Name)
            {
                case "pwrite64" or "write" or "ftruncate" or "fallocate":
                    dirty.Add(path);
                    dirty.Add(Path.GetDirectoryName(path)!);
                    break;
                case "fsync":
                    dirty.Remove(path);
                    named.Remove(path);
                    break;
                case "rename" or "renameat2" or "link":
                    string to = call.Paths[1];
                    wrong.AddRange(
                        dirty
                            .Where(d =>
                                d == path || d.StartsWith(path + "/", StringComparison.Ordinal)
                            )
                            .Select(d => $"{d} is not flushed when {path} becomes {to}")
                    );
                    dirty.RemoveWhere(d =>
                        d == path || d.StartsWith(path + "/", StringComparison.Ordinal)
                    );

                    // What says that something is finished comes after all that it names.
                    if (to.Contains("/actions/"))
                    {
                        wrong.AddRange(named.Select(n => $"{n} is not flushed when {to} appears"));
                    }

                    // A diary is written beside the work, and no result depends on it.
                    if (
                        !to.Contains("/models/")
                        && !to.Contains("/tmp/.")
                        && !to.Contains("/diary/")
                    )
                    {
                        named.Add(Path.GetDirectoryName(to)!);
                    }

                    break;
                case "unlink" or "rmdir":
                    dirty.Remove(path);
                    named.Remove(path);
                    break;
                default:
                    break;
            }
        }

        wrong.AddRange(named.Select(n => $"{n} is not flushed at the end"));
        return wrong;
    }

    string[] Study(string store) =>
        [
            "study",
            _recipe,
            "--store",
            _toy[store],
            "--output",
            _toy[store + "-results"],
            "--threads",
            "1",
        ];

    string[] RunEp(string folder) =>
        [
            "run",
            "E",
            .. _toy.Line(),
            "--epochs",
            "2",
            "--rate",
            "2e-3",
            "--precision",
            "fp32",
            "--threads",
            "1",
            "--max-length",
            "16",
            "--output",
            folder,
        ];

    Process Start(string[]? strace, string[] command) =>
        SystemCalls.Start(strace, _toy.Folder, command);

    static CancellationToken Stop => TestContext.Current.CancellationToken;
}
