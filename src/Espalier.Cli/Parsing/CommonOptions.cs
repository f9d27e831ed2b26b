using System.CommandLine;
using Espalier.Answering;
using Espalier.Data;
using Espalier.Data.Corpora;
using Espalier.Kernels;
using Espalier.Models.Storage;
using Espalier.Text;

namespace Espalier.Cli.Parsing;

/// <summary>
/// The options that commands share, so that they are called and mean the same everywhere. A command adds those that it
/// obeys, and calls the checks that belong to them.
/// </summary>
sealed class CommonOptions
{
    /// <summary>The model that comes with Espalier.</summary>
    public const string BuiltInModel = "seedling";

    // Weights, gradients, two moments, the teacher, what is saved, and activations.
    const int TimesWeights = 10;

    static readonly string[] Formats = ["human", "json"];

    public Option<string> Model { get; } =
        new("--model", "-m")
        {
            Description =
                $"A model's folder, or owner/name of the Hugging Face hub; '{BuiltInModel}' is built in.",
            HelpName = "folder",
            DefaultValueFactory = _ => BuiltInModel,
        };

    public Option<string> Task { get; } =
        new Option<string>("--task", "-t")
        {
            Description = "A task by name; 'espalier tasks' lists them.",
            HelpName = "name",
            DefaultValueFactory = _ => Tasks.Default,
        }.Among(Tasks.All.Select(t => t.Name));

    public Option<string?> Data { get; } =
        OptionValues.Text(
            "--data",
            "folder",
            "Folder with the files of --task, or a data set of the Hugging Face hub (nyu-mll/glue); built-in tasks need none."
        );

    public Option<string?> Train { get; } =
        OptionValues.Text(
            "--train",
            "file",
            "Your own training data: .csv, .tsv, .jsonl or .parquet (also hf://datasets/owner/name/file), with the columns named by --text and --label; or running text (.txt) for a language model."
        );

    public Option<string?> Test { get; } =
        OptionValues.Text("--test", "file", "Your own test data.");

    public Option<string?> Validation { get; } =
        OptionValues.Text("--validation", "file", "Your own validation data, if there is some.");

    public Option<string?> Text { get; } =
        OptionValues.Text("--text", "column", "Column of the texts in your own files.");

    public Option<string?> TextPair { get; } =
        OptionValues.Text("--text-pair", "column", "Column of the second texts, for pairs.");

    public Option<string?> Label { get; } =
        OptionValues.Text("--label", "column", "Column of the labels.");

    public Option<bool> Regression { get; } =
        new("--regression") { Description = "Labels of your own files are numbers to predict." };

    public Option<ulong> Seed { get; } =
        With(
            OptionValues.Number("--seed", "The source of all chance.", 0UL, ulong.MaxValue),
            () => 1UL
        );

    public Option<int> Threads { get; } =
        With(
            OptionValues.Number(
                "--threads",
                "Processor threads; results do not depend on it.",
                1,
                1024
            ),
            () => Environment.ProcessorCount
        );

    public Option<int> Jobs { get; } =
        OptionValues.Number(
            "--jobs",
            "Stages that train at once, each on its share of the threads; by default one a thread, as memory allows.",
            1,
            1024
        );

    /// <summary>What a stage may lay down beside the training that it saves.</summary>
    public Option<double> TeacherCache { get; } =
        With(
            OptionValues.Number(
                "--teacher-cache",
                "GB on disk in which a stage that distils keeps what its teacher said, so that it is asked once; 0 keeps nothing, and results do not depend on it.",
                0.0,
                1e6
            ),
            () => Operators.OperatorContext.UsualTeacherBytes / 1e9
        );

    /// <summary>Of float products, in training or in answering; not all commands have it.</summary>
    public Option<string> Precision { get; } =
        new Option<string>("--precision")
        {
            Description =
                "Float products in fp32 or bf16 (fp32 weights and sums); auto takes bf16 where it is faster.",
            HelpName = string.Join('|', KernelFamily.Precisions),
            DefaultValueFactory = _ => KernelFamily.Precisions[0],
        }.Among(KernelFamily.Precisions);

    public Option<int> MaxLength { get; } =
        With(
            OptionValues.Number("--max-length", "Tokens that texts are cut to.", 1, 1 << 16),
            () => ClassifierOptions.DefaultLength
        );

    /// <summary>A folder for run, a file for the others.</summary>
    public Option<string?> Output { get; } =
        OptionValues.Text(
            "--output",
            "path",
            "Where the result goes instead of standard output; it appears whole or not at all.",
            "-o"
        );

    public Option<string> Format { get; } =
        new Option<string>("--format")
        {
            Description = "human or json.",
            HelpName = "human|json",
            DefaultValueFactory = _ => "human",
        }.Among(Formats);

    /// <summary>Which data: a task by name, or files of one's own.</summary>
    public IReadOnlyList<Option> DataOptions =>
        [Task, Data, Train, Test, Validation, Text, TextPair, Label, Regression];

