using Espalier.Checkpoints;
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
    public const int Format = 2;

    /// <summary>Folders without int8 rows are what earlier versions read.</summary>
    internal static int FormatOf(Model model) => model.Traits.Precision == Precision.Int8 ? 2 : 1;

    public const string ConfigName = "config.json";
    public const string OursName = "espalier.json";

    /// <exception cref="InvalidDataException">A file is damaged, or the numbers in config.json do not fit the tensors.</exception>
    /// <param name="answers">Null: the checkpoint must have a classifier.</param>
    /// <param name="asStored">Weights of two bytes stay so in memory; they can answer, and are made fp32 by what trains.</param>
    public static LoadedModel Load(string folder, Answers? answers = null, bool asStored = false)
    {
        var (file, ours) = Files(folder);
        ModelConfig config = ConfigReader.Read(file, ours);
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
        var (file, ours) = Files(folder);
        return ConfigReader.Read(file, ours);
    }

    /// <summary>Whether the folder's checkpoint has a classifier of its own.</summary>
    public static bool HasClassifier(string folder)
    {
        ModelConfig config = Config(folder);
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
                    ? $"{folder} is a file; name the folder with config.json and model.safetensors."
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
        ModelConfig config = model.Config with { ExitPooling = null };
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

    /// <summary>Behind the name of a tensor of int8 rows: that of their scales.</summary>
    public const string ScaleSuffix = "_scale";

    /// <summary>A model whose products are in int8 is written so; what training left in fp32 is rounded as a session would.</summary>
    static Weight FormOf(Model model, string name)
    {
        Weight weight = model.Parameters.Stored(name);
        return
            weight is Fp32
            && model.Traits.Precision == Precision.Int8
            && Part.Of(name).Stretch == Stretch.Layer
            && weight.Shape.Rank == 2
            ? Int8Rows.Of(weight.Dense())
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
        SafetensorsWriter weights = new([new("format", "pt")]);
        foreach (
            var tensor in model.Parameters.Names.GroupBy(name => model.Config.Family.FileName(name))
        )
        {
            Weight weight = Weight.Stacked([.. tensor.Select(name => FormOf(model, name))]);
            if (weight is Int8Rows rows)
            {
                weights.Add(tensor.Key, [.. rows.Values], weight.Rows, weight.Columns);
                weights.Add(
                    tensor.Key + ScaleSuffix,
                    new Tensor(new Shape(weight.Rows), rows.Scales)
                );
            }
            else
            {
                weights.Add(tensor.Key, weight.Dense(), (weight as HalfWidth)?.Type ?? type);
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
