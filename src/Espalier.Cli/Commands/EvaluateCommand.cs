using System.CommandLine;
using Espalier.Answering;
using Espalier.Cli.Parsing;
using Espalier.Cli.Reports;
using Espalier.Data;
using Espalier.Data.Metrics;
using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Text;

namespace Espalier.Cli.Commands;

/// <summary>Quality of a model on a task's test split, at any number of efforts from one pass.</summary>
sealed class EvaluateCommand : EspalierCommand
{
    // Long enough that threads have work, short enough that Ctrl-C and progress are prompt.
    const int BatchSize = 32;

    readonly CommonOptions _common = new();
    readonly Option<string[]> _effort = new("--effort")
    {
        Description =
            "How sure an early exit must be (full, confidence:0.9, …); several may be given. Without it: a grid.",
        HelpName = "rule",
    };
    readonly Option<double> _bar = BudgetFlags.Bar(
        "Exit code 4 when the accuracy (0 to 1) at a given effort, or at full effort, is lower; of a task that is not measured by accuracy its first metric."
    );

    public EvaluateCommand()
        : base("evaluate", "Measure the quality of a model on the test split of a task.")
    {
        AddAll([
            _common.Model,
            .. _common.DataOptions,
            _effort,
            _bar,
            _common.AnswerPrecision(),
            _common.Threads,
            _common.MaxLength,
            _common.Output,
            _common.Format,
        ]);
    }

    public override IReadOnlyList<string> Examples { get; } =
    [
        "espalier evaluate --model runs/DEPLQ/6-DEPLQ",
        "espalier evaluate --model my-model --task mrpc --data glue/MRPC --min-accuracy 0.75",
        "espalier evaluate --model SmolLM2-135M.gguf --task wikitext2 --data wikitext2 --max-length 1024",
        "espalier evaluate --model my-model --test reviews.csv --text review --label stars --effort full --effort patience:2",
    ];

    public override void Check(ParseResult parse, Terminal terminal, Problems problems)
    {
        _common.CheckModel(parse, terminal, problems);
        _common.CheckData(parse, problems, training: false);
        _common.CheckFormat(parse, problems);
        _common.CheckPrecision(parse, terminal, problems);
        foreach (string effort in parse.ValueOf(_effort) ?? [])
        {
            problems.Try(() => Effort.Parse(effort));
        }
    }

    public override int Run(ParseResult parse, Terminal terminal, CancellationToken stop)
    {
        KernelFamily kernels = _common.PreciseKernels(parse, terminal);
        double? bar = parse.Has(_bar) ? parse.GetValue(_bar) : null;
        Effort[] given = [.. (parse.GetValue(_effort) ?? []).Select(Effort.Parse)];
        Judged judged =
            _common.Source(parse).Kind is Corpus
                ? OfText(parse, given, kernels, bar, terminal, stop)
                : OfLabels(parse, bar, terminal, stop);
        ExitRecord record = judged.Record;
        IReadOnlyList<Effort> efforts = EffortsOf(given, record.Config);
        Evaluation result = new(
            judged.Folder,
            judged.Task,
            judged.Split,
            judged.MaxLength,
            record.Count,
            [
                .. efforts.Select(effort =>
                    EvaluatedEffort.Of(
                        record.At(effort),
                        judged.Task.Metrics,
                        judged.Unpadded,
                        judged.MaxLength
                    )
                ),
            ],
            Machine.Here(kernels, parse.GetValue(_common.Threads))
        );
        OutputPlace.Write(
            terminal,
            parse.GetValue(_common.Output),
            to => result.Write(to, _common.IsJson(parse))
        );
        return bar is { } share && Misses(result, share, given.Length == 0, terminal)
            ? ExitCode.BelowBar
            : ExitCode.Ok;
    }

    static IReadOnlyList<Effort> EffortsOf(Effort[] given, ModelConfig config) =>
        given.Length > 0 ? given : Efforts.Default(config);

    /// <summary>What a model said to all of a split.</summary>
    sealed record Judged(
        string Folder,
        TaskDefinition Task,
        string Split,
        int MaxLength,
        bool Unpadded,
        ExitRecord Record
    );

