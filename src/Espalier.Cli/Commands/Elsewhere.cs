using System.CommandLine;
using System.Globalization;
using Espalier.Cli.Clusters;
using Espalier.Cli.Parsing;
using Espalier.Cli.Reports;
using Espalier.Runs.Clusters;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;

namespace Espalier.Cli.Commands;

/// <summary>A study on machines that an engine lends, or as a file that another program runs: the options, and what they do.</summary>
sealed class Elsewhere
{
    const string Slurm = "slurm";
    const string Kubernetes = "kubernetes";
    const string Script = "script";
    const string Yaml = "yaml";
    const string Argo = "argo";
    static readonly string[] Engines = [Slurm, Kubernetes];
    static readonly string[] Forms = [Script, Yaml, Argo];

    readonly KubernetesFlags _kubernetes = new();

    readonly Option<string?> _on = OptionValues
        .Text(
            "--on",
            string.Join('|', Engines),
            "Give the study to a cluster instead of making it here; the store must lie on a disk that its nodes see under the same path."
        )
        .Among(Engines);
    readonly Option<string?> _emit = OptionValues
        .Text(
            "--emit",
            string.Join('|', Forms),
            "Write the study into the store and print what is left of it for others to run: a shell script, one line a stage; Jobs of Kubernetes; a Workflow of Argo."
        )
        .Among(Forms);
    readonly Option<bool> _wait = new("--wait")
    {
        Description =
            "With --on: stay until the study is done, submit again what was lost, and write the results; without it, the same command writes them later.",
    };
    readonly Option<string?> _partition = OptionValues.Text(
        "--partition",
        "name",
        "Of the cluster, where jobs run; its own by default."
    );
    readonly Option<string?> _time = OptionValues.Text(
        "--time",
        "limit",
        "Of each job, such as 4:00:00; a stage that takes longer is saved in time and goes on in the next job."
    );
    readonly Option<int> _array = OptionValues.Number(
        "--array",
        "Most tasks of one job array at once.",
        1,
        100_000
    );
    readonly Option<int> _cores = OptionValues.Number(
        "--cores",
        "Of a job that trains; the cluster's default where it is not given, 1 on Kubernetes.",
        1,
        1024
    );
    readonly Option<string?> _kind = OptionValues.Text(
        "--kind",
        "feature",
        "Of the nodes that measure, where a cluster has several kinds of nodes: one of the features that 'sinfo -o %f' shows, or on Kubernetes a label and its value. They are asked for whole."
    );
    readonly Option<string[]> _sbatch = new("--sbatch")
    {
        Description =
            "One more option of sbatch, such as account=physics; may be given several times.",
        HelpName = "option",
    };

    public IReadOnlyList<Option> Options =>
        [
            _on,
            _emit,
            _wait,
            _partition,
            _time,
            _array,
            _cores,
            _kind,
            _sbatch,
            .. _kubernetes.Options,
        ];

    public void Check(ParseResult parse, Problems problems)
    {
        foreach (
            var (option, values) in ((Option<string?>, string[])[])[(_on, Engines), (_emit, Forms)]
        )
        {
            if (parse.ValueOf(option) is { } value && !values.Contains(value))
            {
                problems.Usage(OptionValues.NoneOf(option.Name, value, values));
            }
        }

        if (parse.Has(_on) && parse.Has(_emit))
        {
            problems.Usage(
                "--on gives the study to a cluster and --emit prints it; give one of them."
            );
        }

        bool isPods = IsOnPods(parse);
        foreach (Option option in (Option[])[_wait, _array, _cores, _kind])
        {
            if (parse.Has(option) && !parse.Has(_on) && (!isPods || option == _wait))
            {
                problems.Usage(
                    $"{option.Name} is for a study on a cluster; give --on {Slurm} or --on {Kubernetes} too."
                );
            }
        }

        foreach (Option option in (Option[])[_partition, _time, _sbatch])
        {
            if (parse.Has(option) && parse.ValueOf(_on) != Slurm)
            {
                problems.Usage($"{option.Name} is for a study on Slurm; give --on {Slurm} too.");
            }
        }

        _kubernetes.Check(parse, isPods, parse.ValueOf(_kind), problems);
    }

