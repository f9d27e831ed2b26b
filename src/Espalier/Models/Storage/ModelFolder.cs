using Espalier.Checkpoints;
using Espalier.Models.Families;
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
    const int MostUnusedShown = 3;

    /// <exception cref="InvalidDataException">A file is damaged, or the numbers in config.json do not fit the tensors.</exception>
    /// <param name="answers">Null: the checkpoint must have a classifier.</param>
    public static LoadedModel Load(string folder, Answers? answers = null)
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
        JsonFields? ours = File.Exists(oursPath) ? JsonFile.Read(oursPath) : null;
        if (ours is not null && ours.Integer("format", 1, int.MaxValue) > Format)
        {
            throw ours.Refuse(
                "format",
                $"a version up to {Format} (a newer Espalier wrote this folder)"
            );
        }

        ModelConfig config = ConfigReader.Read(file, ours);
        using WeightFiles weights = WeightFiles.Open(folder);
        var (parameters, answering, notes) = Load(config, weights, answers, file.File);
        Model model = new(answering, parameters, ConfigReader.Traits(ours))
        {
            History = ConfigReader.History(ours),
        };
        return new LoadedModel(model, notes);
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
        foreach (string name in model.Parameters.Names)
        {
            weights.Add(model.Config.Family.FileName(name), model.Parameters[name], type);
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

    static (Parameters, ModelConfig, List<string>) Load(
        ModelConfig config,
        WeightFiles weights,
        Answers? answers,
        string configPath
    )
    {
        Family family = config.Family;
        string prefix = weights.Find(family.FileName(Names.Word)) is null ? "" : family.Prefix;
        List<string> notes = [];
        string headOut = family.HeadName(Names.Weight(Names.Head + ".out"));
        long? outputs = weights.Find(headOut)?.Extents is [var rows, _] ? rows : null;
        if (outputs is null && answers is null)
        {
            throw new InvalidDataException(
                $"{weights.Path} has no classifier ('{headOut}' is missing): it is an encoder that was not fine-tuned; "
                    + "fine-tune it with 'espalier run O', or name a folder that a run saved."
            );
        }

        bool keepsOut = answers is null || outputs == answers.Labels.Count;
        if (answers is not null)
        {
            config = config with { Labels = answers.Labels, Regression = answers.Regression };
        }

        Parameters parameters = new();
        HashSet<string> used = [];
        List<string> drawn = [];
        foreach (var (name, shape) in Checked(config, configPath))
        {
            bool isHead = name.StartsWith(Names.Head + ".", StringComparison.Ordinal);
            string file =
                prefix.Length > 0
                || isHead && !family.HeadDenseBelongsToEncoder
                || name.StartsWith("exits.", StringComparison.Ordinal)
                    ? family.FileName(name)
                : isHead
                    ? family.HeadName(name).Replace(family.Prefix, "", StringComparison.Ordinal)
                : family.EncoderName(name);
            TensorEntry? entry = Find(weights, file);
            bool wanted = !name.Contains(".out.") || keepsOut;
            if (entry is null || !wanted)
            {
                if (
                    !isHead && !(name.StartsWith("exits.", StringComparison.Ordinal) && !keepsOut)
                    || answers is null
                )
                {
                    throw new InvalidDataException(
                        $"{weights.Path}: tensor '{file}' {shape} is missing; {configPath} asks for it."
                    );
                }

                used.Add(entry?.Name ?? "");
                drawn.Add(file);
                parameters.Add(name, Draw(name, shape, config, answers.Rng));
                continue;
            }

            if (
                !entry
                    .Extents.AsSpan()
                    .SequenceEqual([.. shape.Extents.ToArray().Select(e => (long)e)])
            )
            {
                throw new InvalidDataException(
                    $"{weights.Path}: tensor '{file}' is [{string.Join(", ", entry.Extents)}]; the sizes in {configPath} ask for {shape}."
                );
            }

            used.Add(entry.Name);
            parameters.Add(name, weights.ReadFinite(entry.Name));
        }

        if (drawn.Count > 0)
        {
            notes.Add(
                $"New classifier: {string.Join(", ", drawn)} drawn at random "
                    + $"(normal, standard deviation {config.InitializerRange}; biases 0), as transformers does."
            );
        }

        string[] unused =
        [
            .. weights
                .Tensors.Select(t => t.Name)
                .Where(n =>
                    !used.Contains(n) && !n.EndsWith("position_ids", StringComparison.Ordinal)
                ),
        ];
        if (unused.Length > 0)
        {
            string shown = string.Join(", ", unused.Take(MostUnusedShown).Select(Printable.Escape));
            notes.Add(
                $"{unused.Length} tensors of the checkpoint are not used: {shown}{(unused.Length > MostUnusedShown ? " …" : "")}."
            );
        }

        return (parameters, config, notes);
    }

    /// <summary>Checkpoints converted from TensorFlow call a norm's weight gamma and its bias beta.</summary>
    static TensorEntry? Find(WeightFiles weights, string file) =>
        weights.Find(file)
        ?? weights.Find(
            file.Replace("LayerNorm.weight", "LayerNorm.gamma", StringComparison.Ordinal)
                .Replace("LayerNorm.bias", "LayerNorm.beta", StringComparison.Ordinal)
        );

    static IEnumerable<(string Name, Shape Shape)> Checked(ModelConfig config, string configPath)
    {
        long largest = Math.Max((long)config.Vocabulary, config.Positions) * config.Hidden;
        long layer =
            config.Layers.Max(l => Math.Max((long)l.Heads * config.HeadWidth, l.FeedForward))
            * config.Hidden;
        return Math.Max(largest, layer) < Array.MaxLength
            ? Names.Of(config)
            : throw new InvalidDataException(
                $"{configPath}: a tensor of these sizes would have {Math.Max(largest, layer)} elements; at most {Array.MaxLength} are possible."
            );
    }

    static Tensor Draw(string name, Shape shape, ModelConfig config, Rng rng)
    {
        Tensor drawn = new(shape);
        if (shape.Rank > 1)
        {
            Rng stream = rng.Split(name);
            Span<float> values = drawn.Span;
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = config.InitializerRange * stream.Normal((ulong)i);
            }
        }

        return drawn;
    }

    /// <summary>A linear's weights as transformers initialises them; biases are zeros.</summary>
    public static void DrawClassifier(
        Parameters parameters,
        string name,
        ModelConfig config,
        Rng rng
    )
    {
        foreach (
            var (part, outputs) in (ReadOnlySpan<(string, int)>)
                [("dense", config.Hidden), ("out", config.Outputs)]
        )
        {
            string weight = Names.Weight($"{name}.{part}");
            parameters.Add(weight, Draw(weight, new Shape(outputs, config.Hidden), config, rng));
            parameters.Add(Names.Bias($"{name}.{part}"), new Tensor(outputs));
        }
    }
}
