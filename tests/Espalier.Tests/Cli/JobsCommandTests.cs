using System.Diagnostics;
using System.Text.RegularExpressions;
using Espalier.Cli;
using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Runs.Clusters;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;
using Espalier.Tests.Runs.Studies;

namespace Espalier.Tests.Cli;

/// <summary>The jobs of a study, as whoever submitted it sees them: Slurm's commands are scripts here, which say what a file says.</summary>
public sealed class JobsCommandTests : IDisposable
{
    readonly ToyStudy _toy = new();
    readonly string _slurm;

    public JobsCommandTests()
    {
        _slurm = Directory.CreateDirectory(_toy["slurm"]).FullName;
        // Arrays are numbered from 11 in the order in which they are submitted.
        Script("sbatch", "n=$(($(cat count 2>/dev/null || echo 10) + 1)); echo $n | tee count");
        Script("squeue", "cat queue");
        Script("sinfo", "echo 'n1|idle|none'");
        Script("scancel", "echo \"$*\" >>cancelled");
        File.WriteAllText(Path.Combine(_slurm, "queue"), "");
    }

    public void Dispose() => _toy.Dispose();

    [Fact]
    public void Ls_shows_every_stage_with_its_state_by_the_store_and_its_job_by_Slurm()
    {
        WrittenStudy study = Submit("""["E"]""", "[1,2]");
        string o = Key(study, "O", 1);
        CommandLine.Run("stage", "run", o, "--store", _toy["store"]).Succeeds();
        Queue(
            "11_0|11|0|RUNNING|n1|0:30|None",
            "11_1|11|1|PENDING||0:00|Resources",
            "12_1|12|1|PENDING||0:00|Dependency",
            "99_1|99|1|RUNNING|n1|0:30|None"
        );
        Outcome ls = Jobs("ls").Succeeds();
        Assert.Equal(
            [
                $"O toy 1 {o[..12]} done",
                $"O toy 2 {Key(study, "O", 2)[..12]} ready 11_1 PENDING (Resources)",
                $"E toy 1 {Key(study, "E", 1)[..12]} ready",
                $"E toy 2 {Key(study, "E", 2)[..12]} waiting 12_1 PENDING (Dependency)",
            ],
            ls.Lines.Select(l => Regex.Replace(l.Trim(), " +", " "))
                .Where(l => l.StartsWith("O ") || l.StartsWith("E "))
                .OrderByDescending(l => l[0])
                .ThenBy(l => l, StringComparer.Ordinal)
        );
        Assert.Contains("recipe: 1 of 6 done, 0 running; 1 jobs run, 2 wait", ls.Out);
    }

    [Fact]
    public void Logs_shows_what_the_last_job_of_a_stage_said_and_says_where_to_look_while_none_has()
    {
        WrittenStudy study = Submit("""["E"]""", "[1]");
        string key = Key(study, "E", 1);
        Jobs("logs", key[..12]).Refuses(ExitCode.Refused, "has written anything yet", "jobs ls");
        SlurmSubmission submission = new(Store.Open(_toy["store"]), study.Graph.Name);
        File.WriteAllText(submission.LogOf(12, 0), "espalier: E …\u001b[2J\nkilled\n");
        Outcome first = Jobs("logs", key[..12]).Succeeds();
        Assert.Equal("killed", first.Lines[^1]);
        Assert.DoesNotContain('\u001b', first.Out);
        Assert.Contains($"{Path.DirectorySeparatorChar}12_0.log", first.Error);

        // Submitted again, as the job was lost; the log of the new job takes the old one's place as soon as there is one.
        Submit("""["E"]""", "[1]");
        Assert.Equal("killed", Jobs("logs", key[..12]).Succeeds().Lines[^1]);
        File.WriteAllText(submission.LogOf(15, 0), "made.\n");
        Assert.Equal(["made."], Jobs("logs", key[..12]).Succeeds().Lines);

        Jobs("logs", "feed").Refuses(ExitCode.Refused, "no study written there asks for 'feed'");
        Jobs("logs", "").Refuses(ExitCode.Refused, "several stages begin with ''");
    }

    [Fact]
    public void Cancel_takes_the_studys_arrays_out_of_the_queue_and_no_others()
    {
        Submit("""["E"]""", "[1,2]");
        Queue(
            "11_0|11|0|RUNNING|n1|0:30|None",
            "11_1|11|1|PENDING||0:00|Resources",
            "13_0|13|0|PENDING||0:00|Dependency",
            "99_1|99|1|RUNNING|n1|0:30|None"
        );
        Assert.Contains("recipe: 3 jobs cancelled", Jobs("cancel").Succeeds().Out);
        string cancelled = Path.Combine(_slurm, "cancelled");
        Assert.Equal(["11 13"], File.ReadAllLines(cancelled));

        Queue("99_1|99|1|RUNNING|n1|0:30|None");
        Assert.Contains("recipe: 0 jobs cancelled", Jobs("cancel").Succeeds().Out);
        Assert.Equal(["11 13"], File.ReadAllLines(cancelled));
    }

