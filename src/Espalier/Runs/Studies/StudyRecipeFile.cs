using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Data;
using Espalier.Data.Corpora;
using Espalier.Hub;
using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Operators;
using Espalier.Text;
using Espalier.Training;

namespace Espalier.Runs.Studies;

/// <summary>Reads a study's recipe. Everything that is wrong is told at once, each problem with its field.</summary>
public sealed class StudyRecipeFile
{
    const int UsualLength = 128;
    const int MostEpochs = 10_000;
    const int MostBatch = 4096;
    const int MostEfforts = 50;
    const int DefaultEfforts = 6;
    const int MostCurvePoints = 200;

    readonly JsonFields _file;
    readonly string _folder;
    readonly Func<string, string?> _builtIn;
    readonly HubClient _hub;
    readonly List<string> _problems = [];

    // Some problem is a wish that cannot be met, and not a damaged file.
    bool _asks;

    StudyRecipeFile(
        JsonFields file,
        string folder,
        Func<string, string?> builtIn,
        HubClient? hub
    ) => (_file, _folder, _builtIn, _hub) = (file, folder, builtIn, hub ?? new HubClient());

    /// <param name="builtIn">The folder of a model that is known by name; null for other names.</param>
    /// <param name="hub">From where models and data come that are on the Hugging Face hub; null: as the process's environment says.</param>
    /// <exception cref="InvalidDataException">
    /// There is no such file, it is no JSON object, or all that is wrong is that fields or files are missing or of another kind.
    /// </exception>
    /// <exception cref="ArgumentException">Fields ask for what there is not: one sentence a line.</exception>
    /// <exception cref="HubException">The hub cannot be reached or does not let one in.</exception>
    public static StudyRecipe Read(
        string path,
        Func<string, string?> builtIn,
        HubClient? hub = null
    ) =>
        new StudyRecipeFile(
            JsonFile.Read(path),
            Path.GetDirectoryName(path) ?? "",
            builtIn,
            hub
        ).Read(Path.GetFileNameWithoutExtension(path));

    /// <summary>As <see cref="WrittenStudy"/> keeps it, with every file it names beside it.</summary>
    internal static StudyRecipe Read(JsonFields file, string folder, string name) =>
        new StudyRecipeFile(file, folder, _ => null, null).Read(name);

    StudyRecipe Read(string name)
    {
        OnlyKnown(
            _file,
            "",
            [
                "version",
                "name",
                "about",
                "model",
                "original",
                "tasks",
                "pipelines",
                "force",
                "seeds",
            ],
            ["training", "max_length", "batches", "efforts", "effort", "curve"]
        );
        Try(() => _file.Integer("version", 1, StudyRecipe.Version));
        Try(() => _ = _file.OptionalString("about"));
        name = Try(() => _file.OptionalString("name")) ?? name;
        if (
            name is "" or ['.', ..]
            || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
        )
        {
            Add(
                "name",
                $"is '{Printable.Escape(name)}'; letters, digits, '-', '_' and '.' were expected, and no '.' first"
            );
        }

        string? model = Try(() => Model(_file.OptionalString("model") ?? "seedling"), "model");
        int? asked = Try(() => _file.OptionalInteger("max_length", 1, 1 << 16));
        int length = asked ?? UsualLength;
        List<TaskData> tasks = Tasks();
        List<Pipeline> pipelines = Pipelines(tasks.FirstOrDefault()?.Task.Kind);
        ulong[] seeds = Seeds();
        TrainingOptions training = Try(Training) ?? TrainingOptions.Fast;
        int[] batches =
            Try(() =>
                _file.Has("batches") ? _file.Integers("batches", 1, MostBatch).ToArray() : [1]
            ) ?? [1];
        if (batches.Length == 0 || batches.Distinct().Count() < batches.Length)
        {
            Add("batches", "must name at least one size, and none twice");
        }

        EffortGrid efforts = Try(Efforts, "efforts") ?? new EffortGrid(DefaultEfforts);
        foreach (TaskData task in tasks.Where(t => t.Task.IsRegression && !efforts.SuitsNumbers))
        {
            Add(
                "efforts",
                $"holds none for '{task.Task.Name}': predicted numbers have no confidence; name patience:1 too"
            );
        }

        Effort effort =
            Try(() => Effort.Parse(_file.OptionalString("effort") ?? "confidence:0.9"), "effort")
            ?? Effort.Full;
        int curve =
            Try(() => _file.OptionalInteger("curve", 0, MostCurvePoints))
            ?? MeasuringOptions.DensePoints;
        if (model is not null)
        {
            length = Try(() => LengthFor(model, asked, tasks), "model") ?? length;
            foreach (
                var (pipeline, task) in pipelines
                    .DistinctBy(p =>
                        model is not null && ModelFolder.Config(model).IsLanguage
                            ? $"{p}"
                            : $"{p.Operators[0]}"
                    )
                    .SelectMany(p => tasks.Select(t => (p, t.Task)))
            )
            {
                Try(
                    () =>
                    {
                        StageMaking.CheckFit(pipeline, model, task);
                        return true;
                    },
                    "model"
                );
            }
        }

        if (_problems.Count > 0)
        {
            string sentences = string.Join('\n', _problems);
            throw _asks ? new ArgumentException(sentences) : new InvalidDataException(sentences);
        }

        return new StudyRecipe
        {
            Name = name,
            ModelFolder = model!,
            Tasks = tasks,
            Pipelines = pipelines,
            Seeds = seeds,
            Training = training,
            Precision =
                _file.OptionalObject("training")?.OptionalString("precision")
                ?? KernelFamily.Precisions[0],
            MaxLength = length,
            Batches = batches,
            Efforts = efforts,
            Effort = effort,
            Curve = curve,
        };
    }

