using System.CommandLine;
using Espalier.Cli.Reports;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Operators;
using Espalier.Runs;
using Espalier.Training;
using Option = System.CommandLine.Option;

namespace Espalier.Cli.Commands;

/// <summary>The main job: applies the operators of a pipeline one after another and measures every stage.</summary>
sealed class RunCommand : EspalierCommand
{
    const int MostBatch = 4096;

    readonly CommonOptions _common = new();
    readonly Argument<string> _pipeline = new("PIPELINE")
    {
        Description =
            "Operators in order, options in brackets: DEP(heads=6)LQ; 'espalier operators' lists them.",
    };
    readonly Option<string> _preset = new("--preset")
    {
        Description =
            $"How stages train: {string.Join(" or ", TrainingOptions.Presets.Select(p => p.Name))}.",
        HelpName = "name",
        DefaultValueFactory = _ => TrainingOptions.Presets[0].Name,
    };
    readonly Option<int?> _epochs = new("--epochs")
    {
        Description = "Passes over the training data in each stage, instead of the preset's.",
        HelpName = "n",
    };
    readonly Option<double?> _rate = new("--rate")
    {
        Description = "Highest learning rate, instead of the preset's.",
        HelpName = "rate",
    };
    readonly Option<int?> _accumulation = new("--accumulation")
    {
        Description = "Compute each step in so many parts, to save memory.",
        HelpName = "n",
    };
    readonly Option<int> _batch = new("--batch")
    {
        Description = "Examples handed over at once while time is measured.",
        HelpName = "n",
        DefaultValueFactory = _ => 1,
    };
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
        Add(_pipeline);
        foreach (
            Option option in (Option[])
                [.. _common.All, _preset, _epochs, _rate, _accumulation, _batch, _effort, _force]
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
        _common.CheckModel(parse, problems);
        _common.CheckData(parse, problems, training: true);
        _common.CheckFormat(parse, problems);
        CommonOptions.CheckKernels(terminal, problems);
        if (parse.Errors.Count == 0)
        {
            problems.Try(() => CheckPipeline(parse, problems));
            problems.Try(() => Effort.Parse(parse.GetValue(_effort)!));
            problems.Try(() => Training(parse));
        }

        if (parse.ValueOf(_batch) is < 1 or > MostBatch)
        {
            problems.Usage(
                $"--batch is {parse.ValueOf(_batch)}; a whole number from 1 to {MostBatch} was expected."
            );
        }
    }

    public override int Run(ParseResult parse, Terminal terminal, CancellationToken stop)
    {
        KernelFamily kernels = CommonOptions.KernelsOf(terminal);
        TaskData data = _common.Source(parse).Load();
        foreach (string warning in data.Warnings)
        {
            terminal.Tell(warning);
        }

        Recipe recipe = new(
            Pipeline.Parse(parse.GetValue(_pipeline)!),
            data,
            _common.ModelFolder(parse),
            Training(parse),
            parse.GetValue(_common.Seed)
        )
        {
            MaxLength = parse.GetValue(_common.MaxLength),
            BatchSize = parse.GetValue(_batch),
            Effort = Effort.Parse(parse.GetValue(_effort)!),
        };
        IReadOnlyList<StageKey> keys = recipe.Keys(kernels.Name);
        string folder = parse.GetValue(_common.Output) ?? DefaultFolder(recipe, keys[^1]);
        RunFolder.CheckFree(folder, keys);
        using Workers workers = new(parse.GetValue(_common.Threads));
        using ProgressLine progress = new(terminal);
        RunListener listener = Listen(terminal, progress);
        IReadOnlyList<Stage> stages = new Runner(workers, kernels, terminal.Time).Run(
            recipe,
            folder,
            listener,
            stop
        );
        IReadOnlyList<MeasuredStage> measured = new StageMeasuring(
            workers,
            kernels,
            terminal.Time
        ).Measure(recipe, stages, listener, stop);
        progress.Clear();
        RunFolder.Write(folder, recipe, measured);
        if (_common.IsJson(parse))
        {
            terminal.Out.Write(
                System.Text.Encoding.UTF8.GetString(RunFolder.Json(folder, recipe, measured))
            );
        }
        else
        {
            RunReport.Write(terminal, recipe, measured, folder);
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
                    $"step {p.Step}/{p.Steps}, loss {p.Loss:0.0000}, {p.ExamplesPerSecond:0} examples/s"
                ),
            Measuring = (what, share) => progress.Report(what, share),
        };
    }

    void CheckPipeline(ParseResult parse, Problems problems)
    {
        Pipeline pipeline = Pipeline.Parse(parse.GetValue(_pipeline)!);
        if (parse.GetValue(_force))
        {
            return;
        }

        foreach (string problem in pipeline.Problems())
        {
            problems.Usage($"Pipeline '{pipeline}': {problem} --force runs it all the same.");
        }
    }

    TrainingOptions Training(ParseResult parse)
    {
        string name = parse.GetValue(_preset)!;
        TrainingOptions preset =
            TrainingOptions.Presets.FirstOrDefault(p => p.Name == name).Options
            ?? throw new ArgumentException(
                $"--preset is '{name}'; {string.Join(" or ", TrainingOptions.Presets.Select(p => p.Name))} was expected."
            );
        return preset with
        {
            Epochs = InRange("--epochs", parse.GetValue(_epochs) ?? preset.Epochs, 1, 10_000),
            Rate = InRange("--rate", parse.GetValue(_rate) ?? preset.Rate, 1e-9, 10),
            Accumulation = InRange(
                "--accumulation",
                parse.GetValue(_accumulation) ?? 1,
                1,
                preset.BatchSize
            ),
        };
    }

    static T InRange<T>(string name, T value, T least, T most)
        where T : IComparable<T> =>
        value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0
            ? value
            : throw new ArgumentException(
                $"{name} is {value}; a number from {least} to {most} was expected."
            );

    static string DefaultFolder(Recipe recipe, StageKey key)
    {
        string letters = string.Concat(recipe.Pipeline.Operators.Select(o => o.Letter));
        string name = letters.Length > 1 ? letters[1..] : letters;
        return Path.Combine("runs", $"{name}-{recipe.Data.Task.Name}-{key.Hex[..8]}");
    }
}
