using System.CommandLine;
using Espalier.Answering;
using Espalier.Checkpoints;
using Espalier.Cli.Parsing;
using Espalier.Cli.Reports;
using Espalier.Data;
using Espalier.Export;
using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Tensors;
using Espalier.Text;
using Option = System.CommandLine.Option;

namespace Espalier.Cli.Commands;

/// <summary>A model in the format of other tools: ONNX, which is run before it is shown, Hugging Face's, and GGUF.</summary>
sealed class ExportCommand : EspalierCommand
{
    const string GgufEnd = ".gguf";
    const int Texts = 100;

    // Logits are of size 1 to 10; integer products round ties otherwise where fp32 differs in its last bit.
    const double Tolerance = 1e-3;
    const double IntegerTolerance = 0.1;

    // With --int8 qdq rows are rounded in other steps than ours, with weights as the runtime decides.
    const double CoarseTolerance = 0.3;

    static readonly string[] Formats = ["onnx", "hf", "gguf"];
    static readonly string[] Types = ["f32", "f16", "bf16", "q8_0", "q4_0"];
    static readonly string[] ExitForms = Names<ExitForm>();
    static readonly string[] Int8Forms = Names<Int8Form>();

    readonly CommonOptions _common = new();
    readonly Option<string> _to = new Option<string>("--to")
    {
        Description =
            "onnx (ONNX Runtime, optimum, transformers.js), hf (transformers, in fp32) or gguf (llama.cpp, Ollama); by default gguf where --output ends so, else onnx.",
        HelpName = string.Join('|', Formats),
    }.Among(Formats);
    readonly Option<string> _type = new Option<string>("--type")
    {
        Description = "Number format of the matrices in GGUF: f32, f16, bf16, q8_0 or q4_0.",
        HelpName = "name",
        DefaultValueFactory = _ => "f16",
    }.Among(Types);
    readonly Option<string> _exits = new Option<string>("--exits")
    {
        Description =
            "Early exits in ONNX: none, outputs (the logits behind every layer), or if (a batch ends where all of its texts have left, as --effort says).",
        HelpName = string.Join('|', ExitForms),
        DefaultValueFactory = _ => "none",
    }.Among(ExitForms);
    readonly Option<string?> _effort = OptionValues.Text(
        "--effort",
        "rule",
        "How sure an exit must be for --exits if: confidence:0.9, entropy:0.3, normalized:0.5, patience:2 or exit:1."
    );
    readonly Option<string> _int8 = new Option<string>("--int8")
    {
        Description =
            "int8 in ONNX: products (MatMulInteger, rows rounded as ours are), qdq (rounded in fewer steps, less time in ONNX Runtime) or weights (QDQ of weights alone, multiplied as the runtime likes).",
        HelpName = string.Join('|', Int8Forms),
        DefaultValueFactory = _ => Int8Forms[0],
    }.Among(Int8Forms);
    readonly Option<double> _tolerance = OptionValues.Number(
        "--tolerance",
        $"Largest difference of two logits with which a file is written; by default {Tolerance}, {IntegerTolerance} where integers are multiplied, {CoarseTolerance} with --int8 qdq or weights.",
        0,
        1e6
    );

    public ExportCommand()
        : base(
            "export",
            "Write a model as ONNX, checked by running it, for transformers, or as GGUF."
        )
    {
        AddAll([
            _common.Model,
            _to,
            _common.Output,
            _exits,
            _effort,
            _int8,
            _type,
            .. _common.DataOptions,
            _tolerance,
            _common.Threads,
            _common.MaxLength,
            _common.Format,
        ]);
    }

    public override IReadOnlyList<string> Examples { get; } =
    [
        "espalier export --model runs/DEPLQ/6-DEPLQ --to onnx --output deplq",
        "espalier export --model runs/DEPLQ/6-DEPLQ --to onnx --exits if --effort entropy:0.3 --output early",
        "espalier export --model SmolLM2-135M-Instruct --to gguf --type q4_0 --output smollm2.q4_0.gguf",
    ];