    /// <summary>A number of points, or the points themselves.</summary>
    EffortGrid Efforts()
    {
        JsonValueKind kind = _file.Has("efforts")
            ? _file.Required("efforts").ValueKind
            : JsonValueKind.Undefined;
        if (kind == JsonValueKind.String)
        {
            throw _file.Refuse("efforts", "a number of points or an array of efforts");
        }

        if (kind != JsonValueKind.Array)
        {
            return new EffortGrid(
                _file.OptionalInteger("efforts", 2, MostEfforts) ?? DefaultEfforts
            );
        }

        IReadOnlyList<string> texts = _file.Strings("efforts");
        Effort[] shared =
        [
            .. texts.Select((t, i) => Try(() => Effort.Parse(t), $"efforts[{i}]")).OfType<Effort>(),
        ];
        return shared.Length < texts.Count ? new EffortGrid(DefaultEfforts)
            : texts.Count <= MostEfforts ? EffortGrid.Of(shared)
            : throw new ArgumentException(
                $"names {texts.Count} efforts; at most {MostEfforts} are measured"
            );
    }

    string Model(string text) => _builtIn(text) ?? ModelPlace.Find(text, _hub, _folder);

    /// <summary>Tokens that texts are cut to: less than usual where the model reads less.</summary>
    static int? LengthFor(string folder, int? asked, IEnumerable<TaskData> tasks)
    {
        int most = ModelFolder.Config(folder).MaxLength,
            usual = tasks.Any(t => t.Task.Kind is Corpus) ? CorpusFiles.UsualWindow : UsualLength,
            length = Math.Min(asked ?? usual, most),
            least = Tokenizer.Load(folder).SpecialCount(tasks.Any(t => t.Task.HasPairs));
        return asked > most
                ? throw new ArgumentException(
                    $"max_length is {asked}, and the model in {folder} reads at most {most} tokens"
                )
            : length >= least ? length
            : throw new ArgumentException(
                $"max_length is {length}, and {least} special tokens stand around a text; allow at least as many"
            );
    }

    List<TaskData> Tasks()
    {
        List<TaskData> tasks = [];
        IReadOnlyList<JsonFields> objects = Try(() => _file.Objects("tasks")) ?? [];
        for (int i = 0; i < objects.Count; i++)
        {
            JsonFields task = objects[i];
            string where = $"tasks[{i}]";
            OnlyKnown(
                task,
                where + ".",
                ["name", "data"],
                ["train", "test", "validation", "text", "text_pair", "label", "regression"]
            );
            if (Try(() => Task(task), where) is { } data)
            {
                tasks.Add(data);
            }
        }

        if (_file.Has("tasks") && objects.Count == 0 && _problems.Count == 0)
        {
            Add("tasks", "is empty; name one task at least");
        }

        foreach (var twice in tasks.GroupBy(t => t.Task.Name).Where(g => g.Count() > 1))
        {
            Add("tasks", $"has two tasks called '{twice.Key}'; give each a name of its own");
        }

        return tasks;
    }