    /// <summary>Everything, in the order of the help text.</summary>
    public IReadOnlyList<Option> All =>
        [Model, .. DataOptions, Seed, Threads, MaxLength, Output, Format];

    public bool IsJson(ParseResult parse) => parse.ValueOf(Format) == "json";

    public string ModelFolder(ParseResult parse, Terminal terminal, bool forText = false) =>
        FolderOf(parse.ValueOf(Model) ?? BuiltInModel, terminal, forText);

    /// <summary>--max-length where it stands in the line.</summary>
    public int? AskedLength(ParseResult parse) =>
        parse.Has(MaxLength) ? parse.GetValue(MaxLength) : null;

    /// <summary>Tokens that texts are cut to: what was asked for, else the task's usual, or less where the model reads less.</summary>
    /// <exception cref="UsageException">The model reads less than was asked for, or special tokens leave no room.</exception>
    public int Length(ParseResult parse, Terminal terminal, TaskDefinition task)
    {
        string folder = ModelFolder(parse, terminal);
        return UsageException.Of(() =>
        {
            int length = TextFit.Length(
                folder,
                Models.Storage.ModelFolder.Config(folder),
                AskedLength(parse),
                task.Kind
            );
            TextFit.CheckLength(Tokenizer.Load(folder), length, task.HasPairs);
            return length;
        });
    }

    /// <param name="terminal">Where the data will be read: what of them is on the hub is fetched with progress there.</param>
    public TaskSource Source(ParseResult parse, Terminal? terminal = null) =>
        Named(parse) with
        {
            Hub = terminal?.Hub(),
        };

    TaskSource Named(ParseResult parse) =>
        IsOwnText(parse)
            ? new TaskSource(TaskSource.OwnName, null, null)
            {
                Texts = new CorpusFiles(
                    parse.ValueOf(Test) ?? "",
                    parse.ValueOf(Train),
                    parse.ValueOf(Validation)
                ),
            }
        : IsOwnFiles(parse)
            ? new TaskSource(
                TaskSource.OwnName,
                null,
                new TableFiles(
                    parse.ValueOf(Test) ?? "",
                    parse.ValueOf(Text) ?? "",
                    parse.ValueOf(Label) ?? ""
                )
                {
                    Train = parse.ValueOf(Train),
                    Validation = parse.ValueOf(Validation),
                    TextPair = parse.ValueOf(TextPair),
                    IsRegression = parse.ValueOf(Regression),
                }
            )
        : new TaskSource(parse.ValueOf(Task) ?? Tasks.Default, parse.ValueOf(Data), null);

    public void CheckFormat(ParseResult parse, Problems problems)
    {
        if (parse.ValueOf(Format) is { } format && !Formats.Contains(format))
        {
            problems.Usage(OptionValues.NoneOf(Format.Name, format, Formats));
        }
    }

    /// <param name="forText">Only the tokenizer is asked for.</param>
    public void CheckModel(
        ParseResult parse,
        Terminal terminal,
        Problems problems,
        bool forText = false
    ) => CheckModel(parse.ValueOf(Model) ?? BuiltInModel, terminal, problems, forText);

    public static void CheckModel(
        string name,
        Terminal terminal,
        Problems problems,
        bool forText = false
    )
    {
        // What is wrong with the line is told before anything is downloaded for it.
        if (problems.Sentences.Count > 0 && ModelPlace.WouldAsk(name, terminal.Hub(), forText))
        {
            return;
        }

        try
        {
            FolderOf(name, terminal, forText);
        }
        catch (InvalidDataException e)
        {
            problems.Refuse($"--model {e.Message}");
        }
    }

    /// <param name="training">The command trains, so files of one's own need one to train on.</param>
    public void CheckData(ParseResult parse, Problems problems, bool training)
    {
        if (!IsOwnFiles(parse))
        {
            CheckTask(parse, problems);
            return;
        }

        foreach (Option other in (ReadOnlySpan<Option>)[Task, Data])
        {
            if (parse.Has(other))
            {
                problems.Usage(
                    $"{other.Name} names a task and {OwnFiles(parse)[0].Name} files of your own; give one of them."
                );
            }
        }

        Option<string?>[] needed =
            IsOwnText(parse) ? [Test]
            : training ? [Train, Test, Text, Label]
            : [Test, Text, Label];
        foreach (Option<string?> option in needed.Where(o => !parse.Has(o)))
        {
            problems.Usage(
                $"{option.Name} is missing; data of your own needs {string.Join(", ", needed.Select(o => o.Name))}."
            );
        }

        foreach (Option<string?> option in (Option<string?>[])[Train, Test, Validation])
        {
            if (parse.ValueOf(option) is { } path && !DataPlace.IsUri(path))
            {
                problems.NeedFile(option.Name, path);
            }
        }

        string[] columns =
        [
            .. ((Option<string?>[])[Text, TextPair, Label]).Select(parse.ValueOf).OfType<string>(),
        ];
        if (columns.Distinct().Count() < columns.Length)
        {
            problems.Usage("--text, --text-pair and --label must be different columns.");
        }
    }

