using System.CommandLine;
using Espalier.Analysis;
using Espalier.Analysis.Choosing;
using Espalier.Checkpoints;
using Espalier.Cli.Parsing;
using Espalier.Cli.Reports;
using Espalier.Data;
using Espalier.Operators;
using Espalier.Planning;
using Espalier.Planning.Judging;
using Espalier.Runs.Studies;
using Espalier.Tensors;
using Option = System.CommandLine.Option;

namespace Espalier.Cli.Commands;

/// <summary>Which pipeline fits a budget: trains only what may win, and says why the others were rejected.</summary>
sealed class PlanCommand : EspalierCommand
{
    readonly CommonOptions _common = new();
    readonly BudgetFlags _budget = new();
    readonly TrainingFlags _training = new();
    readonly Option<string?> _seeds = OptionValues.Text(
        "--seeds",
        "list",
        "The search uses the first, and the finalists are made with the others too: 1,2,3 by default, and with --replay all there are."
    );
    readonly Option<int> _batch = OptionValues.Number(
        "--batch",
        "Examples handed over at once while time is measured; 1 by default.",
        1,
        TrainingFlags.MostBatch
    );
    readonly Option<string> _first = new("--first")
    {
        Description = "The original with its options, which all pipelines begin with.",
        HelpName = "pipeline",
        DefaultValueFactory = _ => $"{Pipeline.Original}",
    };
    readonly Option<bool> _fixedOptions = new("--fixed-options")
    {
        Description = "Search pipelines of operators as they are by default, not their options.",
    };
    readonly Option<bool> _orders = new("--orders")
    {
        Description =
            $"Search {OrderRule.Letters(Group.I)} in every order that makes sense, not in the usual one alone.",
    };
    readonly Option<int> _most = OptionValues.Number(
        "--max-trainings",
        "Most models that are trained for each seed, settled or not.",
        1,
        100_000
    );
    readonly Option<int> _processes = TrainingProcesses.Asked();
    readonly Option<string?> _store = OptionValues.Text(
        "--store",
        "folder",
        "Where finished work lies, shared with studies if you like; the output's folder 'store' by default."
    );
    readonly Option<string?> _output = OptionValues.Text(
        "--output",
        "folder",
        "Where plan.json, the measurements and the chosen model go; runs/plan-TASK by default.",
        "-o"
    );
    readonly Option<string?> _replay = OptionValues.Text(
        "--replay",
        "path",
        "Train nothing: look trials up in the measurements of a study, and compare the answer with the best of all."
    );

    readonly Option<bool> _baselines = new("--baselines")
    {
        Description =
            "With --replay: judge the planner on seeds that it did not plan with, beside baselines with as many trials.",
    };

    public PlanCommand()
        : base("plan", "Find the pipeline that fits a budget, training only what may win.")
    {
        AddAll([
            .. _budget.All,
            .. Making,
            _common.Task,
            _seeds,
            _batch,
            _output,
            _replay,
            _baselines,
            _common.Format,
        ]);
    }

    public override IReadOnlyList<string> Examples { get; } =
    [
        "espalier plan --max-ms 2 --min-accuracy 0.88",
        "espalier plan --max-mb 30 --task mrpc --data glue/MRPC --model all-MiniLM-L6-v2 --first \"O(pool=mean)\"",
        "espalier plan --max-perplexity 25 --max-mb 100 --task wikitext2 --data wikitext-2 --model SmolLM2-135M",
        "espalier plan --max-ms 2 --replay studies/commutativity/sentiment/measurements.json",
    ];

    /// <summary>What trials are made with; nothing of it is obeyed where they are looked up.</summary>
    IReadOnlyList<Option> Making =>
        [
            _common.Model,
            .. _common.DataOptions.Skip(1),
            _first,
            _fixedOptions,
            _orders,
            _most,
            .. _training.All,
            _processes,
            _common.Precision,
            _common.MaxLength,
            _common.Threads,
            _common.Jobs,
            _common.TeacherCache,
            _store,
        ];

