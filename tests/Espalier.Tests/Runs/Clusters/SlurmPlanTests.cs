using System.Diagnostics;
using Espalier.Cli;
using Espalier.Runs.Clusters;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;
using Espalier.Tests.Cli;
using Espalier.Tests.Runs.Studies;

namespace Espalier.Tests.Runs.Clusters;

/// <summary>What is submitted of a study, and how Slurm's answers are read: without a cluster.</summary>
public sealed class SlurmPlanTests : IDisposable
{
    readonly ToyStudy _toy = new();

    public void Dispose() => _toy.Dispose();

    [Fact]
    public void A_study_is_an_array_for_each_trained_stage_with_a_task_for_each_task_and_seed()
    {
        StudyGraph graph = Graph("""["DEPLQ",{"orders":"EP"}]""", "[1,2,3]");
        IReadOnlyList<JobArray> arrays = JobArray.Of(graph, graph);
        Assert.Equal(
            ["O", "D", "DE", "DEP", "EP", "E", "PE", "P", "times"],
            arrays
                .Select(a => a.Name)
                .OrderBy(n =>
                    Array.IndexOf(["O", "D", "DE", "DEP", "EP", "E", "PE", "P", "times"], n)
                )
        );
        Assert.All(arrays, a => Assert.Equal([0, 1, 2], a.Tasks.Select(t => t.Index)));
        JobArray dep = arrays.First(a => a.Name == "DEP");
        Assert.Equal(["DEP", "DEPL", "DEPLQ"], dep.Tasks[1].Items.Select(i => i.Pipeline));
        Assert.Equal(["DE"], dep.After.Select(a => arrays[a].Name));
        Assert.Equal(
            ["DEP", "EP", "O", "PE"],
            arrays[^1].After.Select(a => arrays[a].Name).Order(StringComparer.Ordinal)
        );
        Assert.All(
            arrays.Select((a, i) => (a, i)),
            x => Assert.All(x.a.After, b => Assert.True(b < x.i))
        );
    }

    [Fact]
    public void What_is_done_is_not_submitted_and_nothing_waits_for_it()
    {
        StudyGraph graph = Graph("""["EPL"]""", "[1,2]");
        StudyGraph left = graph.Left(i => i.Seed == 1 && i.Pipeline is "O" or "E");
        IReadOnlyList<JobArray> arrays = JobArray.Of(graph, left);
        Assert.Equal(
            [
                "EP 0 after ",
                "EP 1 after E",
                "E 1 after O",
                "O 1 after ",
                "times 0 after EP",
                "times 1 after O EP",
            ],
            arrays
                .Select(a =>
                    $"{a.Name} {string.Join(' ', a.Tasks.Select(t => t.Index))} after {string.Join(' ', a.After.Select(b => arrays[b].Name).Order(StringComparer.Ordinal).Reverse())}"
                )
                .OrderBy(t => t.Replace("EP 0", "A").Replace("EP 1", "B"), StringComparer.Ordinal)
        );
    }

    [Fact]
    public void A_thousand_cells_are_as_many_as_one_array_may_hold()
    {
        GraphItem[] items =
        [
            .. Enumerable
                .Range(0, 2300)
                .Select(i => new GraphItem($"{i:x64}", false, [], "O", "toy", (ulong)i, 5)),
        ];
        StudyGraph graph = new("many", "avx2", items);
        IReadOnlyList<JobArray> arrays = JobArray.Of(graph, graph);
        Assert.Equal([1000, 1000, 300], arrays.Select(a => a.Tasks.Count));
        Assert.All(arrays, a => Assert.InRange(a.Tasks.Max(t => t.Index), 0, 1000));
    }

