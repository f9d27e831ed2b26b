using System.CommandLine;
using Espalier.Cli.Parsing;
using Espalier.Cli.Reports;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;

namespace Espalier.Cli.Commands;

/// <summary>Looks after the store of studies: what is in it, whether it is whole, and what may go.</summary>
sealed class StoreCommand : EspalierCommand
{
    static readonly string[] Verbs = ["ls", "verify", "gc"];

    readonly Argument<string> _verb = new Argument<string>("ACTION")
    {
        Description =
            "ls: what is finished; verify: read every byte and its hash; gc: remove what no study of the store needs.",
    }.Among(Verbs);
    readonly Argument<string> _store = new("STORE")
    {
        Description = "The folder of the store, as 'espalier study' names it.",
    };
    readonly Option<bool> _dryRun = new("--dry-run")
    {
        Description = "With gc: tell what would be removed.",
    };

    public StoreCommand()
        : base("store", "List, check or clean the finished work of studies.")
    {
        Add(_verb);
        Add(_store);
        Add(_dryRun);
    }

    public override IReadOnlyList<string> Examples { get; } =
    [
        "espalier store ls orders/store",
        "espalier store verify orders/store",
        "espalier store gc orders/store --dry-run",
    ];

    public override void Check(ParseResult parse, Terminal terminal, Problems problems)
    {
        if (parse.ValueOf(_verb) is { } verb && !Verbs.Contains(verb))
        {
            problems.Usage(OptionValues.NoneOf("ACTION", verb, Verbs));
        }

        if (parse.ValueOf(_store) is { } store)
        {
            problems.NeedFolder("STORE", store);
        }
    }

    public override int Run(ParseResult parse, Terminal terminal, CancellationToken stop)
    {
        Store store = Store.Open(parse.GetValue(_store)!, create: false);
        return parse.GetValue(_verb) switch
        {
            "ls" => List(store, terminal),
            "verify" => Verify(store, terminal, stop),
            _ => Collect(store, terminal, parse.GetValue(_dryRun)),
        };
    }

    static int List(Store store, Terminal terminal)
    {
        IReadOnlyList<StoredAction> actions = store.Actions();
        terminal.Write(
            ["what", "pipeline", "task", "seed", "key", "seconds", "MB"],
            actions
                .OrderBy(a => a.Kind)
                .ThenBy(a => a.Task, StringComparer.Ordinal)
                .ThenBy(a => a.Seed)
                .ThenBy(a => a.Pipeline, StringComparer.Ordinal)
                .Select(a =>
                    new[]
                    {
                        $"{a.Kind}".ToLowerInvariant(),
                        a.Kind == ActionKind.Measurements ? $"{a.Inputs.Count} models" : a.Pipeline,
                        a.Task,
                        $"{a.Seed}",
                        a.Key[..12],
                        $"{a.Seconds:0.0}",
                        $"{a.Bytes / 1e6:0.0}",
                    }
                )
        );
        StoredFile[] blobs = [.. actions.SelectMany(a => a.Files).DistinctBy(f => f.Sha256)];
        terminal.Say(
            $"{actions.Count} actions of {StudyRecord.All(store).Select(s => s.Name).Distinct().Count()} studies; {actions.Sum(a => a.Bytes) / 1e6:0.0} MB, "
                + $"{blobs.Sum(f => f.Bytes) / 1e6:0.0} MB on disk as equal files lie there once."
        );
        return ExitCode.Ok;
    }

    static int Verify(Store store, Terminal terminal, CancellationToken stop)
    {
        using ProgressLine progress = new(terminal);
        List<string> remarks = [];
        IReadOnlyList<string> problems = StoreCare.Verify(
            store,
            share => progress.Report("verify", share),
            stop,
            remarks.Add
        );
        progress.Clear();
        terminal.Tell(problems.Concat(remarks));

        terminal.Say(
            $"{store.Keys().Count} actions, {store.Blobs.All().Count} blobs, {StoreCare.Records(store).Count} study records and "
                + $"{StoreCare.Trainings(store).Count} unfinished trainings read, {problems.Count} problems."
        );
        return problems.Count == 0 ? ExitCode.Ok : ExitCode.Refused;
    }

    static int Collect(Store store, Terminal terminal, bool dryRun)
    {
        Garbage Find() => StoreGarbage.Unreachable(store, StoreGarbage.Wanted(store));
        void Tell(Garbage garbage, string what)
        {
            foreach (string file in garbage.Files)
            {
                terminal.Out.WriteLine(Shown.Whole(file));
            }

            terminal.Say($"{garbage.Files.Count} files, {garbage.Bytes / 1e6:0.0} MB {what}.");
        }

        if (dryRun)
        {
            Tell(Find(), "would be removed");
        }
        else
        {
            StoreGarbage.Remove(store, Find, garbage => Tell(garbage, "removed"));
        }

        return ExitCode.Ok;
    }
}
