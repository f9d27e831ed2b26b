using Espalier.Checkpoints;
using Espalier.Models.Families;
using Espalier.Tensors;

namespace Espalier.Models.Storage;

/// <summary>Reads the parameters that a config asks for; nothing is read before all shapes are proven to fit.</summary>
sealed class WeightReader
{
    const int MostUnusedShown = 3;
    readonly WeightFiles _weights;
    readonly Answers? _answers;
    readonly string _configPath;
    readonly string _prefix;
    readonly bool _keepsOut;

    /// <exception cref="InvalidDataException">The checkpoint has no classifier, and none was asked to be drawn.</exception>
    public WeightReader(
        ModelConfig config,
        WeightFiles weights,
        Answers? answers,
        string configPath
    )
    {
        (_weights, _answers, _configPath) = (weights, answers, configPath);
        Family family = config.Family;
        _prefix = weights.Find(family.FileName(Names.Word)) is null ? "" : family.Prefix;
        string head = family.HeadName(Names.Weight(Names.Head + ".out"));
        long? outputs = weights.Find(head)?.Extents is [var rows, _] ? rows : null;
        if (outputs is null && answers is null)
        {
            throw new InvalidDataException(
                $"{weights.Path} has no classifier ('{head}' is missing): it is an encoder that was not fine-tuned; "
                    + "fine-tune it with 'espalier run O', or name a folder that a run saved."
            );
        }

        _keepsOut = answers is null || outputs == answers.Labels.Count;
        Config = answers is null
            ? config
            : config with
            {
                Labels = answers.Labels,
                Regression = answers.Regression,
            };
    }

    /// <summary>With the labels that were asked for.</summary>
    public ModelConfig Config { get; }

    public List<string> Notes { get; } = [];

    public Parameters Read()
    {
        List<(string Name, Shape Shape, TensorEntry? Entry)> plan =
        [
            .. Checked().Select(p => Plan(p.Name, p.Shape)),
        ];
        Parameters parameters = new();
        foreach (var (name, shape, entry) in plan)
        {
            parameters.Add(
                name,
                entry is null
                    ? Drawing.Of(name, shape, Config, _answers!.Rng)
                    : _weights.ReadFinite(entry.Name)
            );
        }

        string[] drawn = [.. plan.Where(p => p.Entry is null).Select(p => FileName(p.Name))];
        if (drawn.Length > 0)
        {
            Notes.Add(
                $"New classifier: {string.Join(", ", drawn)} drawn at random "
                    + $"(normal, standard deviation {Config.InitializerRange}; biases 0), as transformers does."
            );
        }

        NoteUnused([.. plan.Select(p => p.Entry?.Name ?? FileName(p.Name))]);
        return parameters;
    }

    /// <summary>Where a parameter comes from; null: it is drawn.</summary>
    (string, Shape, TensorEntry?) Plan(string name, Shape shape)
    {
        string file = FileName(name);
        TensorEntry? entry = !name.Contains(".out.") || _keepsOut ? Find(file) : null;
        bool isHead = name.StartsWith(Names.Head + ".", StringComparison.Ordinal);
        bool mayBeDrawn = _answers is not null && (isHead || !_keepsOut && name.Contains(".out."));
        if (entry is null)
        {
            return mayBeDrawn
                ? (name, shape, null)
                : throw new InvalidDataException(
                    $"{_weights.Path}: tensor '{file}' {shape} is missing; {_configPath} asks for it."
                );
        }

        long[] wanted = [.. shape.Extents.ToArray().Select(e => (long)e)];
        return entry.Extents.AsSpan().SequenceEqual(wanted)
            ? (name, shape, entry)
            : throw new InvalidDataException(
                $"{_weights.Path}: tensor '{file}' is [{string.Join(", ", entry.Extents)}]; the sizes in {_configPath} ask for {shape}."
            );
    }

    /// <summary>A bare encoder's file has no prefix, but for the classifier that is not part of it.</summary>
    string FileName(string name)
    {
        string file = Config.Family.FileName(name);
        return file.StartsWith(Config.Family.Prefix, StringComparison.Ordinal)
            ? _prefix + file[Config.Family.Prefix.Length..]
            : file;
    }

    /// <summary>Checkpoints converted from TensorFlow call a norm's weight gamma and its bias beta.</summary>
    TensorEntry? Find(string file) =>
        _weights.Find(file)
        ?? _weights.Find(
            file.Replace("LayerNorm.weight", "LayerNorm.gamma", StringComparison.Ordinal)
                .Replace("LayerNorm.bias", "LayerNorm.beta", StringComparison.Ordinal)
        );

    IEnumerable<(string Name, Shape Shape)> Checked()
    {
        long tables = Math.Max((long)Config.Vocabulary, Config.Positions) * Config.Hidden,
            layer =
                Config.Layers.Max(l => Math.Max((long)l.Heads * Config.HeadWidth, l.FeedForward))
                * Config.Hidden,
            largest = Math.Max(tables, layer);
        return largest < Array.MaxLength
            ? Names.Of(Config)
            : throw new InvalidDataException(
                $"{_configPath}: a tensor of these sizes would have {largest} elements; at most {Array.MaxLength} are possible."
            );
    }

    void NoteUnused(HashSet<string> used)
    {
        string[] unused =
        [
            .. _weights
                .Tensors.Select(t => t.Name)
                .Where(n =>
                    !used.Contains(n) && !n.EndsWith("position_ids", StringComparison.Ordinal)
                ),
        ];
        if (unused.Length > 0)
        {
            string shown = string.Join(", ", unused.Take(MostUnusedShown).Select(Printable.Escape));
            Notes.Add(
                $"{unused.Length} tensors of the checkpoint are not used: {shown}{(unused.Length > MostUnusedShown ? " …" : "")}."
            );
        }
    }
}