    [Fact]
    public void Doctor_ends_with_4_and_a_line_to_type_where_something_keeps_a_study_and_else_with_0()
    {
        Submit("""["E"]""", "[1]");
        Queue(
            "11_0|11|0|PENDING||0:00|JobHeldUser",
            "12_0|12|0|PENDING||0:00|Dependency",
            "13_0|13|0|PENDING||0:00|Dependency"
        );
        Outcome held = Jobs("doctor");
        Assert.Equal((ExitCode.BelowBar, ""), (held.Code, held.Error));
        Assert.Contains("    scontrol release 11_0\n", held.Out);
        Assert.EndsWith("recipe: 1 things to mend.\n", held.Out);
        Queue(
            "11_0|11|0|PENDING||0:00|Priority",
            "12_0|12|0|PENDING||0:00|Dependency",
            "13_0|13|0|PENDING||0:00|Dependency"
        );
        Assert.Equal(["recipe: nothing keeps it."], Jobs("doctor").Succeeds().Lines);
    }

    [Fact]
    public void A_store_that_nothing_was_submitted_from_and_a_Slurm_that_does_not_answer_are_told()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Scripts of the shell.");
        Store.Open(_toy["store"]);
        foreach (string action in (string[])["ls", "cancel", "doctor"])
        {
            Assert.Contains("nothing was submitted", Jobs(action).Succeeds().Out);
        }

        Script("squeue", "echo 'slurm_load_jobs error: Unable to contact controller' >&2; exit 1");
        Jobs("ls").Refuses(ExitCode.Refused, "squeue ended with 1", "Unable to contact controller");
    }

    [Fact]
    public void A_key_belongs_to_logs_alone()
    {
        Store.Open(_toy["store"]);
        CommandLine
            .Run("jobs", "logs", _toy["store"])
            .Refuses(ExitCode.Usage, "KEY is missing", "jobs ls");
        CommandLine
            .Run("jobs", "cancel", _toy["store"], "3f29")
            .Refuses(ExitCode.Usage, "cancel takes no KEY");
        CommandLine
            .Run("jobs", "list", _toy["store"])
            .Refuses(ExitCode.Usage, "'list'", "ls", "cancel");
        CommandLine
            .Run("jobs", "ls", _toy["nowhere"])
            .Refuses(ExitCode.Refused, "there is no such folder");
    }

    [Fact]
    public void Times_of_machines_of_two_kinds_are_not_mixed_and_one_kind_that_has_measured_all_is_enough()
    {
        // Each kind measures one seed, as two nodes of a cluster do that were not asked for by their kind.
        Measure("[1]", threads: 1);
        Measure("[2]", threads: 2);
        Results()
            .Refuses(
                ExitCode.Refused,
                "times were taken on machines of 2 kinds (1 of 2 groups and 1 of 2 groups)",
                "--kind"
            );
        Assert.False(File.Exists(Path.Combine(_toy["out"], "measurements.json")));

        Measure("[1]", threads: 2);
        Results().Succeeds();
        string measurements = File.ReadAllText(Path.Combine(_toy["out"], "measurements.json"));
        string[] threads =
        [
            .. Regex.Matches(measurements, "\"threads\": *([0-9]+)").Select(m => m.Groups[1].Value),
        ];
        Assert.NotEmpty(threads);
        Assert.All(threads, t => Assert.Equal("2", t));

        Outcome Results() =>
            CommandLine.Run(
                "study",
                _toy.Write("""["E"]""", "[1,2]"),
                "--on",
                "slurm",
                "--store",
                _toy["store"],
                "--output",
                _toy["out"]
            );
    }

    void Measure(string seeds, int threads)
    {
        KernelFamily kernels = KernelFamily.Best;
        Study study = new(
            StudyRecipeFile.Read(_toy.Write("""["E"]""", seeds), _ => null),
            Store.Open(_toy["store"]),
            kernels,
            Machine.Here(kernels, threads),
            TimeProvider.System
        );
        Assert.Empty(_toy.Run(study).Failures);
    }

    /// <summary>What is missing of a study, to a Slurm that starts nothing: O, E and what is measured, from array 11 on.</summary>
    WrittenStudy Submit(string pipelines, string seeds)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Scripts of the shell.");
        string[] line = ["study", _toy.Write(pipelines, seeds), "--on", "slurm"];
        Outcome submitted = Start([.. line, "--store", _toy["store"], "--output", _toy["out"]])
            .Succeeds();
        Assert.Contains("3 job arrays submitted", submitted.Error);
        return Assert.Single(WrittenStudy.All(Store.Open(_toy["store"])));
    }

    static string Key(WrittenStudy study, string pipeline, ulong seed) =>
        study.Graph.Items.Single(i => i.Pipeline == pipeline && i.Seed == seed).Key;

    Outcome Jobs(string action, params string[] key) =>
        Start(["jobs", action, _toy["store"], .. key]);

    Outcome Start(string[] args)
    {
        ProcessStartInfo start = Tool.StartInfo(args);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.Environment["TMPDIR"] = _toy.Folder;
        start.Environment["XDG_RUNTIME_DIR"] = "";
        start.Environment["PATH"] = $"{_slurm}:{Environment.GetEnvironmentVariable("PATH")}";
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new(process.ExitCode, output, error.GetAwaiter().GetResult());
    }

    void Queue(params string[] jobs) => File.WriteAllLines(Path.Combine(_slurm, "queue"), jobs);

    void Script(string name, string does)
    {
        string file = Path.Combine(_slurm, name);
        File.WriteAllText(file, $"#!/bin/sh\ncd \"{_slurm}\"\n{does}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(
                file,
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            );
        }
    }
}
