using System.Diagnostics;
using System.Text.RegularExpressions;
using Espalier.Cli;
using Espalier.Runs.Clusters;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;
using Espalier.Tests.Cli;
using Espalier.Tests.Runs.Studies;

namespace Espalier.Tests.Runs.Clusters;

/// <summary>A study on a real Slurm that is hurt in every way that was seen to happen.</summary>
public sealed partial class SlurmStudyTests : IDisposable
{
    // Fifteen stages for each seed, of which four are trained; with no exits times are soon taken.
    const string Pipelines = """["DPLQ","DQ","DLQ","PLQ","PQ","LQ","Q"]""";
    readonly ToyStudy _toy = new();

    public void Dispose() => _toy.Dispose();

    [Fact]
    [Trait("tier", "slow")]
    public async Task A_study_whose_controller_node_jobs_and_time_are_taken_away_ends_with_the_bytes_of_a_local_run()
    {
        SlurmCluster.Need();
        string recipe = _toy.Write(Pipelines, "[1,2,3,4]", epochs: 400);
        Study here = _toy.Open(recipe, "here");
        Assert.Equal(60, here.Plan.Stages.Count);
        _toy.Run(here);
        string far = Path.Combine(_toy.Folder, "long.json");
        File.WriteAllText(far, File.ReadAllText(_toy.Write("""["O"]""", "[9]", epochs: 4000)));
        _toy.Write(Pipelines, "[1,2,3,4]", epochs: 400);
        string[] whole = ToyStudy.Results(here),
            wholeFar = _toy.Make(_toy.Open(far, "here"));

        using SlurmCluster cluster = new();
        Study there = _toy.Open(recipe, "there");

        // Submitted twice at once, and a third whose one stage takes longer than its jobs may.
        Process[] calls =
        [
            Start(cluster, recipe, "first"),
            Start(cluster, recipe, "second"),
            Start(cluster, far, "far", "--time", "1", "--sbatch", "signal=B:USR1@50"),
        ];
        Task<(int Code, string Error)>[] ends = [.. calls.Select(c => SystemCalls.End(c, Stop))];
        Task warned = Linger(cluster, _toy.Open(far, "there"), ends[2]);
        await Done(there, 4, ends);
        cluster.KillController();
        await Done(there, 12, ends);
        int killed = 0;
        while (killed == 0 && !Over(ends))
        {
            killed = cluster.KillNode("n1") + cluster.KillNode("n2");
            await Task.Delay(200, Stop);
        }

        await Done(there, 20, ends);
        string running;
        do
        {
            running = cluster.Run("squeue", "-h", "-r", "-t", "RUNNING", "-o", "%i").Split('\n')[0];
            await Task.Delay(100, Stop);
        } while (running.Length == 0 && !Over(ends));

        cluster.Run("scancel", running);
        while (!Over(ends))
        {
            // What only an administrator may do, who does what the doctor says.
            foreach (Match line in Resumes().Matches(Jobs(cluster, "doctor")))
            {
                cluster.Run("scontrol", line.Value.Trim().Split(' ')[1..]);
            }

            await Task.WhenAny([.. ends, Task.Delay(TimeSpan.FromSeconds(3), Stop)]);
        }

        await warned;
        string said = string.Join('\n', ends.Select(e => e.Result.Error));
        string logs = string.Join(
            '\n',
            Directory
                .GetFiles(Path.Combine(_toy["there"], "jobs"), "*.log", SearchOption.AllDirectories)
                .Select(File.ReadAllText)
        );
        Assert.True(
            ends.All(e => e.Result.Code == ExitCode.Ok),
            $"{string.Join(' ', ends.Select(e => e.Result.Code))}\n{said}\n{logs}\n{cluster.Run("squeue", "-r")}{cluster.Run("sinfo", "-N", "-l")}"
        );
        Assert.Equal(whole, ToyStudy.Results(there));
        Assert.Equal(wholeFar, _toy.Make(_toy.Open(far, "there")));
        Assert.Empty(StoreCare.Verify(there.Store, null, Stop));

        // What was finished was never begun again.
        string[] made = [.. Made().Matches(logs).Select(m => m.Groups[1].Value)];
        Assert.Empty(made.GroupBy(k => k).Where(g => g.Count() > 1).Select(g => g.Key));
        Assert.True(killed > 0, "no job was killed with its node");
        TaskEnd[] farEnds = [.. new SlurmSubmission(there.Store, "long").Ends()];
        Assert.Contains(farEnds, e => e.Code == ExitCode.TryAgain);
        Assert.Contains(farEnds, e => e is { Code: ExitCode.Ok, Restarts: > 0 });
        Assert.True(File.Exists(Path.Combine(_toy["first"], "measurements.json")));
        TestContext.Current.SendDiagnosticMessage(said);
    }

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static bool Over(Task[] ends) => ends.All(e => e.IsCompleted);

    /// <summary>
    /// However fast the machine is, the training stands still until Slurm, which looks every 30 s, has warned it that its time is up.
    /// </summary>
    static async Task Linger(SlurmCluster cluster, Study study, Task end)
    {
        string key = study.Plan.Stages[0].Key.Hex;
        SlurmSubmission submission = new(study.Store, study.Recipe.Name);
        while (!end.IsCompleted && !submission.Ends().Any(e => e.Code == ExitCode.TryAgain))
        {
            // Who has the lease listens for signals; before, the warning would end it without a word.
            if (
                Lease.OwnerOf(study.Store, key) is not null
                && cluster.ProcessOf(key) is { } process
            )
            {
                SlurmCluster.Signal("STOP", process);
                await Task.Delay(TimeSpan.FromSeconds(35), Stop);
                SlurmCluster.Signal("CONT", process);
                await Task.WhenAny(end, Task.Delay(TimeSpan.FromSeconds(20), Stop));
            }

            await Task.Delay(50, Stop);
        }
    }

    /// <summary>Waits until so many stages are in the store.</summary>
    static async Task Done(Study study, int stages, Task<(int Code, string Error)>[] ends)
    {
        while (study.Plan.Stages.Count(s => study.Store.TryRead(s.Key) is not null) < stages)
        {
            Assert.False(
                ends.Any(e => e.IsCompleted && e.Result.Code != ExitCode.Ok),
                $"it ended early: {string.Join('\n', ends.Where(e => e.IsCompleted).Select(e => e.Result))}"
            );
            await Task.Delay(100, Stop);
        }
    }

    Process Start(SlurmCluster cluster, string recipe, string output, params string[] more) =>
        Command(
            cluster,
            [
                "study",
                recipe,
                "--on",
                "slurm",
                "--wait",
                "--store",
                _toy["there"],
                "--output",
                _toy[output],
                "--threads",
                "2",
                .. more,
            ]
        );

    string Jobs(SlurmCluster cluster, string action)
    {
        using Process process = Command(cluster, ["jobs", action, _toy["there"]]);
        Task<string> error = process.StandardError.ReadToEndAsync(Stop);
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output + error.GetAwaiter().GetResult();
    }

    Process Command(SlurmCluster cluster, string[] args)
    {
        ProcessStartInfo start = Tool.StartInfo(args);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.Environment["SLURM_CONF"] = cluster.Conf;
        start.Environment["TMPDIR"] = _toy.Folder;
        start.Environment["XDG_RUNTIME_DIR"] = "";
        return Process.Start(start)!;
    }

    [GeneratedRegex("(?m)^ +scontrol update nodename=\\S+ state=resume$")]
    private static partial Regex Resumes();

    [GeneratedRegex(@"\(([0-9a-f]{12})\): made\.")]
    private static partial Regex Made();
}
