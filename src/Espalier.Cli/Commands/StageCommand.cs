using System.CommandLine;
using System.Runtime.InteropServices;
using Espalier.Cli.Parsing;
using Espalier.Cli.Reports;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;
using Espalier.Training.Collective;

namespace Espalier.Cli.Commands;

/// <summary>Makes stages of a submitted study from their keys and the store alone: what a node of a cluster is asked for.</summary>
sealed class StageCommand : EspalierCommand
{
    // SIGUSR1, which Slurm is asked to send before a job's time is up.
    const PosixSignal Warning = (PosixSignal)10;

    static readonly string[] Verbs = ["run"];

    readonly CommonOptions _common = new();
    readonly Argument<string> _verb = new Argument<string>("ACTION")
    {
        Description =
            "run: make the stages, or measure the models, that the keys name, one after the other.",
    }.Among(Verbs);
    readonly Argument<string[]> _keys = new("KEY")
    {
        Description =
            "Keys of the study's graph, or their beginnings; 'espalier study … --emit script' shows them.",
        Arity = ArgumentArity.OneOrMore,
    };
    readonly Option<string?> _store = OptionValues.Text(
        "--store",
        "folder",
        "The store that the study was written into; nothing else is read."
    );
    readonly Option<int> _processes = TrainingProcesses.Asked();
    readonly Option<bool> _wait = new("--wait")
    {
        Description =
            "Where another process works on a stage, wait for it instead of ending with 0.",
    };

    public StageCommand()
        : base("stage", "Make single stages of a submitted study, on whatever machine.")
    {
        Add(_verb);
        Add(_keys);
        AddAll([_store, _wait, _processes, _common.Threads, _common.TeacherCache]);
    }

    public override IReadOnlyList<string> Examples { get; } =
    [
        "espalier stage run 3f29c1d08a77 --store /shared/orders",
        "espalier stage run 3f29c1d08a77 b81e07 --store /shared/orders --wait",
    ];

    public override void Check(ParseResult parse, Terminal terminal, Problems problems)
    {
        if (parse.ValueOf(_verb) is { } verb && !Verbs.Contains(verb))
        {
            problems.Usage(OptionValues.NoneOf("ACTION", verb, Verbs));
        }

        if (parse.ValueOf(_store) is { } store)
        {
            problems.NeedFolder(_store.Name, store);
        }
        else
        {
            problems.Usage($"{_store.Name} is missing; name the store that holds the study.");
        }
    }

    public override int Run(ParseResult parse, Terminal terminal, CancellationToken stop)
    {
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(
            stop
        );
        bool warned = false;
        using PosixSignalRegistration? warning = OperatingSystem.IsWindows()
            ? null
            : PosixSignalRegistration.Create(
                Warning,
                signal =>
                {
                    (signal.Cancel, warned) = (true, true);
                    ending.Cancel();
                }
            );
        Store store = Store.Open(parse.GetValue(_store)!, create: false);
        int worst = ExitCode.Ok;
        string[] keys = parse.GetValue(_keys)!;
        using TrainingProcesses processes = TrainingProcesses.Of(
            parse,
            _processes,
            terminal,
            store.Folder
        );
        Communicator? all = processes.Explaining(() =>
            processes.Meet(string.Join(' ', keys), ending.Token)
        );
        foreach (string key in keys)
        {
            try
            {
                worst = Worse(
                    worst,
                    processes.Explaining(() =>
                        RunOne(parse, terminal, store, key, all, ending.Token)
                    )
                );
            }
            catch (OperationCanceledException) when (warned && !stop.IsCancellationRequested)
            {
                terminal.Tell(
                    "Stopped before the time is up; trainings are saved, and the same command goes on."
                );
                return ExitCode.TryAgain;
            }
        }

        return worst;
    }

    int RunOne(
        ParseResult parse,
        Terminal terminal,
        Store store,
        string key,
        Communicator? all,
        CancellationToken stop
    )
    {
        var (study, item) = WrittenStudy.Find(store, key);
        using ProgressLine line = new(terminal);
        StageProgress progress = new(terminal, line, item);
        StageRun run = UsageException.Of(() =>
        {
            StageRun made = new(study, store, parse.GetValue(_common.Threads), terminal.Time)
            {
                Processes = all,
            };
            TrainingProcesses.Check(parse, _processes, made.Training, terminal);
            return made;
        });
        if (all is { IsFirst: false })
        {
            run.Follow(MachineTurn.Here(null), _common.TeacherBytes(parse), stop);
            return ExitCode.Ok;
        }

        var (end, sentence) = run.Run(
            item,
            MachineTurn.Here(progress.Tell),
            progress.Listener(),
            parse.GetValue(_wait),
            _common.TeacherBytes(parse),
            stop
        );
        all?.Announce(null);
        progress.Tell(sentence);
        return end switch
        {
            StageEnd.Missing => ExitCode.Refused,
            StageEnd.Diverged => ExitCode.Diverged,
            _ => ExitCode.Ok,
        };
    }

    /// <summary>A refusal can be mended and outweighs a divergence, which is a result.</summary>
    static int Worse(int a, int b) =>
        a == ExitCode.Refused || b == ExitCode.Refused ? ExitCode.Refused : Math.Max(a, b);
}