    [Fact]
    public void A_job_s_script_asks_for_what_was_asked_and_shells_can_read_it()
    {
        StudyGraph graph = Graph("""["EPL"]""", "[1,2]");
        IReadOnlyList<JobArray> arrays = JobArray.Of(graph, graph);
        SlurmOptions options = new()
        {
            Partition = "long",
            Time = "4:00:00",
            AtOnce = 7,
            Cores = 8,
            Kind = "icelake",
            Further = ["--account=physics"],
        };
        string trains = Script(arrays[0]),
            measures = Script(arrays[^1]);
        Assert.Contains("#SBATCH --array=0,1%7\n", trains);
        Assert.Contains("#SBATCH --cpus-per-task=8\n", trains);
        Assert.Contains("#SBATCH --kill-on-invalid-dep=yes\n", trains);
        Assert.Contains("#SBATCH --signal=B:USR1@120\n", trains);
        Assert.Contains("#SBATCH --exclude=n4,n5\n", trains);
        Assert.Contains("#SBATCH --account=physics\n", trains);
        Assert.DoesNotContain("--exclusive", trains);
        Assert.DoesNotContain("icelake", trains);
        Assert.Contains("#SBATCH --exclusive\n", measures);
        Assert.Contains("#SBATCH --constraint=icelake\n", measures);
        Assert.DoesNotContain("--cpus-per-task", measures);
        Assert.Contains("'/a b/espalier' stage run", trains);
        Parses(trains);
        Parses(measures);

        string Script(JobArray array) =>
            SlurmScript.Of(
                array,
                "toy",
                options,
                ["/a b/espalier"],
                "/shared/it's",
                "/shared/logs",
                ["n4", "n5"]
            );
    }

