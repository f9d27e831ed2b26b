using Espalier.Checkpoints;
using Espalier.Models.Families;
using Espalier.Stored;
using Espalier.Tensors;

namespace Espalier.Models.Storage;

/// <summary>A model from a folder, and what its user should know about it.</summary>
/// <param name="Notes">One sentence each: what was initialised, what was not used.</param>
public sealed record LoadedModel(Model Model, IReadOnlyList<string> Notes);

/// <summary>What a model shall answer, where its checkpoint does not say so already.</summary>
/// <param name="Labels">Class names in order; one entry for regression.</param>
/// <param name="Rng">Draws the classifier if the checkpoint lacks a fitting one.</param>
public sealed record Answers(IReadOnlyList<string> Labels, bool Regression, Rng Rng);

/// <summary>
/// Models on disk: Hugging Face folders with config.json and model.safetensors, plus espalier.json.
/// </summary>
public static class ModelFolder
{
    /// <summary>Version of espalier.json.</summary>
    public const int Format = 4;

    /// <summary>Folders without int8 rows, without groups or without both in turns are what earlier versions read.</summary>
    internal static int FormatOf(Model model) =>
        model.Traits.Precision == Precision.Mixed ? Format
        : HasGroups(model) ? 3
        : model.Traits.Precision == Precision.Int8 ? 2
        : 1;

    internal static bool HasGroups(Model model) =>
        model.Traits.Group > 0
        || model.Parameters.Names.Any(n => model.Parameters.Stored(n) is IntGroups);

    public const string ConfigName = "config.json";
    public const string OursName = "espalier.json";

    /// <exception cref="InvalidDataException">A file is damaged, or the numbers in config.json do not fit the tensors.</exception>
    /// <param name="folder">Or a GGUF file.</param>
    /// <param name="answers">Null: the checkpoint must have a classifier.</param>
    /// <param name="asStored">Weights of two bytes stay so in memory; they can answer, and are made fp32 by what trains.</param>
    public static LoadedModel Load(string folder, Answers? answers = null, bool asStored = false)
    {
        if (GgufFile.Is(folder))
        {
            return answers is null
                ? GgufModel.Load(folder, asStored)
                : throw new InvalidDataException(
                    $"{folder}: a GGUF file holds a language model, and nothing here makes a classifier of it; name an encoder's folder, such as google-bert/bert-base-uncased."
                );
        }

        var (file, ours) = Files(folder);
        ModelConfig config = Read(folder, file, ours);
        if (answers is null && ConfigFields.OtherTask(file) is { } other)
        {
            throw new InvalidDataException(other);
        }

        using WeightFiles weights = WeightFiles.Open(folder);
        WeightReader reader = new(config, weights, answers, file.File, asStored);
        Parameters parameters = reader.Read();
        Model model = new(reader.Config, parameters, ConfigReader.Traits(ours))
        {
            History = ConfigReader.History(ours),
        };
        return new LoadedModel(model, [.. ConfigFields.Notes(file, config), .. reader.Notes]);
    }

    /// <summary>What config.json (and espalier.json) say, without a look at the weights.</summary>
    /// <exception cref="InvalidDataException">A file is damaged or missing.</exception>
    public static ModelConfig Config(string folder)
    {
        if (GgufFile.Is(folder))
        {
            return GgufModel.Config(folder);
        }

        var (file, ours) = Files(folder);
        return Read(folder, file, ours);
    }

    /// <summary>Where a text ends is in generation_config.json, if there is one; a model that chats ends its turns otherwise.</summary>
    static ModelConfig Read(string folder, JsonFields file, JsonFields? ours)
    {
        ModelConfig config = ConfigReader.Read(file, ours);
        string generation = Path.Combine(folder, "generation_config.json");
        return
            config.IsLanguage
            && RegularFile.IsThere(generation)
            && ConfigReader.EndIds(JsonFile.Read(generation)) is { Count: > 0 } ends
            ? config with
            {
                EndIds = ends,
            }
            : config;
    }

    /// <summary>Whether the folder's checkpoint has a classifier of its own.</summary>
    public static bool HasClassifier(string folder)
    {
        ModelConfig config = Config(folder);
        if (config.IsLanguage)
        {
            return false;
        }

        using WeightFiles weights = WeightFiles.Open(folder);
        return new CheckpointNames(weights, config.Family).Find(
            config.Family.FileName(Part.Head(Role.Out).Weight)
        )
            is not null;
    }

    static (JsonFields File, JsonFields? Ours) Files(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new InvalidDataException(
                File.Exists(folder)
                    ? $"{folder} is a file; name the folder with config.json and model.safetensors, or a GGUF file."
                    : $"{folder}: there is no such folder; name one with config.json and model.safetensors."
            );
        }

        JsonFields file = JsonFile.Read(Path.Combine(folder, ConfigName));
        string oursPath = Path.Combine(folder, OursName);
        JsonFields? ours = RegularFile.IsThere(oursPath) ? JsonFile.Read(oursPath) : null;
        if (ours is not null && ours.Integer("format", 1, int.MaxValue) > Format)
        {
            throw ours.Refuse(
                "format",
                $"a version up to {Format} (a newer Espalier wrote this folder)"
            );
        }