    /// <summary>The kernels that compute, or a problem where ESPALIER_KERNELS names none of this machine.</summary>
    public static void CheckKernels(Terminal terminal, Problems problems) =>
        problems.Try(() => KernelsOf(terminal));

    public static KernelFamily KernelsOf(Terminal terminal) =>
        KernelFamily.Choose(terminal.Environment(KernelFamily.Variable));

    public KernelFamily PreciseKernels(ParseResult parse, Terminal terminal) =>
        KernelsOf(terminal).In(parse.ValueOf(Precision) ?? KernelFamily.Precisions[0]);

    public void CheckPrecision(ParseResult parse, Terminal terminal, Problems problems)
    {
        if (parse.ValueOf(Precision) is { } name && !KernelFamily.Precisions.Contains(name))
        {
            problems.Usage(OptionValues.NoneOf(Precision.Name, name, KernelFamily.Precisions));
            return;
        }

        problems.Try(() => PreciseKernels(parse, terminal));
    }

    public long TeacherBytes(ParseResult parse) => (long)(1e9 * parse.GetValue(TeacherCache));

    /// <summary>Where --jobs does not say, one a thread, or as many as half of the memory holds.</summary>
    public int JobsFor(ParseResult parse, string modelFolder)
    {
        if (parse.Has(Jobs))
        {
            return parse.GetValue(Jobs);
        }

        long weights = Models.Storage.ModelFolder.WeightBytesOf(modelFolder);
        long fit =
            GC.GetGCMemoryInfo().TotalAvailableMemoryBytes
            / 2
            / Math.Max(1, TimesWeights * weights);
        return (int)Math.Clamp(fit, 1, parse.GetValue(Threads));
    }

    /// <summary>The model that --model names, ready to answer as the other options say; the user is told its notes.</summary>
    public Classifier Classifier(ParseResult parse, Terminal terminal)
    {
        string folder = ModelFolder(parse, terminal);
        if (Models.Storage.ModelFolder.Config(folder) is { IsLanguage: true } config)
        {
            throw new InvalidDataException(
                $"{folder}: a {config.Family.ModelType} model says which token comes next and classifies no texts; 'espalier generate' writes with it, and 'espalier evaluate --task wikitext2' measures it."
            );
        }

        ClassifierOptions options = new()
        {
            MaxLength = AskedLength(parse),
            Threads = parse.GetValue(Threads),
            Kernels = PreciseKernels(parse, terminal),
        };
        Classifier model = UsageException.Of(() =>
            Espalier.Answering.Classifier.Load(folder, options)
        );
        terminal.Tell(model.Notes);

        return model;
    }

    /// <summary>A saved model answers in its own numbers unless others are asked for; only training takes the faster by itself.</summary>
    public Option<string> AnswerPrecision()
    {
        Precision.DefaultValueFactory = _ => "fp32";
        return Precision;
    }

    /// <exception cref="InvalidDataException">There is no such model, or it is of a kind that Espalier does not read.</exception>
    /// <exception cref="Hub.HubException">It is on the hub, which cannot be reached or does not let one in.</exception>
    public static string FolderOf(string model, Terminal terminal, bool forText = false)
    {
        string builtIn = Path.Combine(AppContext.BaseDirectory, BuiltInModel);
        return model != BuiltInModel ? ModelPlace.Find(model, terminal.Hub(), root: null, forText)
            : Directory.Exists(builtIn) ? builtIn
            : throw new InvalidDataException(
                $"{model}: the built-in model is not at {builtIn}; install Espalier again, or name another."
            );
    }

    void CheckTask(ParseResult parse, Problems problems)
    {
        if (parse.ValueOf(Task) is not { } name)
        {
            return;
        }

        string? folder = parse.ValueOf(Data);
        if (folder is not null && !DataPlace.IsOnHub(folder))
        {
            problems.NeedFolder(Data.Name, folder);
        }

        problems.Try(() =>
        {
            TaskDefinition task = Tasks.Find(name);
            if (folder is null && !task.IsShipped)
            {
                problems.Usage(
                    $"The data of {task.Name} does not come with Espalier ({task.Licence}); give the folder of its files, or a data set of the hub, with --data."
                );
            }
        });
    }

    List<Option> OwnFiles(ParseResult parse) => [.. DataOptions.Skip(2).Where(parse.Has)];

    bool IsOwnFiles(ParseResult parse) => OwnFiles(parse).Count > 0;

    /// <summary>Files of running text: there is no column in them.</summary>
    bool IsOwnText(ParseResult parse) =>
        new[] { Train, Test, Validation }.Select(parse.ValueOf).OfType<string>().ToArray()
            is [_, ..] files
        && files.All(CorpusFiles.IsText)
        && !new Option[] { Text, TextPair, Label, Regression }.Any(parse.Has);

    static Option<T> With<T>(Option<T> option, Func<T> value)
    {
        option.DefaultValueFactory = _ => value();
        return option;
    }
}
