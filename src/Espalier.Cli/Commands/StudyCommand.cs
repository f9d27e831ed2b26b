using System.CommandLine;
using Espalier.Cli.Parsing;
using Espalier.Cli.Reports;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;

namespace Espalier.Cli.Commands;

/// <summary>Tasks × pipelines × seeds: each stage made once, all models of a task and seed measured side by side.</summary>
sealed class StudyCommand : EspalierCommand
{
    readonly CommonOptions _common = new();
    readonly Elsewhere _elsewhere = new();
    readonly Argument<string> _recipe = new("RECIPE")
    {
        Description =
            "A JSON file with model, tasks, pipelines and seeds; docs/study-json.md describes it.",
    };
    readonly Option<string?> _store = OptionValues.Text(
        "--store",
        "folder",
        "Where finished work lies, for several studies if you like; the output's folder 'store' by default."
    );
    readonly Option<string?> _output = OptionValues.Text(
        "--output",
        "folder",
        "Where measurements.json and .csv go; a folder called like the recipe, beside it, by default.",
        "-o"
    );
    readonly Option<int> _processes = TrainingProcesses.Asked();
    readonly Option<bool> _dryRun = new("--dry-run")
    {
        Description = "Print the stages, which are done, and what the rest will take; run nothing.",
    };

    public StudyCommand()
        : base(
            "study",
            "Run a recipe of tasks, pipelines and seeds, and measure all models side by side."
        )
    {
        Add(_recipe);
        AddAll([
            _store,
            _output,
            _dryRun,
            _common.Jobs,
            _processes,
            _common.Threads,
            _common.TeacherCache,
            _common.Format,
            .. _elsewhere.Options,
        ]);
    }

    public override IReadOnlyList<string> Examples { get; } =
    [
        "espalier study orders.json --dry-run",
        "espalier study orders.json",
        "espalier study orders.json --store stores/shared --output results",
        "espalier study orders.json --on slurm --time 4:00:00 --wait",
    ];

    public override void Check(ParseResult parse, Terminal terminal, Problems problems)
    {
        _common.CheckFormat(parse, problems);
        _elsewhere.Check(parse, problems);
        CommonOptions.CheckKernels(terminal, problems);
        if (parse.ValueOf(_recipe) is not { } recipe)
        {
            return;
        }

        problems.NeedFile("RECIPE", recipe);
        if (!parse.ValueOf(_dryRun))
        {
            problems.NeedWritable("--output", Output(parse, recipe));
            problems.NeedWritable("--store", StoreFolder(parse, recipe));
        }
    }

    public override int Run(ParseResult parse, Terminal terminal, CancellationToken stop)
    {
        string path = parse.GetValue(_recipe)!;
        int threads = parse.GetValue(_common.Threads);
        StudyRecipe recipe = UsageException.Of(() =>
            StudyRecipeFile.Read(
                path,
                name =>
                    name == CommonOptions.BuiltInModel
                        ? CommonOptions.FolderOf(name, terminal)
                        : null,
                terminal.Hub()
            )
        );
        foreach (TaskData data in recipe.Tasks)
        {
            foreach (string warning in data.Warnings)
            {
                terminal.Tell($"{data.Task.Name}: {warning}");
            }
        }

        KernelFamily kernels = CommonOptions.KernelsOf(terminal);
        string storeFolder = StoreFolder(parse, path),
            output = Output(parse, path);
        UsageException.Of(() => kernels.In(recipe.Precision));
        UsageException.Of(() =>
            TrainingProcesses.Check(parse, _processes, recipe.Training, terminal)
        );
        using TrainingProcesses processes = TrainingProcesses.Of(
            parse,
            _processes,
            terminal,
            storeFolder
        );
        Study study = new(
            recipe,
            Store.Open(storeFolder, write: !parse.GetValue(_dryRun) && !processes.Follows),
            kernels,
            Machine.Here(kernels, threads),
            terminal.Time
        );
        if (processes.Follows)
        {
            return processes.Follow(
                study,
                MachineTurn.Here(null),
                _common.TeacherBytes(parse),
                stop
            );
        }

        StudyEstimate estimate = StudyEstimate.Of(study, threads);
        if (parse.GetValue(_dryRun))
        {
            bool json = _common.IsJson(parse);
            StudyReport.WritePlan(terminal, estimate, storeFolder, json);
            terminal.Say(json ? [] : _elsewhere.Plan(parse, study, estimate));
            return ExitCode.Ok;
        }

        StudyResults.CheckRoom(output);
        if (_elsewhere.IsAsked(parse))
        {
            return _elsewhere.Run(parse, terminal, study, estimate, path, Finish, stop);
        }

        using ProgressLine line = new(terminal);
        StudyProgress progress = new(terminal, line, estimate);
        using var resumable = stop.Register(() =>
            progress.Tell($"Stopping; the same command goes on from here ({storeFolder}).")
        );
        MachineTurn turn = MachineTurn.Here(progress.Tell);
        StudyOutcome outcome = processes.Explaining(() =>
            study.Run(
                study.Here(
                    _common.JobsFor(parse, recipe.ModelFolder),
                    turn,
                    _common.TeacherBytes(parse),
                    processes.Meet(study.Purpose, stop)
                ),
                turn,
                progress.Listener(),
                stop
            )
        );
        line.Clear();
        return Finish(outcome);

        int Finish(StudyOutcome outcome)
        {
            StudyResults.Write(output, outcome);
            StudyReport.Write(terminal, recipe, outcome, output, _common.IsJson(parse));
            return outcome.Failures.Count == 0 ? ExitCode.Ok
                : outcome.Failures.Any(f => !f.Diverged) ? ExitCode.Refused
                : ExitCode.Diverged;
        }
    }

    string Output(ParseResult parse, string recipe) =>
        parse.ValueOf(_output)
        ?? Path.Combine(
            Path.GetDirectoryName(recipe) ?? "",
            Path.GetFileNameWithoutExtension(recipe)
        );

    string StoreFolder(ParseResult parse, string recipe) =>
        parse.ValueOf(_store) ?? Path.Combine(Output(parse, recipe), "store");
}