    TaskData Task(JsonFields task)
    {
        TaskData data =
            IsText(task)
                ? new CorpusFiles(
                    At(task.String("test")),
                    task.OptionalString("train") is { } train ? At(train) : null,
                    task.OptionalString("validation") is { } validation ? At(validation) : null
                ).Load(
                    CorpusFiles.Define(task.String("name"), "Text of one's own", "unknown"),
                    _hub
                )
            : task.Has("train")
                ? new TableFiles(At(task.String("test")), task.String("text"), task.String("label"))
                {
                    Train = At(task.String("train")),
                    Validation = task.OptionalString("validation") is { } file ? At(file) : null,
                    TextPair = task.OptionalString("text_pair"),
                    IsRegression = task.OptionalFlag("regression") ?? false,
                    Name = task.String("name"),
                }.Load(_hub)
            : Data.Tasks.Load(
                task.String("name"),
                task.OptionalString("data") is { } folder ? DataPlace.In(_folder, folder) : null,
                _hub
            );
        if (data.Task.Kind is not Corpus)
        {
            _ = data.HoldOut();
        }

        return data;
    }

    static bool IsText(JsonFields task) =>
        task.Has("test")
        && !task.Has("text")
        && !task.Has("label")
        && CorpusFiles.IsText(task.String("test"));

    /// <param name="kind">Of the tasks, which one model does.</param>
    List<Pipeline> Pipelines(TaskKind? kind)
    {
        List<Pipeline> pipelines = [];
        bool force = Try(() => _file.OptionalFlag("force")) ?? false;
        string? original = Try(() => _file.OptionalString("original"));
        JsonElement? list = Try(() => _file.Required("pipelines", "an array of pipelines"), "");
        JsonElement[] items = list is { ValueKind: JsonValueKind.Array } array
            ? [.. array.EnumerateArray()]
            : [];
        if (list is { ValueKind: not JsonValueKind.Array })
        {
            _problems.Add(_file.Refuse("pipelines", "an array of pipelines").Message);
        }
        else if (list is not null && items.Length == 0)
        {
            Add(
                "pipelines",
                $"must be an array with one pipeline at least, such as \"{Pipeline.Sample}\""
            );
        }

        for (int i = 0; i < items.Length; i++)
        {
            string where = $"pipelines[{i}]";
            foreach (
                Pipeline written in Try(() => Expand(items[i], where, original, kind), where) ?? []
            )
            {
                Pipeline pipeline = Try(() => written.With(Input), where) ?? written;
                pipelines.Add(pipeline);
                foreach (
                    string input in pipeline
                        .Operators.SelectMany(o => o.Inputs)
                        .Where(f => !Path.Exists(f))
                )
                {
                    Add(where, $"names {input}, which does not exist");
                }

                foreach (string problem in force ? [] : pipeline.Problems())
                {
                    Add(where, $"is {pipeline}: {problem} \"force\": true runs it all the same");
                }
            }
        }

        return [.. pipelines.DistinctBy(p => $"{p}")];
    }

    IReadOnlyList<Pipeline> Expand(JsonElement item, string where, string? original, TaskKind? kind)
    {
        if (item.ValueKind == JsonValueKind.String)
        {
            string text = item.GetString()!;
            return [Begun(Pipeline.Parse(text), text)];
        }

        if (item.ValueKind != JsonValueKind.Object)
        {
            throw new InvalidDataException(
                $"is neither a pipeline such as \"{Pipeline.Sample}\" nor an object with orders"
            );
        }

        JsonFields set = JsonFile.Parse(
            $"{_file.File}, {where}",
            System.Text.Encoding.UTF8.GetBytes(item.GetRawText())
        );
        OnlyKnown(set, where + ".", ["orders", "then"], ["first", "sizes"]);
        string first = set.OptionalString("first") ?? "";
        return
        [
            .. PipelineSet
                .Of(
                    first,
                    set.String("orders"),
                    set.Has("sizes") ? set.Integers("sizes", 1, 9) : null,
                    set.Has("then") ? set.Strings("then") : [""]
                )
                .Select(p => Begun(p, first)),
        ];

        Pipeline Begun(Pipeline pipeline, string text) =>
            pipeline.From(original, Pipeline.NamesOriginal(text) ? null : kind);
    }

