using System.CommandLine;
using Espalier.Cli.Parsing;
using Espalier.Cli.Reports;
using Espalier.Runs.Clusters;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;

namespace Espalier.Cli.Commands;

/// <summary>The jobs of a study that was given to Slurm: what they do, what they said, and what keeps them.</summary>
sealed class JobsCommand : EspalierCommand
{
    static readonly string[] Verbs = ["ls", "logs", "cancel", "doctor"];

    readonly Argument<string> _verb = new Argument<string>("ACTION")
    {
        Description =
            "ls: every stage, its state and its job; logs: what the last job of a stage said; cancel: take the study's jobs out of the queue; doctor: what keeps them, and the line that mends it.",
    }.Among(Verbs);
    readonly Argument<string> _store = new("STORE")
    {
        Description = "The folder of the store that the study was submitted with.",
    };
    readonly Argument<string?> _key = new("KEY")
    {
        Description = "With logs: the stage, by its key or the beginning of it.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public JobsCommand()
        : base("jobs", "See, cancel and mend the jobs of a study on a Slurm cluster.")
    {
        Add(_verb);
        Add(_store);
        Add(_key);
    }

    public override IReadOnlyList<string> Examples { get; } =
    [
        "espalier jobs ls orders/store",
        "espalier jobs logs orders/store 3f29c1d08a77",
        "espalier jobs doctor orders/store",
        "espalier jobs cancel orders/store",
    ];

    public override void Check(ParseResult parse, Terminal terminal, Problems problems)
    {
        string? verb = parse.ValueOf(_verb);
        if (verb is not null && !Verbs.Contains(verb))
        {
            problems.Usage(OptionValues.NoneOf("ACTION", verb, Verbs));
        }

        if (verb == "logs" != parse.ValueOf(_key) is not null && verb is not null)
        {
            problems.Usage(
                verb == "logs"
                    ? "KEY is missing; 'espalier jobs ls' shows the keys of all stages."
                    : $"{verb} takes no KEY; it is about all jobs of the store's studies."
            );
        }

        if (parse.ValueOf(_store) is { } store)
        {
            problems.NeedFolder("STORE", store);
        }
    }

    public override int Run(ParseResult parse, Terminal terminal, CancellationToken stop)
    {
        Store store = Store.Open(parse.GetValue(_store)!, create: false);
        if (parse.GetValue(_verb) == "logs")
        {
            return Logs(terminal, store, parse.GetValue(_key)!);
        }

        Slurm slurm = new();
        IReadOnlyList<SlurmJob> queue = slurm.Queue();
        int code = ExitCode.Ok;
        IReadOnlyList<string> submitted = SlurmSubmission.Studies(store);
        if (submitted.Count == 0)
        {
            terminal.Say($"{store.Folder}: nothing was submitted from it.");
        }

        foreach (
            WrittenStudy study in WrittenStudy
                .All(store)
                .Where(s => submitted.Contains(s.Graph.Name))
        )
        {
            SlurmSubmission submission = new(store, study.Graph.Name);
            IReadOnlyList<SubmittedArray> arrays = submission.Arrays();
            HashSet<int> ids = [.. arrays.Select(a => a.Id)];
            SlurmJob[] jobs = [.. queue.Where(j => ids.Contains(j.Array))];
            StudyState state = StudyState.Of(store, study.Graph);
            switch (parse.GetValue(_verb))
            {
                case "ls":
                    List(terminal, study, state, jobs, arrays);
                    break;
                case "cancel":
                    Cancel(terminal, study, slurm, jobs);
                    break;
                default:
                    code = Math.Max(
                        code,
                        Doctor(
                            terminal,
                            study,
                            SlurmDoctor.Look(
                                state,
                                jobs,
                                slurm.Nodes(),
                                arrays,
                                submission.BadNodes()
                            )
                        )
                    );
                    break;
            }
        }

        return code;
    }

    static int Logs(Terminal terminal, Store store, string key)
    {
        var (study, item) = WrittenStudy.Find(store, key);
        SlurmSubmission submission = new(store, study.Graph.Name);
        string[] logs =
        [
            .. submission
                .Arrays()
                .SelectMany(a => a.Tasks.Select(t => (a.Id, Index: t.Key, Keys: t.Value)))
                .Where(t => t.Keys.Contains(item.Key))
                .Select(t => submission.LogOf(t.Id, t.Index)),
        ];
        string log =
            logs.FirstOrDefault(File.Exists)
            ?? throw new InvalidDataException(
                $"{item}: no job of it has written anything yet; 'espalier jobs ls {store.Folder}' shows where it is."
            );
        terminal.Tell($"{item}: {log}");
        foreach (string line in File.ReadLines(log))
        {
            terminal.Out.WriteLine(Shown.Whole(line));
        }

        return ExitCode.Ok;
    }

    static void List(
        Terminal terminal,
        WrittenStudy study,
        StudyState state,
        IReadOnlyList<SlurmJob> jobs,
        IReadOnlyList<SubmittedArray> arrays
    )
    {
        Dictionary<string, SlurmJob> jobOf = [];
        foreach (SlurmJob job in jobs)
        {
            foreach (
                string key in arrays
                    .First(a => a.Id == job.Array)
                    .Tasks.GetValueOrDefault(job.Index, [])
            )
            {
                jobOf[key] = job.IsRunning ? job : jobOf.GetValueOrDefault(key, job);
            }
        }

        terminal.Write(
            ["what", "task", "seed", "key", "state", "job", "node"],
            state.Items.Select(i =>
                new[]
                {
                    i.Item.Measures ? $"times, {i.Item.Pipeline}" : i.Item.Pipeline,
                    i.Item.Task,
                    $"{i.Item.Seed}",
                    i.Item.Key[..12],
                    $"{i.State}".ToLowerInvariant(),
                    !StudyState.IsOverIn(i.State)
                    && jobOf.TryGetValue(i.Item.Key, out SlurmJob? job)
                        ? $"{job.Id} {job.State}{(job.IsRunning ? "" : $" ({job.Reason})")}"
                        : "",
                    i.Owner?.Host ?? "",
                }
            )
        );
        terminal.Say(SlurmProgress.Of(study.Graph, state, jobs));
    }

    static void Cancel(Terminal terminal, WrittenStudy study, Slurm slurm, SlurmJob[] jobs)
    {
        if (jobs.Length > 0)
        {
            slurm.Cancel([.. jobs.Select(j => $"{j.Array}").Distinct()]);
        }

        terminal.Say(
            $"{study.Graph.Name}: {jobs.Length} jobs cancelled; what runs saves itself, and the study goes on from there when it is submitted again."
        );
    }

    static int Doctor(Terminal terminal, WrittenStudy study, IReadOnlyList<Ailment> found)
    {
        foreach (Ailment ailment in found)
        {
            terminal.Say(ailment.Sentence);
            terminal.Out.WriteLine($"    {ailment.Line}");
        }

        terminal.Say(
            found.Count == 0
                ? $"{study.Graph.Name}: nothing keeps it."
                : $"{study.Graph.Name}: {found.Count} things to mend."
        );
        return found.Count == 0 ? ExitCode.Ok : ExitCode.BelowBar;
    }
}
