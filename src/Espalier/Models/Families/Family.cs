using Espalier.Kernels;

namespace Espalier.Models.Families;

/// <summary>What differs between BERT, RoBERTa and DistilBERT: names in files, positions, the classifier.</summary>
public abstract class Family
{
    /// <summary>Known families; <see cref="ModelType"/> finds one.</summary>
    public static IReadOnlyList<Family> All { get; } =
    [new Bert(), new Roberta(), new DistilBert()];

    /// <summary><c>model_type</c> in config.json.</summary>
    public abstract string ModelType { get; }

    /// <summary>Class name in transformers, written to <c>architectures</c>.</summary>
    public abstract string Architecture { get; }

    /// <summary>In front of the encoder's parameters in a checkpoint with a classifier; a bare encoder has none.</summary>
    public string Prefix => ModelType + ".";

    /// <summary>Between the two linears of the classifier.</summary>
    public virtual Activation HeadActivation => Activation.Tanh;

    /// <summary>RoBERTa drops in front of the first linear of its classifier as well.</summary>
    public virtual bool DropsBeforeHead => false;

    /// <summary>A bare encoder's checkpoint may hold the first linear of the classifier (BERT's pooler).</summary>
    public virtual bool HeadDenseBelongsToEncoder => false;

    /// <summary>Positions that no token of a text has.</summary>
    public virtual int PositionOffset(int padId) => 0;

    /// <summary>The position of the next token of a sequence.</summary>
    /// <param name="counted">Tokens of the sequence that were counted so far; this one is, unless it is padding to the family.</param>
    public virtual int Position(int id, int padId, ref int counted) => counted++;

    /// <summary>Name in the file, without <see cref="Prefix"/>, of an encoder's part such as <c>layers.0.query.weight</c>.</summary>
    public abstract string EncoderName(string name);

    /// <summary>Name in the file of <c>head.…</c>.</summary>
    public abstract string HeadName(string name);

    /// <summary>Full name in a file of the whole model. Exits are ours and keep our names.</summary>
    public string FileName(string name) =>
        name.StartsWith("exits.", StringComparison.Ordinal) ? name
        : name.StartsWith("head.", StringComparison.Ordinal) ? HeadName(name)
        : Prefix + EncoderName(name);

    /// <summary>Replaces the part of a layer's or the embeddings' name by that of a table.</summary>
    protected static string Translate(
        string name,
        string layers,
        IReadOnlyDictionary<string, string> parts
    )
    {
        int tail = name.LastIndexOf('.');
        if (name.StartsWith("layers.", StringComparison.Ordinal))
        {
            int number = name.IndexOf('.', 7);
            return $"{layers}.{name[7..number]}.{parts[name[(number + 1)..tail]]}{name[tail..]}";
        }

        return parts.TryGetValue(name, out string? whole)
            ? whole
            : parts[name[..tail]] + name[tail..];
    }
}