    bool IsOnPods(ParseResult parse) =>
        parse.ValueOf(_on) == Kubernetes || parse.ValueOf(_emit) is Yaml or Argo;

    KubernetesOptions Pods(ParseResult parse) =>
        _kubernetes.Of(
            parse,
            parse.Has(_cores) ? parse.GetValue(_cores) : 1,
            parse.Has(_array) ? parse.GetValue(_array) : null,
            parse.GetValue(_kind)
        );

    /// <summary>Whether the study is not made in this process.</summary>
    public bool IsAsked(ParseResult parse) => parse.Has(_on) || parse.Has(_emit);

    /// <summary>What it will take there, in sentences; null where it is made here.</summary>
    public IEnumerable<string> Plan(ParseResult parse, Study study, StudyEstimate estimate)
    {
        if (!parse.Has(_on))
        {
            yield break;
        }

        StudyGraph whole = StudyGraph.Of(study, estimate),
            left = Left(study.Store, whole);
        IReadOnlyList<JobArray> arrays = JobArray.Of(whole, left);
        int cores = parse.Has(_cores) ? parse.GetValue(_cores) : Environment.ProcessorCount;
        yield return $"On {(parse.GetValue(_on) == Slurm ? "Slurm" : "Kubernetes")}: {arrays.Count} job arrays with {arrays.Sum(a => a.Tasks.Count)} jobs, {arrays.Where(a => a.Measures).Sum(a => a.Tasks.Count)} of them measure on whole nodes; "
            + $"{left.Items.Where(i => !i.Measures).Sum(i => i.CoreSeconds) / 3600:N0} core-hours.";
        int most = left.Items.Select(i => (i.Task, i.Seed)).Distinct().Count();
        List<string> hours = [];
        for (int nodes = 1, before = int.MaxValue; ; nodes *= 2)
        {
            double seconds = ClusterTime.Seconds(left, nodes, cores);
            if ((int)seconds >= before || nodes > 1 << 10)
            {
                break;
            }

            before = (int)seconds;
            hours.Add(
                $"{nodes} nodes {Shown.Duration(TimeSpan.FromSeconds(Math.Ceiling(seconds)))}"
            );
        }

        yield return most == 0
            ? "Nothing is left."
            : $"With {cores} cores a node: {string.Join(", ", hours)}; more nodes make it no faster. Waiting in the queue comes on top.";
    }

    /// <param name="finish">Writes and shows the results of a study that is done.</param>
    public int Run(
        ParseResult parse,
        Terminal terminal,
        Study study,
        StudyEstimate estimate,
        string recipe,
        Func<StudyOutcome, int> finish,
        CancellationToken stop
    )
    {
        StudyGraph whole = StudyGraph.Of(study, estimate);
        string store = Path.GetFullPath(study.Store.Folder);
        WrittenStudy.Write(study, whole, recipe);
        if (parse.Has(_emit))
        {
            StudyGraph left = Left(study.Store, whole);
            terminal.Out.Write(
                parse.GetValue(_emit) switch
                {
                    Yaml => StudyJobs.Yaml(whole, left, Pods(parse)),
                    Argo => ArgoWorkflow.Yaml(left, Pods(parse)),
                    _ => ShellScript.Of(left, Command, store),
                }
            );
            return ExitCode.Ok;
        }

        StudyState state = StudyState.Of(study.Store, whole);
        if (state.IsOver)
        {
            return Finish(state, study, finish);
        }

        using ProgressLine line = new(terminal);
        if (parse.GetValue(_on) == Kubernetes)
        {
            return OnKubernetes(parse, terminal, line, study, whole, finish, stop);
        }

        SlurmStudy cluster = new(
            study.Store,
            whole,
            new Slurm(),
            new SlurmOptions
            {
                Partition = parse.GetValue(_partition),
                Time = parse.GetValue(_time),
                AtOnce = parse.Has(_array) ? parse.GetValue(_array) : null,
                Cores = parse.Has(_cores) ? parse.GetValue(_cores) : null,
                Kind = parse.GetValue(_kind),
                Further = [.. (parse.GetValue(_sbatch) ?? []).Select(o => $"--{o}")],
            },
            Command,
            Telling(terminal, line)
        );
        IReadOnlyList<int> ids = cluster.Submit();
        if (ids.Count == 0)
        {
            // Another call's jobs stored the last of it just now.
            return Finish(StudyState.Of(study.Store, whole), study, finish);
        }

        terminal.Tell(
            $"{ids.Count} job arrays submitted, {ids[0]} to {ids[^1]}; 'espalier jobs ls {store}' shows them, and this command again goes on with what is left and writes the results."
        );
        if (!parse.GetValue(_wait))
        {
            return ExitCode.Ok;
        }

        state = cluster.Wait(
            (now, jobs) => line.Report("study", now.Share, SlurmProgress.Detail(now, jobs)),
            stop
        );
        line.Clear();
        return state.IsOver
            ? Finish(state, study, finish)
            : throw new InvalidDataException(
                $"{state.Items.Count(i => !StudyState.IsOverIn(i.State))} of {state.Items.Count} could not be done; 'espalier jobs doctor {store}' says what keeps them."
            );
    }

