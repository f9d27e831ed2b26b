using Espalier.Checkpoints;
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
    public const int Format = 1;
    public const string ConfigName = "config.json";
    public const string OursName = "espalier.json";

    /// <exception cref="InvalidDataException">A file is damaged, or the numbers in config.json do not fit the tensors.</exception>
    /// <param name="answers">Null: the checkpoint must have a classifier.</param>
    public static LoadedModel Load(string folder, Answers? answers = null)
    {
        var (file, ours) = Files(folder);
        ModelConfig config = ConfigReader.Read(file, ours);
        if (answers is null && ConfigFields.OtherTask(file) is { } other)
        {
            throw new InvalidDataException(other);
        }

        using WeightFiles weights = WeightFiles.Open(folder);
        WeightReader reader = new(config, weights, answers, file.File);
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
            weights.Add(
                tensor.Key,
                Tensor.Stacked([.. tensor.Select(name => model.Parameters[name])]),
                type
            );
        }

        weights.Write(Path.Combine(folder, WeightFiles.SingleName));
        File.WriteAllBytes(
            Path.Combine(folder, ConfigName),
            ConfigWriter.HuggingFace(model.Config)
        );
        File.WriteAllBytes(Path.Combine(folder, OursName), ConfigWriter.Espalier(model));
        foreach (string name in others.Keys.Order(StringComparer.Ordinal))
        {
            File.WriteAllBytes(Path.Combine(folder, name), others[name]);
        }
    }
}