        return (file, ours);
    }

    /// <summary>Bytes of all files of a model.</summary>
    /// <param name="place">A folder or a GGUF file.</param>
    public static long SizeOf(string place) =>
        File.Exists(place)
            ? BytesOf(new FileInfo(place))
            : new DirectoryInfo(place).EnumerateFiles().Sum(BytesOf);

    /// <summary>Bytes of the weights of a model; of a GGUF file those that they have in fp32.</summary>
    public static long WeightBytesOf(string place) =>
        File.Exists(place)
            ? Config(place).Shapes().Sum(p => (long)p.Shape.Count * sizeof(float))
            : new DirectoryInfo(place).EnumerateFiles("*.safetensors").Sum(BytesOf);

    /// <summary>Of a file, or of what it links to: in the Hugging Face cache all files are links.</summary>
    public static long BytesOf(FileInfo file) =>
        file.ResolveLinkTarget(returnFinalTarget: true) is FileInfo target
            ? target.Length
            : file.Length;

    /// <summary>The encoder alone: its classifier, if it has one, is left out, and so it is when the model is written.</summary>
    public static Model LoadEncoder(string folder)
    {
        Model model = Load(folder, new Answers(["LABEL_0", "LABEL_1"], false, new Rng(0))).Model;
        Parameters encoder = new();
        ModelConfig config = model.Config.WithoutExits();
        foreach (string name in model.Parameters.Names)
        {
            Part part = Part.Of(name);
            bool kept =
                part.Stretch is not (Stretch.Head or Stretch.Exit)
                || part == Part.Head(Role.Dense) && config.Family.HeadDenseBelongsToEncoder;
            if (kept)
            {
                encoder.Add(name, model.Parameters[name]);
            }
        }

        return model with
        {
            Config = config,
            Parameters = encoder,
        };
    }

    /// <summary>Writes the folder; it appears whole or not at all.</summary>
    /// <param name="others">Further files, such as the tokenizer's, by name.</param>
    public static void Save(
        Model model,
        string folder,
        IReadOnlyDictionary<string, byte[]> others,
        bool overwrite = false
    )
    {
        using AtomicFolder output = AtomicFolder.Begin(folder, overwrite);
        Write(model, output.Path, others, DType.F32);
        output.Commit();
    }

    /// <summary>Behind the name of a tensor of int8 rows or groups: that of their scales.</summary>
    public const string ScaleSuffix = "_scale";

    /// <summary>Likewise, that of the zeros of their groups.</summary>
    public const string ZeroSuffix = "_zero";

    /// <summary>A model whose products are of few bits is written so; what training left in fp32 is rounded as a session would.</summary>
    static Weight FormOf(Model model, string name)
    {
        Weight weight = model.Parameters.Stored(name);
        return weight is Fp32 && Part.Of(name).Stretch == Stretch.Layer
            ? model.Traits.Rounded(weight)
            : weight;
    }

    /// <summary>Writes the files into a folder that somebody else publishes.</summary>
    public static void Write(
        Model model,
        string folder,
        IReadOnlyDictionary<string, byte[]> others,
        DType type
    )
    {
        Family family = model.Config.Family;
        SafetensorsWriter weights = new([new("format", "pt")]);
        foreach (var tensor in model.Parameters.Names.GroupBy(family.FileName))
        {
            Weight weight = Weight.Stacked([
                .. tensor.Select(name => family.ToFile(Part.Of(name), FormOf(model, name))),
            ]);
            if (weight is Int8Rows rows)
            {
                weights.Add(tensor.Key, [.. rows.Values], weight.Rows, weight.Columns);
                weights.Add(
                    tensor.Key + ScaleSuffix,
                    new Tensor(new Shape(weight.Rows), rows.Scales)
                );
            }
            else if (weight is IntGroups groups)
            {
                // [rows, groups, bytes of a group]: the shape says how large a group is.
                byte[] codes = [.. groups.Codes];
                weights.Add(tensor.Key, codes, weight.Rows, groups.Groups, groups.GroupBytes);
                weights.Add(tensor.Key + ScaleSuffix, groups.Scales.Dense(), DType.BF16);
                if (groups.Zeros is { } zeros)
                {
                    weights.Add(tensor.Key + ZeroSuffix, zeros.Dense(), DType.BF16);
                }
            }
            else
            {
                bool turned =
                    weight.Shape.Rank == 2 && family.NameOf(Part.Of(tensor.First())).Transposed;
                weights.Add(
                    tensor.Key,
                    (turned ? weight.Transposed() : weight).Dense(),
                    (weight as HalfWidth)?.Type ?? type
                );
            }
        }

        weights.Write(Path.Combine(folder, WeightFiles.SingleName));
        File.WriteAllBytes(Path.Combine(folder, ConfigName), ConfigWriter.HuggingFace(model));
        File.WriteAllBytes(Path.Combine(folder, OursName), ConfigWriter.Espalier(model));
        foreach (string name in others.Keys.Order(StringComparer.Ordinal))
        {
            File.WriteAllBytes(Path.Combine(folder, name), others[name]);
        }
    }
}
