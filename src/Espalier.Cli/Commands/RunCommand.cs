using System.CommandLine;
using Espalier.Cli.Parsing;
using Espalier.Cli.Reports;
using Espalier.Data;
using Espalier.Hub;
using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Operators;
using Espalier.Runs;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;

namespace Espalier.Cli.Commands;

/// <summary>The main job: applies the operators of a pipeline one after another and measures every stage.</summary>
sealed class RunCommand : EspalierCommand
{
    readonly CommonOptions _common = new();
    readonly Argument<string> _pipeline = new Argument<string>("PIPELINE")
    {
        Description =
            "Operators in order, options in brackets: DEP(heads=6)LQ; 'espalier operators' lists them.",
    }.Among(Operator.Letters.Select(o => o.Name).Prepend(Pipeline.Sample));
    readonly TrainingFlags _training = new();
    readonly Option<int> _batch = OptionValues.Number(
        "--batch",
        "Examples handed over at once while time is measured.",
        1,
        TrainingFlags.MostBatch
    );
    readonly Option<string> _effort = new("--effort")
    {
        Description = "Effort at which models with early exits stand in the table.",
        HelpName = "rule",
        DefaultValueFactory = _ => "confidence:0.9",
    };
    readonly Option<string?> _store = OptionValues.Text(
        "--store",
        "folder",
        "Where finished stages lie, shared with other runs and studies; inside of the output by default."
    );
    readonly Option<int> _processes = TrainingProcesses.Asked();
    readonly Option<bool> _force = new("--force")
    {
        Description = "Run an order of operators that makes no sense, for study.",
    };

    public RunCommand()
        : base("run", "Apply a pipeline of operators to a model and measure every stage.")
    {
        _batch.DefaultValueFactory = _ => 1;
        Add(_pipeline);
        AddAll([
            .. _common.All,
            _common.Precision,
            .. _training.All,
            _batch,
            _effort,
            _store,
            _common.TeacherCache,
            _processes,
            _force,
        ]);
    }

    public override IReadOnlyList<string> Examples { get; } =
    [
        "espalier run DEPLQ",
        "espalier run \"EP(heads=6,ffn=0.4)LQ\" --task mrpc --data glue/MRPC --model all-MiniLM-L6-v2",
        "espalier run \"Q(bits=8)\" --model SmolLM2-135M.gguf --task wikitext2 --data wikitext2",
        "espalier run DLQ --train train.csv --test test.csv --text review --label stars --output runs/stars",
    ];

    public override void Check(ParseResult parse, Terminal terminal, Problems problems)
    {
        _common.CheckModel(parse, terminal, problems);
        _common.CheckData(parse, problems, training: true);
        _common.CheckFormat(parse, problems);
        _common.CheckPrecision(parse, terminal, problems);
        problems.NeedWritable("--output", parse.ValueOf(_common.Output) ?? "runs");
        if (parse.ValueOf(_store) is { } store)
        {
            problems.NeedWritable("--store", store);
        }

        problems.Try(() => CheckPipeline(parse, problems));
        problems.Try(() => Effort.Parse(parse.ValueOf(_effort) ?? "full"));
        problems.Try(() =>
            TrainingProcesses.Check(parse, _processes, _training.Of(parse), terminal)
        );
    }

