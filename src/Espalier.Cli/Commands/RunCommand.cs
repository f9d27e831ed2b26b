using System.CommandLine;
using Espalier.Cli.Parsing;
using Espalier.Cli.Reports;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Operators;
using Espalier.Runs;
using Option = System.CommandLine.Option;

namespace Espalier.Cli.Commands;

/// <summary>The main job: applies the operators of a pipeline one after another and measures every stage.</summary>
sealed class RunCommand : EspalierCommand
{
    readonly CommonOptions _common = new();
    readonly Argument<string> _pipeline = new("PIPELINE")
    {
        Description =
            "Operators in order, options in brackets: DEP(heads=6)LQ; 'espalier operators' lists them.",
    };
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
    readonly Option<bool> _force = new("--force")
    {
        Description = "Run an order of operators that makes no sense, for study.",
    };

    public RunCommand()
        : base("run", "Apply a pipeline of operators to a model and measure every stage.")
    {
        _batch.DefaultValueFactory = _ => 1;
        Add(_pipeline);
        foreach (
            Option option in (Option[])
                [.. _common.All, _common.Precision, .. _training.All, _batch, _effort, _force]
        )
        {
            Add(option);
        }
    }

    public override IReadOnlyList<string> Examples { get; } =
    [
        "espalier run DEPLQ",
        "espalier run \"EP(heads=6,ffn=0.4)LQ\" --task mrpc --data glue/MRPC --model all-MiniLM-L6-v2",
        "espalier run DLQ --train train.csv --test test.csv --text review --label stars --output runs/stars",
    ];

    public override void Check(ParseResult parse, Terminal terminal, Problems problems)
    {
        _common.CheckModel(parse, terminal, problems);
        _common.CheckData(parse, problems, training: true);
        _common.CheckFormat(parse, problems);
        _common.CheckPrecision(parse, terminal, problems);
        problems.NeedWritable("--output", parse.ValueOf(_common.Output) ?? "runs");
        problems.Try(() => CheckPipeline(parse, problems));
        problems.Try(() => Effort.Parse(parse.ValueOf(_effort) ?? "full"));
        problems.Try(() => _training.Of(parse));
    }

    public override int Run(ParseResult parse, Terminal terminal, CancellationToken stop)
    {
        KernelFamily kernels = CommonOptions.KernelsOf(terminal),
            training = _common.PreciseKernels(parse, terminal);
        Machine machine = Machine.Here(kernels, parse.GetValue(_common.Threads));
        TaskData data = _common.Source(parse).Load();
        foreach (string warning in data.Warnings)
        {
            terminal.Tell(warning);
        }

        // What would be found out only after the first training.
        _ = data.HoldOut();
        int length = _common.Length(parse, terminal, data.Task.HasPairs);
        Recipe recipe = new(
            _training.From(parse, Pipeline.Parse(parse.GetValue(_pipeline)!)),
            data,
            _common.ModelFolder(parse, terminal),
            _training.Of(parse),
            parse.GetValue(_common.Seed)
        )
        {
            MaxLength = length,
            BatchSize = parse.GetValue(_batch),
            Effort = Effort.Parse(parse.GetValue(_effort)!),
        };
        StageMaking.CheckClassifier(recipe.Pipeline, recipe.ModelFolder, data.Task);
        IReadOnlyList<StageKey> keys = recipe.Keys(training.Name);
        string folder = parse.GetValue(_common.Output) ?? DefaultFolder(recipe, keys[^1]);
        using ProgressLine progress = new(terminal);
        RunListener listener = Listen(terminal, progress);
        using IDisposable mine = RunFolder.Take(folder, recipe, keys, listener.Note, stop);
        using Workers workers = new(parse.GetValue(_common.Threads));
        using var resumable = stop.Register(() =>
            terminal.Tell($"Stopping; the same command goes on from here ({folder}).")
        );
        IReadOnlyList<Stage> stages = new Runner(workers, training, terminal.Time).Run(
            recipe,
            folder,
            listener,
            stop
        );
        MeasuredStages measured = new StageMeasuring(
            workers,
            kernels,
            machine,
            terminal.Time
        ).Measure(recipe, stages, listener, stop);
        progress.Clear();
        RunFolder.Write(folder, recipe, training.Name, measured);
        if (_common.IsJson(parse))
        {
            terminal.Out.Write(
                System.Text.Encoding.UTF8.GetString(
                    RunFolder.Json(folder, recipe, training.Name, measured.Stages)
                )
            );
        }
        else
        {
            RunReport.Write(terminal, recipe, measured.Stages, folder);
        }

        return ExitCode.Ok;
    }

    static RunListener Listen(Terminal terminal, ProgressLine progress)
    {
        void Tell(string sentence)
        {
            progress.Clear();
            terminal.Tell(sentence);
        }

        return new RunListener
        {
            Note = Tell,
            Stage = (pipeline, done) =>
                Tell(done ? $"{pipeline}: done before, read" : $"{pipeline} …"),
            Training = (pipeline, p) =>
                progress.Report(
                    pipeline,
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

        Pipeline pipeline = _training.From(parse, Pipeline.Parse(text));
        foreach (
            string input in pipeline.Operators.SelectMany(o => o.Inputs).Where(i => !Path.Exists(i))
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

    static string DefaultFolder(Recipe recipe, StageKey key)
    {
        return Path.Combine(
            "runs",
            $"{recipe.Pipeline.Letters}-{recipe.Data.Task.Name}-{key.Hex[..8]}"
        );
    }
}