    int OnKubernetes(
        ParseResult parse,
        Terminal terminal,
        ProgressLine line,
        Study study,
        StudyGraph whole,
        Func<StudyOutcome, int> finish,
        CancellationToken stop
    )
    {
        using KubernetesStudy cluster = KubernetesStudy.Of(
            study.Store,
            whole,
            Pods(parse),
            terminal,
            Telling(terminal, line)
        );
        terminal.Tell(
            $"{cluster.Submit(stop)} Jobs of the study are on the cluster; 'kubectl get jobs -l {cluster.Selector}' shows them, and this command again goes on with what is left and writes the results."
        );
        if (!parse.GetValue(_wait))
        {
            return ExitCode.Ok;
        }

        StudyState state = cluster.Wait(
            now =>
                line.Report(
                    "study",
                    now.Share,
                    $"{now.Items.Count(i => StudyState.IsOverIn(i.State))} of {now.Items.Count}, {now.Count(ItemState.Running)} running"
                ),
            stop
        );
        line.Clear();
        return state.IsOver
            ? Finish(state, study, finish)
            : throw new InvalidDataException(
                $"{state.Items.Count(i => !StudyState.IsOverIn(i.State))} of {state.Items.Count} could not be done and no Job is left that tries; 'kubectl logs -l {cluster.Selector} --tail=20' says why, and the same command tries again."
            );
    }

    static Action<string> Telling(Terminal terminal, ProgressLine line) =>
        sentence =>
        {
            line.Clear();
            terminal.Tell(sentence);
        };

    /// <summary>Results of machines of one kind, or a refusal.</summary>
    static int Finish(StudyState state, Study study, Func<StudyOutcome, int> finish)
    {
        int groups = state.Items.Count(i => i.Item.Measures && i.State == ItemState.Done);
        string kind =
            state
                .Kinds.Where(k => k.Value == groups)
                .Select(k => k.Key)
                .Order(StringComparer.Ordinal)
                .FirstOrDefault()
            ?? (
                groups == 0
                    ? ""
                    : throw new InvalidDataException(
                        $"{study.Store.Folder}: times were taken on machines of {state.Kinds.Count} kinds ({string.Join(" and ", state.Kinds.Values.Select(n => string.Create(CultureInfo.InvariantCulture, $"{n} of {groups} groups")))}), and those are not compared; name one kind with --kind and remove what the others measured ('espalier store ls' shows it)."
                    )
            );
        return finish(study.Collect(kind));
    }

    static StudyGraph Left(Store store, StudyGraph whole)
    {
        StudyState state = StudyState.Of(store, whole);
        return whole.Left(i => StudyState.IsOverIn(state.Of(i.Key)));
    }

    /// <summary>How this program was started, in words that start it on another machine with the same disks.</summary>
    static IReadOnlyList<string> Command =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) is "espalier" or "Espalier.Cli"
            ? [Environment.ProcessPath!]
            :
            [
                Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
                    ? Environment.ProcessPath!
                    : "dotnet",
                Path.Combine(AppContext.BaseDirectory, "Espalier.Cli.dll"),
            ];
}