    public override void Check(ParseResult parse, Terminal terminal, Problems problems)
    {
        if (!parse.GetValue(_baselines))
        {
            _budget.Check(
                parse,
                parse.Has(_replay) ? null : _common.Source(parse).Primary,
                problems
            );
        }
        else if (!parse.Has(_replay))
        {
            problems.Usage(
                "--baselines judges by a study in which everything was measured; give it with --replay."
            );
        }

        _common.CheckFormat(parse, problems);
        problems.Try(() => Seeds(parse));
        if (parse.ValueOf(_replay) is { } replay)
        {
            CheckReplay(parse, replay, problems);
            return;
        }

        _common.CheckModel(parse, terminal, problems);
        _common.CheckData(parse, problems, training: true);
        _common.CheckPrecision(parse, terminal, problems);
        problems.Try(() =>
            TrainingProcesses.Check(parse, _processes, _training.Of(parse), terminal)
        );
        problems.Try(() => First(parse));
        problems.NeedWritable("--output", Output(parse));
        problems.NeedWritable("--store", StoreFolder(parse));
    }

    public override int Run(ParseResult parse, Terminal terminal, CancellationToken stop)
    {
        if (parse.GetValue(_baselines))
        {
            return Judge(parse, parse.GetValue(_replay)!, terminal);
        }

        Budget budget = _budget.Of(parse);
        (PlanResult, PlanFacts)? planned = parse.GetValue(_replay) is { } replay
            ? Replay(parse, replay, budget, terminal)
            : Train(parse, budget, terminal, stop);
        if (planned is not var (result, facts))
        {
            return ExitCode.Ok;
        }

        facts = facts with
        {
            Sureness = PlanSureness.Of(result, PlanTraining.Chance(result.Seeds).Split("sure")),
        };
        byte[] json = PlanJson.Of(result, facts);
        string? output = parse.Has(_replay) && !parse.Has(_output) ? null : Output(parse);
        if (output is not null)
        {
            AtomicFile.Write(Path.Combine(output, PlanJson.FileName), json);
        }

        if (_common.IsJson(parse))
        {
            terminal.Out.Write(System.Text.Encoding.UTF8.GetString(json));
        }
        else
        {
            PlanReport.Write(terminal, result, facts, output);
        }

        return result.MeetsBudget ? ExitCode.Ok : ExitCode.OverBudget;
    }

    (PlanResult, PlanFacts) Replay(ParseResult parse, string path, Budget budget, Terminal terminal)
    {
        RecordedTrials trials = Recorded(parse, path, budget, terminal);
        // Machines that differ, or an undefined metric, are the file's fault.
        BudgetAnswer all = UsageException.Of(() => budget.Answer(Alternatives.Of(trials.All)));
        PlanResult result = UsageException.Of(() =>
            trials.Plan(
                budget,
                PlanTraining.Chance(trials.Seeds),
                round => terminal.Tell($"Trying {round}")
            )
        );
        return (result, new PlanFacts(BestOfAll: all.Best ?? all.Nearest));
    }

    int Judge(ParseResult parse, string path, Terminal terminal)
    {
        Budget[] budgets = _budget.All.Any(parse.Has) ? [_budget.Of(parse)] : [];
        RecordedTrials trials = Recorded(parse, path, budgets.FirstOrDefault(), terminal);
        Judgement judgement = UsageException.Of(() =>
            new HeldOutJudge(trials, new Rng(1).Split("judge")).Judge(budgets)
        );
        JudgementReport.Write(terminal, judgement, trials.All[0].Task, trials.All[0].Primary.Kind);
        return ExitCode.Ok;
    }