    public override void Check(ParseResult parse, Terminal terminal, Problems problems)
    {
        _common.CheckModel(parse, terminal, problems);
        _common.CheckFormat(parse, problems);
        _common.CheckData(parse, problems, training: false);
        CommonOptions.CheckKernels(terminal, problems);
        foreach (
            var (option, all) in (ReadOnlySpan<(Option<string>, string[])>)
                [(_type, Types), (_exits, ExitForms), (_int8, Int8Forms), (_to, Formats)]
        )
        {
            if (parse.ValueOf(option) is { } value && !all.Contains(value))
            {
                problems.Usage(OptionValues.NoneOf(option.Name, value, all));
            }
        }

        string? output = parse.ValueOf(_common.Output);
        if (output is null)
        {
            problems.Usage(
                $"--output is missing; name a folder for ONNX, or a file that ends in {GgufEnd}."
            );
        }
        else if (Format(parse) == "gguf" != EndsInGguf(output))
        {
            problems.Usage(
                Format(parse) == "gguf"
                    ? $"--output is no file that ends in {GgufEnd}; name one."
                    : $"--output ends in {GgufEnd}, and {Format(parse)} is a folder; name one, or say --to gguf."
            );
        }

        CheckEffort(parse, problems);
        foreach (Option option in (Option[])[_exits, _int8, _tolerance])
        {
            if (Format(parse) != "onnx" && parse.Has(option))
            {
                problems.Usage($"{option.Name} is of ONNX; {Format(parse)} has nothing like it.");
            }
        }

        if (Format(parse) != "gguf" && parse.Has(_type))
        {
            problems.Usage(
                "--type is of GGUF; in ONNX weights are as the model has them (operator Q makes them int8), for transformers they are fp32."
            );
        }

        if (
            Format(parse) == "onnx"
            && problems.Sentences.Count == 0
            && OnnxRuntimeModel.Missing is { } missing
        )
        {
            problems.Refuse(missing);
        }
    }

    void CheckEffort(ParseResult parse, Problems problems)
    {
        bool needed = parse.ValueOf(_exits) == "if";
        if (parse.ValueOf(_effort) is not { } text)
        {
            if (needed)
            {
                problems.Usage(
                    "--exits if needs --effort, which says when a text leaves, such as confidence:0.9."
                );
            }

            return;
        }

        problems.Try(() =>
        {
            if (Effort.Parse(text).Rule == ExitRule.Never)
            {
                problems.Usage(
                    "--effort full never leaves early; leave --exits out, or name a rule."
                );
            }
        });
        if (!needed)
        {
            problems.Usage("--effort is of --exits if; give both.");
        }
    }

    public override int Run(ParseResult parse, Terminal terminal, CancellationToken stop)
    {
        string place = _common.ModelFolder(parse, terminal),
            output = parse.GetValue(_common.Output)!;
        return Format(parse) switch
        {
            "gguf" => ToGguf(place, output, parse, terminal),
            "hf" => ToHuggingFace(place, output, terminal),
            _ => ToOnnx(place, output, parse, terminal, stop),
        };
    }

    int ToOnnx(
        string place,
        string output,
        ParseResult parse,
        Terminal terminal,
        CancellationToken stop
    )
    {
        OnnxOptions options = new(
            Enum.Parse<ExitForm>(parse.GetValue(_exits)!, ignoreCase: true),
            parse.GetValue(_effort) is { } effort ? Effort.Parse(effort) : Effort.Full
        )
        {
            Int8 = parse.Has(_int8)
                ? Enum.Parse<Int8Form>(parse.GetValue(_int8)!, ignoreCase: true)
                : null,
        };
        using AtomicFolder folder = AtomicFolder.Begin(output);
        KernelFamily kernels = CommonOptions.KernelsOf(terminal);
        int threads = parse.GetValue(_common.Threads);
        bool language = ModelFolder.Config(place).IsLanguage;
        using LanguageModel? writer = language ? LanguageModel.Load(place, threads, kernels) : null;
        using Classifier? classifier = language ? null : Load(place, parse, threads, kernels);
        Model model = writer?.Model ?? classifier!.Model;
        terminal.Tell(writer?.Notes ?? classifier!.Notes);
        if (OnnxModel.Problems(model, options).ToArray() is { Length: > 0 } problems)
        {
            throw new UsageException(string.Join('\n', problems));
        }

        if (model.Config.HasExits && options.Exits == ExitForm.None)
        {
            terminal.Tell(
                language
                    ? "The model's early exits are left out, since the file has no form for tokens that leave; every token goes through all layers."
                    : "The model's early exits are left out; --exits outputs or if keeps them."
            );
        }

        (string task, IReadOnlyList<Example> texts) = TextsOf(parse, model.Config, terminal);
        if (texts.Any(t => t.Pair is not null))
        {
            classifier?.CheckPairs();
        }

        using ProgressLine progress = new(terminal);
        progress.Report("export", 0);
        string file = OnnxModel.Write(model, options, folder.Path);
        progress.Report("check", 0.5);
        ExportCheck check = new(file, model.Config.PadId, threads, stop);
        ExportReport report = new(
            Path.Combine(output, Path.GetRelativePath(folder.Path, file)),
            new DirectoryInfo(Path.GetDirectoryName(file)!).EnumerateFiles().Sum(f => f.Length),
            task,
            parse.Has(_tolerance) ? parse.GetValue(_tolerance)
                : options.Int8 is Int8Form.Qdq or Int8Form.Weights ? CoarseTolerance
                : OnnxModel.MultipliesIntegers(model) ? IntegerTolerance
                : Tolerance,
            writer is not null
                ? check.Language(writer, texts)
                : check.Classifier(classifier!, texts, options),
            Machine.Here(kernels, threads)
        );
        progress.Clear();
        if (report.Agrees)
        {
            File.WriteAllText(
                Path.Combine(folder.Path, ModelCard.Name),
                ModelCard.Of(
                    model,
                    options,
                    report,
                    CardFacts.Of(place),
                    Path.GetFileName(Path.TrimEndingDirectorySeparator(output))
                )
            );
            folder.Commit();
        }

        report.Write(terminal, _common.IsJson(parse));
        if (report.Agrees)
        {
            return ExitCode.Ok;
        }

        terminal.Tell(
            $"A logit differs by {report.Difference:0.0e+0}, more than the tolerance of {report.Tolerance}, so nothing was written to {output}; --tolerance allows more."
        );
        return ExitCode.BelowBar;
    }