    public override int Run(ParseResult parse, Terminal terminal, CancellationToken stop)
    {
        KernelFamily kernels = CommonOptions.KernelsOf(terminal);
        TaskData data = _common.Source(parse, terminal).Load();
        terminal.Tell(data.Warnings);

        // What would be found out only after the first training. A text that nothing is trained on may be the only one.
        if (data.Task.Kind is not Corpus)
        {
            _ = data.HoldOut();
        }

        HubClient hub = terminal.Hub();
        Pipeline pipeline = _training
            .From(parse, parse.GetValue(_pipeline)!, data.Task.Kind)
            .With(input => ModelPlace.OfInput(input, hub));
        string model = _common.ModelFolder(parse, terminal);
        StageMaking.CheckFit(pipeline, model, data.Task);
        StudyRecipe recipe = StudyRecipe.OfRun(
            pipeline,
            data,
            model,
            _training.Of(parse),
            parse.GetValue(_common.Seed)
        ) with
        {
            Precision = parse.GetValue(_common.Precision)!,
            MaxLength = _common.Length(parse, terminal, data.Task),
            Batches = [parse.GetValue(_batch)],
            Effort = Effort.Parse(parse.GetValue(_effort)!),
        };
        Machine machine = Machine.Here(kernels, parse.GetValue(_common.Threads));
        string store = Runner.StoreOf(
            recipe,
            parse.GetValue(_common.Output),
            parse.GetValue(_store),
            kernels
        );
        using TrainingProcesses processes = TrainingProcesses.Of(
            parse,
            _processes,
            terminal,
            store
        );
        if (processes.Follows)
        {
            Store shared = Store.Open(store, write: false);
            return processes.Follow(
                new Study(recipe, shared, kernels, machine, terminal.Time),
                MachineTurn.Here(null),
                _common.TeacherBytes(parse),
                stop
            );
        }

        using ProgressLine progress = new(terminal);
        StudyListener listener = Listen(terminal, progress);
        using Runner runner = Runner.Open(
            recipe,
            parse.GetValue(_common.Output),
            parse.GetValue(_store),
            kernels,
            machine,
            terminal.Time,
            listener.Note,
            stop
        );
        using var resumable = stop.Register(() =>
            listener.Note!($"Stopping; the same command goes on from here ({runner.Folder}).")
        );
        MachineTurn turn = MachineTurn.Here(listener.Note);
        MeasuredStages measured = processes.Explaining(() =>
            runner.Run(
                runner.Here(
                    turn,
                    _common.TeacherBytes(parse),
                    processes.Meet(runner.Purpose, stop)
                ),
                turn,
                listener,
                stop
            )
        );
        progress.Clear();
        if (_common.IsJson(parse))
        {
            terminal.Out.Write(File.ReadAllText(Path.Combine(runner.Folder, RunFolder.JsonName)));
        }
        else
        {
            RunReport.Write(terminal, runner.Recipe, measured.Stages, runner.Folder);
        }

        return ExitCode.Ok;
    }

    static StudyListener Listen(Terminal terminal, ProgressLine progress)
    {
        void Tell(string sentence)
        {
            progress.Clear();
            terminal.Tell(sentence);
        }

        return new StudyListener
        {
            Note = Tell,
            Stage = (stage, state) =>
            {
                if (state is StageState.Found or StageState.Began)
                {
                    Tell(
                        $"{stage.Pipeline}{(state == StageState.Found ? ": done before, read" : " …")}"
                    );
                }
            },
            Training = (stage, p) =>
                progress.Report(
                    $"{stage.Pipeline}",
                    (double)p.Step / p.Steps,
                    $"step {p.Step}/{p.Steps}, loss {p.Loss:0.0000}, {p.ExamplesPerSecond:0} examples/s",
                    p.Left
                ),
            Measuring = (what, share) => progress.Report(what, share),
        };
    }

    void CheckPipeline(ParseResult parse, Problems problems)
    {
        if (parse.ValueOf(_pipeline) is not { } text)
        {
            return;
        }

        Pipeline pipeline = _training.From(parse, text, _common.Source(parse).Kind);
        foreach (
            string input in pipeline
                .Operators.SelectMany(o => o.Inputs)
                .Where(i => !Path.Exists(i) && !DataPlace.IsOnHub(i))
        )
        {
            problems.Refuse($"Pipeline '{pipeline}': {input} does not exist; check the path.");
        }

        if (parse.ValueOf(_force))
        {
            return;
        }

        foreach (string problem in pipeline.Problems())
        {
            problems.Usage($"Pipeline '{pipeline}': {problem} --force runs it all the same.");
        }
    }
}
