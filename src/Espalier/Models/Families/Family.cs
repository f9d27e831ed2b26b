using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Stored;

namespace Espalier.Models.Families;

/// <summary>Where a part lies in a file: a tensor of its own, or some of the rows of one that several parts share.</summary>
/// <param name="Name">Without <c>.weight</c> and <c>.bias</c>.</param>
/// <param name="Piece">Which of the <paramref name="Pieces"/> equal pieces, counted from 0.</param>
/// <param name="Transposed">The matrix lies as [inputs, outputs].</param>
public sealed record PartName(string Name, int Piece = 0, int Pieces = 1, bool Transposed = false)
{
    public static implicit operator PartName(string name) => new(name);
}

/// <summary>What differs between families: config.json and names of tensors, both ways, and positions.</summary>
public abstract class Family
{
    /// <summary>Known families; <see cref="ModelType"/> finds one.</summary>
    public static IReadOnlyList<Family> All { get; } =
    [
        new Bert(),
        new Roberta(),
        new DistilBert(),
        new XlmRoberta(),
        new Electra(),
        new Albert(),
        new ModernBert(),
        new Gpt2(),
        new Llama(),
        new Mistral(),
        new Qwen2(),
        new Qwen3(),
        new Opt(),
        new Gemma(),
        new Gemma3(),
    ];

    /// <summary><c>model_type</c> in config.json.</summary>
    public abstract string ModelType { get; }

    /// <summary>Class name in transformers, written to <c>architectures</c>.</summary>
    public abstract string Architecture { get; }

    /// <summary>In front of the encoder's parameters in a checkpoint with a classifier; a bare encoder has none.</summary>
    public virtual string Prefix => ModelType + ".";

    /// <summary>A bare encoder's checkpoint may hold the first linear of the classifier (BERT's pooler).</summary>
    public virtual bool HeadDenseBelongsToEncoder => false;

    /// <summary>What an id of padding is where the file does not say.</summary>
    internal virtual int DefaultPadId => 0;

    /// <summary>Fields of config.json that are read for this family alone.</summary>
    internal abstract IReadOnlySet<string> Fields { get; }

    /// <summary>Layers and all sizes; labels are read elsewhere.</summary>
    internal abstract ModelConfig Read(JsonFields file);

    /// <summary>Writes what <see cref="Read"/> reads.</summary>
    internal abstract void Write(Utf8JsonWriter json, ModelConfig config);

    /// <summary>Whether what <see cref="Write"/> writes says everything about the layers.</summary>
    internal virtual bool IsPlain(ModelConfig config) =>
        config.Layers.All(l => l == config.Layers[0])
        && config.Layers[0].Attention.Columns == config.Hidden;

    /// <summary>Positions that no token of a text has.</summary>
    public virtual int PositionOffset(int padId) => 0;

    /// <summary>The position of the next token of a sequence.</summary>
    /// <param name="counted">Tokens of the sequence that were counted so far; this one is, unless it is padding to the family.</param>
    public virtual int Position(int id, int padId, ref int counted) => counted++;

    /// <summary>Parts in front of the layers and behind them, in the file without <see cref="Prefix"/>.</summary>
    protected abstract IReadOnlyDictionary<Part, PartName> Ends { get; }

    /// <summary>Parts of the classifier; with <see cref="Prefix"/> where the file has it.</summary>
    protected abstract IReadOnlyDictionary<Role, PartName> HeadParts { get; }

    /// <summary>Parts of a layer, without what stands in front of them.</summary>
    protected abstract IReadOnlyDictionary<Role, PartName> LayerParts { get; }

    /// <summary>In front of the parts of a layer, without <see cref="Prefix"/>.</summary>
    protected abstract string LayerName(int layer);

    /// <summary>How GGUF has the family; null: not at all.</summary>
    internal virtual GgufForm? Gguf => null;

    /// <summary>A parameter as Espalier computes with it, of how the family's files have it.</summary>
    internal virtual Weight FromFile(Part part, Weight weight) => weight;

    /// <summary>The way back of <see cref="FromFile"/>.</summary>
    internal virtual Weight ToFile(Part part, Weight weight) => weight;

    /// <summary>Where a part lies in a file of the whole model. Exits are ours and keep our names.</summary>
    public PartName NameOf(Part part) =>
        part.Stretch switch
        {
            Stretch.Exit => $"{part}",
            Stretch.Head => HeadParts[part.Role],
            Stretch.Layer => Under($"{Prefix}{LayerName(part.Index)}.", LayerParts[part.Role]),
            _ => Under(Prefix, Ends[part]),
        };

    /// <summary>Full name, in a file of the whole model, of the tensor that holds a parameter.</summary>
    public string FileName(string parameter)
    {
        Part part = Part.Of(parameter);
        return NameOf(part).Name + (parameter == part.Bias ? ".bias" : ".weight");
    }

    static PartName Under(string prefix, PartName part) => part with { Name = prefix + part.Name };
}