    Classifier Load(string place, ParseResult parse, int threads, KernelFamily kernels) =>
        UsageException.Of(() =>
            Classifier.Load(
                place,
                new ClassifierOptions
                {
                    MaxLength = _common.AskedLength(parse),
                    Threads = threads,
                    Kernels = kernels,
                }
            )
        );

    /// <summary>Texts of the task, from all over its test split; their labels do not matter here.</summary>
    (string Task, IReadOnlyList<Example> Texts) TextsOf(
        ParseResult parse,
        ModelConfig config,
        Terminal terminal
    )
    {
        TaskData data = _common
            .Source(parse, terminal)
            .Load(config.IsLanguage ? null : config.Labels);
        terminal.Tell(data.Warnings);
        IReadOnlyList<Example> all = data.Test.Examples;
        int count = Math.Min(Texts, all.Count);
        return count == 0
            ? throw new InvalidDataException(
                $"The test split of {data.Task.Name} has no examples; an export is not shown before it has answered some."
            )
            : (
                data.Task.Name,
                [.. Enumerable.Range(0, count).Select(i => all[(int)((long)i * all.Count / count)])]
            );
    }

    static int ToHuggingFace(string place, string output, Terminal terminal)
    {
        using AtomicFolder folder = AtomicFolder.Begin(output);
        LoadedModel loaded = ModelFolder.Load(place);
        terminal.Tell(loaded.Notes);
        Model plain = PlainModel.Of(loaded.Model, out string? why);
        if (why is not null)
        {
            throw new UsageException(
                $"{place}: transformers cannot answer as this model does ({why}); --to onnx can."
            );
        }

        if (loaded.Model.Config.HasExits)
        {
            terminal.Tell("The model's early exits are left out; transformers has none.");
        }

        ModelFolder.Write(plain, folder.Path, Tokenizer.Load(place).Files(), DType.F32);
        folder.Commit();
        terminal.Say(
            $"{Shown.Whole(output)}: {Shown.Bytes(ModelFolder.SizeOf(output))}, {plain.Parameters.Count:#,0} weights in fp32."
        );
        return ExitCode.Ok;
    }

    int ToGguf(string place, string output, ParseResult parse, Terminal terminal)
    {
        LoadedModel loaded = ModelFolder.Load(place, asStored: true);
        terminal.Tell(loaded.Notes);
        if (loaded.Model.Config.HasExits)
        {
            terminal.Tell("The model's early exits are left out; GGUF has no form for them.");
        }

        GgufModel.Save(
            loaded.Model.WithoutExits(),
            output,
            Enum.Parse<DType>(parse.GetValue(_type)!, ignoreCase: true),
            Words(place)
        );
        terminal.Out.WriteLine(
            $"{output}: {new FileInfo(output).Length / 1e6:0.0} MB, {loaded.Model.Parameters.Count:#,0} weights."
        );
        return ExitCode.Ok;
    }

    static GgufFields Words(string place)
    {
        if (!GgufFile.Is(place))
        {
            return Tokenizer.Load(place).ToGguf();
        }

        using GgufFile file = GgufFile.Open(place);
        return file.Fields;
    }

    string Format(ParseResult parse) =>
        parse.ValueOf(_to) ?? (EndsInGguf(parse.ValueOf(_common.Output)) ? "gguf" : "onnx");

    static string[] Names<T>()
        where T : struct, Enum => [.. Enum.GetNames<T>().Select(n => n.ToLowerInvariant())];

    static bool EndsInGguf(string? path) =>
        path?.EndsWith(GgufEnd, StringComparison.OrdinalIgnoreCase) == true;
}