    [Theory]
    [InlineData("exit 0", 0, false)]
    [InlineData("exit 9", 0, false)]
    [InlineData("exit 3", 3, false)]
    [InlineData("trap 'exit 75' USR1; SAY; while :; do sleep 0.1; done", 75, true)]
    [InlineData("trap 'exit 130' TERM; kill -TERM $PPID; while :; do sleep 0.1; done", 130, false)]
    [InlineData("kill -9 $$", 137, false)]
    public void A_job_ends_as_its_work_ends_and_hands_on_the_warning_that_its_time_is_up(
        string work,
        int code,
        bool warn
    )
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "A script of the shell.");
        string espalier = _toy["espalier"];
        string say = $"echo \"$@\" >\"{_toy["said"]}\"",
            does = work.Contains("SAY") ? work.Replace("SAY", say) : $"{say}\n{work}";
        File.WriteAllText(espalier, $"#!/bin/sh\n{does}\n");
        Process.Start("chmod", ["+x", espalier]).WaitForExit();
        StudyGraph graph = Graph("""["EPL"]""", "[1,2]");
        JobArray array = JobArray.Of(graph, graph)[0];
        string job = _toy["job.sh"];
        File.WriteAllText(
            job,
            SlurmScript
                .Of(array, "toy", new(), [espalier], "/shared/store", _toy.Folder, [])
                .Replace("sleep 60", "true")
        );
        foreach (string shell in (string[])["dash", "bash"])
        {
            File.Delete(_toy["said"]);
            ProcessStartInfo start = new(shell, [job]);
            foreach (
                var (name, value) in ((string, string)[])
                    [
                        ("SLURM_ARRAY_JOB_ID", "12"),
                        ("SLURM_ARRAY_TASK_ID", "1"),
                        ("SLURMD_NODENAME", "n1"),
                        ("SLURM_JOB_ID", "13"),
                        ("SLURM_RESTART_COUNT", "20"),
                    ]
            )
            {
                start.Environment[name] = value;
            }

            using Process process = Process.Start(start)!;
            while (warn && !File.Exists(_toy["said"]))
            {
                Thread.Sleep(20);
            }

            if (warn)
            {
                Tool.Signal(process, "USR1");
            }

            process.WaitForExit();
            Assert.Equal((shell, code), (shell, process.ExitCode));
            Assert.Equal(
                $"12 1 20 n1 {(work.EndsWith('9') && code == 0 ? 9 : code)}",
                File.ReadAllLines(Path.Combine(_toy.Folder, "ends"))[^1]
            );
            Assert.StartsWith(
                $"stage run {array.Tasks[1].Items[0].Key} ",
                File.ReadAllText(_toy["said"])
            );
        }
    }

    [Fact]
    public void The_queue_and_the_nodes_are_read_as_Slurm_prints_them()
    {
        Slurm slurm = new(
            (program, _) =>
                (
                    0,
                    program == "squeue"
                        ? "12_3|12|3|RUNNING|n2|1-02:03:04|None\n"
                            + "12_4|12|4|PENDING||0:00|(launch failed requeued held)\n"
                            + "13_0|13|0|PENDING||0:00|(DependencyNeverSatisfied)\n"
                            + "14|14|N/A|RUNNING|n1|5:10|None\n"
                        : "n1|idle|none\nn2|drained|Duplicate jobid\nn2|drained|Duplicate jobid\nn3|mixed|none\n",
                    ""
                )
        );
        IReadOnlyList<SlurmJob> jobs = slurm.Queue();
        Assert.Equal(["12_3", "12_4", "13_0"], jobs.Select(j => j.Id));
        Assert.Equal(93784, jobs[0].Seconds);
        Assert.Equal(
            (true, false, false),
            (jobs[0].IsRunning, jobs[0].IsHeld, jobs[0].NeverBegins)
        );
        Assert.Equal(
            (false, true, false),
            (jobs[1].IsRunning, jobs[1].IsHeld, jobs[1].NeverBegins)
        );
        Assert.True(jobs[2].NeverBegins);
        Assert.Equal(["n2"], slurm.Nodes().Where(n => n.IsAway).Select(n => n.Name));
        Assert.Contains(
            "Invalid account",
            Assert
                .Throws<InvalidDataException>(() =>
                    new Slurm((_, _) => (1, "", "sbatch: error: Invalid account")).Submit("x", [])
                )
                .Message
        );
    }

    [Fact]
    public void The_doctor_names_what_keeps_a_study_with_the_line_that_mends_it()
    {
        StudyGraph graph = Graph("""["E"]""", "[1]");
        Store store = Store.Open(_toy["store"]);
        StudyState state = StudyState.Of(store, graph);
        SubmittedArray[] arrays =
        [
            new(12, "O", new Dictionary<int, IReadOnlyList<string>> { [0] = [graph.Items[0].Key] }),
            new(13, "E", new Dictionary<int, IReadOnlyList<string>> { [0] = [graph.Items[1].Key] }),
        ];
        string[] lines =
        [
            .. SlurmDoctor
                .Look(
                    state,
                    [
                        new("12_0", 12, 0, "RUNNING", "None", "n1", 90),
                        new("13_0", 13, 0, "PENDING", "(DependencyNeverSatisfied)", "", 0),
                        new("14_0", 14, 0, "PENDING", "(launch failed requeued held)", "", 0),
                    ],
                    [new("n1", "idle", "none"), new("n2", "drained", "Duplicate jobid")],
                    arrays,
                    ["n3"]
                )
                .Select(a => a.Line),
        ];
        Assert.Equal(
            [
                "scontrol update nodename=n2 state=resume",
                "scancel 13_0",
                "scontrol release 14_0",
                "scontrol requeue 12_0",
                "espalier study RECIPE --on slurm",
                "sinfo -N -l -n n3",
            ],
            lines
        );
        Assert.Empty(
            SlurmDoctor.Look(
                state,
                [
                    new("12_0", 12, 0, "RUNNING", "None", "n1", 9),
                    new("13_0", 13, 0, "PENDING", "(Dependency)", "", 0),
                    new("14_0", 14, 0, "PENDING", "(Dependency)", "", 0),
                ],
                [new("n1", "idle", "none")],
                [
                    .. arrays,
                    new(
                        14,
                        "times",
                        new Dictionary<int, IReadOnlyList<string>> { [0] = [graph.Items[^1].Key] }
                    ),
                ],
                []
            )
        );
    }

    [Theory]
    [InlineData(132, 4, true)]
    [InlineData(137, 4, false)]
    [InlineData(3, 2, false)]
    public void What_is_lost_is_submitted_some_times_what_is_refused_once_more_and_never_to_a_node_that_failed(
        int code,
        int submitted,
        bool excluded
    )
    {
        StudyGraph graph = Graph("""["E"]""", "[1]");
        Store store = Store.Open(_toy["store"]);
        SlurmSubmission submission = new(store, graph.Name);
        int arrays = 0,
            ofRoots = 0;
        List<string> notes = [];

        // A cluster that takes every job, and on whose one node each ends in the same way at once.
        Slurm slurm = new(
            (program, arguments) =>
            {
                if (program != "sbatch")
                {
                    return (0, "", "");
                }

                arrays++;
                if (arguments.Count == 2)
                {
                    ofRoots++;
                    Assert.Equal(
                        excluded && ofRoots > 1,
                        File.ReadAllText(arguments[1]).Contains("#SBATCH --exclude=n1\n")
                    );
                    File.AppendAllText(
                        Path.Combine(submission.Folder, "ends"),
                        $"{arrays} 0 0 n1 {code}\n"
                    );
                }

                return (0, $"{arrays}\n", "");
            }
        );
        SlurmStudy study = new(store, graph, slurm, new(), ["espalier"], notes.Add)
        {
            FirstLook = TimeSpan.FromMilliseconds(10),
            Late = TimeSpan.Zero,
        };
        Assert.Equal(3, study.Submit().Count);
        StudyState state = study.Wait((_, _) => { }, TestContext.Current.CancellationToken);
        Assert.False(state.IsOver);
        Assert.Equal(submitted, ofRoots);
        Assert.Contains(notes, n => n.Contains($"ended with {code} on n1"));
    }

    [Fact]
    public void More_nodes_shorten_a_study_until_its_longest_chain_is_all_that_is_left()
    {
        GraphItem a = new(new string('a', 64), false, [], "O", "toy", 1, 100),
            b = new(new string('b', 64), false, [a.Key], "E", "toy", 1, 200),
            c = new(new string('c', 64), false, [a.Key], "P", "toy", 1, 60),
            times = new(new string('d', 64), true, [b.Key, c.Key], "batch 1", "toy", 1, 10);
        StudyGraph graph = new("toy", "avx2", [a, b, c, times]);
        Assert.Equal(100 / 2 + 200 / 2 + 60 / 2 + 10, ClusterTime.Seconds(graph, 1, 2));
        Assert.Equal(100 / 2 + 200 / 2 + 10, ClusterTime.Seconds(graph, 2, 2));
        Assert.Equal(ClusterTime.Seconds(graph, 2, 2), ClusterTime.Seconds(graph, 9, 2));
        Assert.Equal(0, ClusterTime.Seconds(graph with { Items = [] }, 3, 2));
    }

    [Fact]
    public void A_study_as_a_shell_script_is_made_by_it_whole_and_found_when_it_runs_again()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "A script of the shell.");
        string recipe = _toy.Write("""["EL"]""", "[1]");
        string script = CommandLine
            .Run(
                "study",
                recipe,
                "--emit",
                "script",
                "--store",
                _toy["store"],
                "--output",
                _toy["out"]
            )
            .Succeeds()
            .Out;
        Assert.Contains("stages to make", script);
        Parses(script);
        File.WriteAllText(_toy["study.sh"], script);
        foreach (string expected in (string[])["made.", "is in the store."])
        {
            ProcessStartInfo start = new("sh", [_toy["study.sh"]]) { RedirectStandardError = true };
            start.Environment["TMPDIR"] = _toy.Folder;
            start.Environment["XDG_RUNTIME_DIR"] = "";
            using Process process = Process.Start(start)!;
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, error);
            Assert.Contains(expected, error);
        }

        Study study = _toy.Open(recipe);
        Study alone = _toy.Open(recipe, "alone");
        Assert.Equal(_toy.Make(alone), _toy.Make(study));
    }

    [Fact]
    public void Options_of_a_cluster_need_one()
    {
        string recipe = _toy.Write("""["E"]""", "[1]");
        CommandLine
            .Run("study", recipe, "--partition", "long", "--on", "slrum")
            .Refuses(ExitCode.Usage, "did you mean 'slurm'");
        CommandLine
            .Run("study", recipe, "--wait", "--store", _toy["store"])
            .Refuses(ExitCode.Usage, "--on slurm");
        CommandLine
            .Run("study", recipe, "--on", "slurm", "--emit", "script")
            .Refuses(ExitCode.Usage, "give one of them");
        Outcome plan = CommandLine
            .Run(
                "study",
                recipe,
                "--on",
                "slurm",
                "--cores",
                "4",
                "--dry-run",
                "--store",
                _toy["store"]
            )
            .Succeeds();
        Assert.Contains("3 job arrays with 3 jobs, 1 of them measure", plan.Out);
        Assert.Contains("With 4 cores a node: 1 nodes", plan.Out);
        Assert.False(Directory.Exists(_toy["store"]));
    }

    StudyGraph Graph(string pipelines, string seeds)
    {
        Study study = _toy.Open(_toy.Write(pipelines, seeds), "graph");
        return StudyGraph.Of(study, StudyEstimate.Of(study, 2));
    }

    static void Parses(string script)
    {
        string file = Path.GetTempFileName();
        File.WriteAllText(file, script);
        foreach (string shell in (string[])["dash", "bash"])
        {
            using Process process = Process.Start(
                new ProcessStartInfo(shell, ["-n", file]) { RedirectStandardError = true }
            )!;
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, $"{shell}: {error}");
        }

        File.Delete(file);
    }
}