    Judged OfLabels(ParseResult parse, double? bar, Terminal terminal, CancellationToken stop)
    {
        using Classifier model = _common.Classifier(parse, terminal);
        var (task, split) = Encoded(
            parse,
            bar,
            terminal,
            model.Tokenizer,
            of =>
            {
                if (of.HasPairs)
                {
                    model.CheckPairs();
                }

                return model.MaxLength;
            },
            model.Config.Labels
        );
        return new Judged(
            model.Folder,
            task,
            split.Name,
            model.MaxLength,
            model.Model.Traits.DynamicLength,
            Record(model, task, split, terminal, stop)
        );
    }

    Judged OfText(
        ParseResult parse,
        Effort[] given,
        KernelFamily kernels,
        double? bar,
        Terminal terminal,
        CancellationToken stop
    )
    {
        string folder = _common.ModelFolder(parse, terminal);
        using LanguageModel model = LanguageModel.Load(
            folder,
            parse.GetValue(_common.Threads),
            kernels
        );
        terminal.Tell(model.Notes);
        int length = UsageException.Of(() =>
            TextFit.Length(folder, model.Config, _common.AskedLength(parse), new Corpus())
        );
        var (task, split) = Encoded(parse, bar, terminal, model.Tokenizer, _ => length);
        using ProgressLine progress = new(terminal);
        ExitRecord record = Whole(
            folder,
            QualityMeter.Run(
                new LanguageSession(model.Packed, model.Workers),
                model.Workers,
                split.Windows(),
                EffortsOf(given, model.Config),
                share => progress.Report("evaluate", share),
                stop
            )
        );
        progress.Clear();
        return new Judged(folder, task, split.Name, length, true, record);
    }

    /// <summary>The test split as token ids; its texts are let go, which of millions of examples are most of the memory.</summary>
    /// <param name="length">That a task's texts are cut to.</param>
    (TaskDefinition Task, EncodedSplit Test) Encoded(
        ParseResult parse,
        double? bar,
        Terminal terminal,
        Tokenizer tokenizer,
        Func<TaskDefinition, int> length,
        IReadOnlyList<string>? labels = null
    )
    {
        TaskData data = _common.Source(parse, terminal).Load(labels);
        terminal.Tell(data.Warnings);
        int longest = length(data.Task);
        return BudgetFlags.Problem(bar, data.Task.Primary) is { } problem
            ? throw new UsageException(problem)
            : (data.Task, EncodedSplit.From(data.Test, data.Task.Kind, tokenizer, longest));
    }

    static ExitRecord Whole(string folder, ExitRecord record) =>
        record.IsFinite
            ? record
            : throw new InvalidDataException(
                $"{folder}: an answer is not a number; the weights are damaged or too large."
            );

    static ExitRecord Record(
        Classifier model,
        TaskDefinition task,
        EncodedSplit split,
        Terminal terminal,
        CancellationToken stop
    )
    {
        int[]? outputs = LabelAlignment.Of(model.Config, model.Folder, task);
        if (outputs is null)
        {
            terminal.Tell(
                $"The model's classes have no names; they are taken to be in the order {string.Join(", ", task.Labels)}."
            );
        }

        if (split.Count == 0)
        {
            throw new InvalidDataException(
                $"The test split of {task.Name} has no examples; there is nothing to measure."
            );
        }

        using ProgressLine progress = new(terminal);
        ExitRecord record = QualityMeter.Run(
            model.Session,
            split.Batches(BatchSize),
            share => progress.Report("evaluate", share),
            stop
        );
        progress.Clear();
        return LabelAlignment.Reorder(
            Whole(model.Folder, record),
            task,
            outputs ?? [.. Enumerable.Range(0, model.Config.Outputs)]
        );
    }

    /// <summary>Every effort that was asked for must reach the bar; of a grid, full effort.</summary>
    static bool Misses(Evaluation result, double bar, bool grid, Terminal terminal)
    {
        bool missed = false;
        foreach (EvaluatedEffort at in grid ? result.Efforts.TakeLast(1) : result.Efforts)
        {
            Quality primary = at.Qualities[0];
            Metric metric = primary.Kind;
            if (!(primary.Worth >= metric.Worth(bar)))
            {
                terminal.Tell(
                    $"{metric.Title} at effort {at.Effort} is {(primary.Value is { } value ? $"{value:0.0000}, {(metric.MoreIsBetter ? "below" : "above")} the bar of {bar}" : $"undefined ({primary.WhyUndefined})")}."
                );
                missed = true;
            }
        }

        return missed;
    }
}