    ulong[] Seeds()
    {
        ulong[] seeds =
        [
            .. (Try(() => _file.Integers("seeds", 0, int.MaxValue)) ?? []).Select(s => (ulong)s),
        ];
        if (_file.Has("seeds") && (seeds.Length == 0 || seeds.Distinct().Count() < seeds.Length))
        {
            Add("seeds", "must name at least one seed, and none twice");
        }

        return seeds;
    }

    TrainingOptions Training()
    {
        if (_file.OptionalObject("training") is not { } fields)
        {
            return TrainingOptions.Fast;
        }

        OnlyKnown(
            fields,
            "training.",
            ["preset", "epochs", "rate"],
            ["batch", "accumulation", "shards", "precision", "gradient_checkpointing"]
        );
        string name = OneOf(fields, "preset", [.. TrainingOptions.Presets.Select(p => p.Name)]);
        TrainingOptions preset = TrainingOptions.Presets.First(p => p.Name == name).Options;
        OneOf(fields, "precision", KernelFamily.Precisions);
        int batch = Try(() => fields.OptionalInteger("batch", 1, MostBatch)) ?? preset.BatchSize;
        TrainingOptions options = preset with
        {
            Epochs = Try(() => fields.OptionalInteger("epochs", 1, MostEpochs)) ?? preset.Epochs,
            Rate = Try(() => fields.OptionalNumber("rate", 1e-9, 10)) ?? preset.Rate,
            BatchSize = batch,
            Accumulation =
                Try(() => fields.OptionalInteger("accumulation", 1, batch)) ?? preset.Accumulation,
            Shards = Try(() => fields.OptionalInteger("shards", 1, batch)) ?? preset.Shards,
            GradientCheckpointing =
                Try(() => fields.OptionalFlag("gradient_checkpointing")) ?? false,
        };
        if (options.Problem is { } problem)
        {
            Add("training", $"says that {problem}");
        }

        return options;
    }

    /// <summary>The first where the field is missing or names none of them.</summary>
    string OneOf(JsonFields fields, string field, IReadOnlyList<string> names)
    {
        string name = Try(() => fields.OptionalString(field)) ?? names[0];
        if (names.Contains(name))
        {
            return name;
        }

        _asks = true;
        _problems.Add(fields.Refuse(field, string.Join(" or ", names)).Message);
        return names[0];
    }

    /// <summary>Paths stand in relation to the recipe; what lies on the hub stands as it is called there.</summary>
    string At(string path) => DataPlace.FileIn(_folder, path);

    string Input(string place) => ModelPlace.OfInput(DataPlace.In(_folder, place), _hub);

    void OnlyKnown(JsonFields fields, string way, string[] known, string[] more)
    {
        string[] all = [.. known, .. more];
        foreach (string name in fields.Names.Except(all))
        {
            _asks = true;
            _problems.Add(
                $"{_file.File}: field '{way}{Printable.Escape(name)}' is unknown; there are {string.Join(", ", all)}."
            );
        }
    }

    void Add(string field, string what)
    {
        _asks = true;
        _problems.Add($"{_file.File}: field '{field}' {what.TrimEnd('.')}.");
    }

    T? Try<T>(Func<T> read, string? field = null)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentException)
        {
            _asks |= e is ArgumentException;
            foreach (string sentence in e.Message.Split('\n'))
            {
                bool named = sentence.StartsWith(_file.File, StringComparison.Ordinal);
                _problems.Add(
                    named || string.IsNullOrEmpty(field)
                        ? sentence
                        : $"{_file.File}: field '{field}': {sentence.TrimEnd('.')}."
                );
            }

            return default;
        }
    }
}
