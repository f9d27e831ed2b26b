using System.CommandLine;
using Espalier.Cli.Parsing;
using Espalier.Cli.Reports;
using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Tensors;

namespace Espalier.Cli.Commands;

/// <summary>How fast a model answers on this machine, and how near that is to what the machine can do.</summary>
sealed class BenchCommand : EspalierCommand
{
    readonly CommonOptions _common = new();
    readonly Option<string> _shapes = new("--shapes")
    {
        Description = "Batches to time: examples x tokens, separated by commas.",
        HelpName = "list",
        DefaultValueFactory = _ => "1x40,32x40,8x128",
    };
    readonly Option<string?> _precision = OptionValues.Text(
        "--precision",
        "list",
        $"Of {string.Join(", ", NumberFormat.Names)}, separated by commas; without it all that this machine has."
    );

    public BenchCommand()
        : base("bench", "Time a model on this machine: batches of several shapes and precisions.")
    {
        AddAll([_common.Model, _shapes, _precision, _common.Threads, _common.Format]);
    }

    public override IReadOnlyList<string> Examples { get; } =
    [
        "espalier bench",
        "espalier bench --model my-model --shapes 1x16,64x128 --precision fp32,int8",
        "espalier bench --model my-model --threads 1 --format json",
    ];

    public override void Check(ParseResult parse, Terminal terminal, Problems problems)
    {
        _common.CheckModel(parse, terminal, problems);
        _common.CheckFormat(parse, problems);
        problems.Try(() => Shapes(parse));
        problems.Try(() => Formats(parse, CommonOptions.KernelsOf(terminal)));
    }

    public override int Run(ParseResult parse, Terminal terminal, CancellationToken stop)
    {
        KernelFamily kernels = CommonOptions.KernelsOf(terminal);
        BatchShape[] shapes = Shapes(parse);
        IReadOnlyList<NumberFormat> formats = Formats(parse, kernels);
        string folder = _common.ModelFolder(parse, terminal);
        if (ModelFolder.Config(folder).IsLanguage)
        {
            return RunLanguage(folder, kernels, parse, terminal, stop);
        }

        Model model = Load(folder);
        if (Array.Find(shapes, s => s.Tokens > model.Config.MaxLength) is { } longer)
        {
            throw new UsageException(
                $"--shapes has {longer}, and the model in {folder} reads at most {model.Config.MaxLength} tokens."
            );
        }

        using Workers workers = new(parse.GetValue(_common.Threads));
        Machine machine = Machine.Here(kernels, workers.Threads);
        using ProgressLine progress = new(terminal);
        ModelSpeeds speeds = ModelSpeeds.Measure(
            model,
            shapes,
            formats,
            workers,
            terminal.Time,
            share => progress.Report("bench", share),
            stop
        );
        progress.Clear();
        new SpeedReport(folder, speeds, machine).Write(terminal, _common.IsJson(parse));
        return ExitCode.Ok;
    }

    /// <summary>In the form that its weights have: a prompt that is read, and a text that is written.</summary>
    int RunLanguage(
        string folder,
        KernelFamily kernels,
        ParseResult parse,
        Terminal terminal,
        CancellationToken stop
    )
    {
        foreach (Option option in (ReadOnlySpan<Option>)[_shapes, _precision])
        {
            if (parse.Has(option))
            {
                throw new UsageException(
                    $"{option.Name} is of encoders; a language model is timed with a prompt of {LanguageSpeeds.PromptTokens} tokens and a text of {LanguageSpeeds.WrittenTokens}, in the form of its weights."
                );
            }
        }

        using Workers workers = new(parse.GetValue(_common.Threads));
        Machine machine = Machine.Here(kernels, workers.Threads);
        using ProgressLine progress = new(terminal);
        LanguageSpeeds speeds = LanguageSpeeds.Measure(
            ModelFolder.Load(folder, asStored: true).Model,
            workers,
            kernels,
            terminal.Time,
            share => progress.Report("bench", share),
            stop
        );
        progress.Clear();
        new LanguageSpeedReport(folder, speeds, machine).Write(terminal, _common.IsJson(parse));
        return ExitCode.Ok;
    }

    /// <summary>An encoder that nobody fine-tuned gets a classifier of two classes: it takes next to no time.</summary>
    static Model Load(string folder) =>
        ModelFolder
            .Load(
                folder,
                ModelFolder.HasClassifier(folder)
                    ? null
                    : new Answers(["0", "1"], false, new Rng(1))
            )
            .Model;

    BatchShape[] Shapes(ParseResult parse) =>
        Listed(_shapes, parse.ValueOf(_shapes) ?? "", BatchShape.Parse);

    IReadOnlyList<NumberFormat> Formats(ParseResult parse, KernelFamily kernels) =>
        parse.ValueOf(_precision) is { } list
            ? Listed(_precision, list, name => NumberFormat.Of(name, kernels))
            : NumberFormat.All(kernels);

    static T[] Listed<T>(Option option, string list, Func<string, T> parse)
    {
        T[] values = [.. list.Split(',').Select(parse)];
        return values.GroupBy(v => $"{v}").FirstOrDefault(g => g.Count() > 1) is { } twice
            ? throw new ArgumentException($"{option.Name} has {twice.Key} twice; name each once.")
            : values;
    }
}