    RecordedTrials Recorded(ParseResult parse, string path, Budget? budget, Terminal terminal)
    {
        RecordedTrials trials = new(
            path,
            MeasurementFiles.ReadAll(path),
            parse.Has(_common.Task) ? parse.GetValue(_common.Task) : null,
            parse.Has(_batch) ? parse.GetValue(_batch) : null,
            parse.Has(_seeds) ? Seeds(parse) : null
        );
        if (trials.Untimed > 0)
        {
            terminal.Tell(
                $"{trials.Untimed} measurements have no time and are left out: nothing can be chosen by them."
            );
        }

        if (trials.LeftOut > 0)
        {
            terminal.Tell(
                $"{trials.LeftOut} measurements are left out, as their efforts were not measured with all {trials.Seeds.Count} seeds."
            );
        }

        if (_budget.Problem(parse, trials.All[0].Primary.Kind) is { } problem)
        {
            throw new UsageException(problem);
        }

        if (budget?.MaxJoules is not null && trials.All.All(m => m.Joules is null))
        {
            throw new UsageException(
                $"{path} has no joules, and --max-joules limits them; leave it out."
            );
        }

        return trials;
    }

    (PlanResult, PlanFacts)? Train(
        ParseResult parse,
        Budget budget,
        Terminal terminal,
        CancellationToken stop
    )
    {
        TaskData data = _common.Source(parse, terminal).Load();
        terminal.Tell(data.Warnings);

        if (data.Task.Kind is not Corpus)
        {
            _ = data.HoldOut();
        }

        string model = _common.ModelFolder(parse, terminal);
        int length = _common.Length(parse, terminal, data.Task),
            threads = parse.GetValue(_common.Threads);
        StudyRecipe recipe = new()
        {
            Name = "plan",
            ModelFolder = model,
            Tasks = [data],
            Pipelines = [],
            Seeds = Seeds(parse),
            Training = _training.Of(parse),
            Precision = parse.GetValue(_common.Precision)!,
            MaxLength = length,
            Batches = [parse.Has(_batch) ? parse.GetValue(_batch) : 1],
        };
        string store = StoreFolder(parse);
        using TrainingProcesses processes = TrainingProcesses.Of(
            parse,
            _processes,
            terminal,
            store
        );
        PlanTraining training = new(recipe, First(parse), Output(parse), store)
        {
            FixedOptions = parse.GetValue(_fixedOptions),
            Orders = parse.GetValue(_orders),
            Most = parse.Has(_most) ? parse.GetValue(_most) : int.MaxValue,
            Jobs = _common.JobsFor(parse, model),
            Threads = threads,
            TeacherBytes = _common.TeacherBytes(parse),
            Processes = processes,
        };
        return processes.Explaining(() =>
            training.Run(budget, CommonOptions.KernelsOf(terminal), terminal, stop)
        );
    }

    void CheckReplay(ParseResult parse, string replay, Problems problems)
    {
        if (!Path.Exists(replay))
        {
            problems.Refuse($"--replay {replay}: there is no such file or folder; check the path.");
        }

        foreach (Option option in Making.Where(parse.Has))
        {
            problems.Usage($"--replay trains nothing and cannot obey {option.Name}; leave it out.");
        }

        if (parse.Has(_output))
        {
            problems.NeedWritable("--output", Output(parse));
        }
    }

    ulong[] Seeds(ParseResult parse)
    {
        string text = parse.ValueOf(_seeds) ?? "1,2,3";
        string[] parts = text.Split(',');
        ulong[] seeds =
        [
            .. parts
                .Select(p => Numeral.TryWhole(p, out ulong s) ? s : (ulong?)null)
                .OfType<ulong>()
                .Distinct(),
        ];
        return seeds.Length == parts.Length
            ? seeds
            : throw new ArgumentException(
                $"--seeds is '{text}'; whole numbers with commas between them, none twice, were expected: 1,2,3."
            );
    }

    Operator First(ParseResult parse)
    {
        string? text = parse.Has(_first) ? parse.ValueOf(_first) : null;
        return _training.From(parse, text, _common.Source(parse).Kind) is { IsOriginal: true } only
            ? only.Operators[0]
            : throw new ArgumentException(
                $"--first is '{text}'; O with its options was expected, such as O(pool=mean)."
            );
    }

    string Output(ParseResult parse) =>
        parse.ValueOf(_output) ?? Path.Combine("runs", $"plan-{_common.Source(parse).Task}");

    string StoreFolder(ParseResult parse) =>
        parse.ValueOf(_store) ?? Path.Combine(Output(parse), "store");
}
