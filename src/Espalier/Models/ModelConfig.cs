using Espalier.Autograd;
using Espalier.Models.Families;
using Espalier.Models.Walk;
using Espalier.Tensors;

namespace Espalier.Models;

/// <summary>Everything about a model but its numbers. <see cref="Forward"/> reads it.</summary>
public sealed record ModelConfig
{
    public required Family Family { get; init; }
    public required int Vocabulary { get; init; }

    /// <summary>Columns of what goes through the layers.</summary>
    public required int Hidden { get; init; }
    public required IReadOnlyList<Block> Layers { get; init; }

    /// <summary>For each layer the number of its set of weights, where layers share them (ALBERT); null: each has its own.</summary>
    public IReadOnlyList<int>? Sharing { get; init; }

    /// <summary>Rows of the position table, RoBERTa's two reserved ones included; the longest input where there is no table.</summary>
    public required int Positions { get; init; }

    /// <summary>Whether positions are learned; otherwise layers turn queries and keys (<see cref="Rotary"/>).</summary>
    public bool HasPositionTable { get; init; } = true;

    /// <summary>Rows of the token type table; 0: the family has none.</summary>
    public required int Types { get; init; }

    /// <summary>Columns of the tables.</summary>
    public int EmbeddingWidth
    {
        get => field == 0 ? Hidden : field;
        init;
    }

    /// <summary>Whether a linear stands between the tables and the layers; it must where their widths differ.</summary>
    public bool ProjectsEmbedding { get; init; }

    /// <summary>Null: none.</summary>
    public NormSpec? EmbeddingNorm { get; init; } = new(1e-12f);

    /// <summary>What rows of the word table are multiplied by.</summary>
    public float EmbeddingScale { get; init; } = 1;
    public float EmbeddingDropout { get; init; }

    /// <summary>Behind the last layer, and in front of every classifier; null: none.</summary>
    public NormSpec? FinalNorm { get; init; }
    public HeadSpec Head { get; init; } = new ClassifierSpec();

    /// <summary>Whether the model says which token comes next, instead of what a text is.</summary>
    public bool IsLanguage => Head is LanguageSpec;

    /// <summary>Tokens behind which a text of a language model ends.</summary>
    public IReadOnlyList<int> EndIds { get; init; } = [];

    /// <summary>The token in front of a text of a language model, where its file names one.</summary>
    public int? BeginId { get; init; }

    /// <summary>Standard deviation of weights that a checkpoint lacks.</summary>
    public float InitializerRange { get; init; } = 0.02f;
    public int PadId { get; init; }

    /// <summary>Names of the classes in order; one entry for regression; none for a language model.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>One number is predicted instead of a class.</summary>
    public bool Regression { get; init; }

    /// <summary>What the classifier behind the last layer reads.</summary>
    public Pooling Pooling { get; init; } = Pooling.First;

    /// <summary>What the classifiers behind all other layers read; null: there are none.</summary>
    public Pooling? ExitPooling { get; init; }

    /// <summary>
    /// Of a language model: layers, ascending and counted from 0, behind which the head may be asked too; the last is none of them.
    /// </summary>
    public IReadOnlyList<int> HeadExits { get; init; } = [];

    /// <summary>Numbers of an answer.</summary>
    public int Outputs => IsLanguage ? Vocabulary : Labels.Count;

    /// <summary>Whether the head reads the first row of a sequence and no other.</summary>
    public bool ReadsFirst => !IsLanguage && Pooling == Pooling.First;

    /// <summary>Longest input in tokens.</summary>
    public int MaxLength => Positions - Family.PositionOffset(PadId);

    /// <summary>Columns of a head, in every layer, also where pruning left fewer of them than hidden / width.</summary>
    public int HeadWidth => Layers[0].Attention.Width;

    /// <summary>Heads as config.json has them where they fill the hidden states; 1 where heads of this width cannot, and espalier.json says how many there are.</summary>
    public int NominalHeads => Hidden % HeadWidth == 0 ? Hidden / HeadWidth : 1;

    public bool HasExits => ExitPooling is not null || HeadExits.Count > 0;

    /// <summary>Places where an example, or a language model's token, may leave; the last layer is the last of them.</summary>
    public int ExitCount => ExitPooling is null ? HeadExits.Count + 1 : Layers.Count;

    /// <summary>Layers that are passed on the way to an exit.</summary>
    public int LayersAt(int exit) =>
        ExitPooling is not null ? exit + 1
        : exit < HeadExits.Count ? HeadExits[exit] + 1
        : Layers.Count;

    /// <summary>The exit behind a layer that is not the last; null: there is none.</summary>
    public int? ExitBehind(int layer)
    {
        if (ExitPooling is not null)
        {
            return layer;
        }

        for (int exit = 0; exit < HeadExits.Count; exit++)
        {
            if (HeadExits[exit] == layer)
            {
                return exit;
            }
        }

        return null;
    }

    public ModelConfig WithoutExits() => this with { ExitPooling = null, HeadExits = [] };

    /// <summary>Tokens leave on the way, so that behind the last layer there are no states of whole texts.</summary>
    public bool DropsTokens => Layers.Any(l => l.Attention.Keeps is not null);

    /// <summary>Transformers can load it: config.json says everything about its layers.</summary>
    public bool HasPlainShapes => Family.IsPlain(this);

    /// <summary>The set of weights of a layer.</summary>
    public int SetOf(int layer) => Sharing?[layer] ?? layer;

    /// <summary>A part of a layer, which other layers may share.</summary>
    public Part PartOf(int layer, Role role) => Part.Layer(SetOf(layer), role);

    /// <summary>Every parameter with its shape, in file order.</summary>
    public IEnumerable<(string Name, Shape Shape)> Shapes() => new Outline(this).Shapes;

    /// <summary>Numbers in all parameters.</summary>
    public long Weights => Shapes().Sum(s => (long)s.Shape.Count);

    /// <summary>
    /// Multiply-adds of one example of that many tokens, attention included. Behind the attention of the last layer a classifier that reads the first
    /// row needs no other.
    /// </summary>
    /// <param name="exit">At which it leaves, counted from 0; null: it goes through all layers.</param>
    public long MultiplyAdds(int tokens, int? exit = null) =>
        new Outline(this, tokens, exit).MultiplyAdds;

    /// <summary>The model of some of the layers, and what each parameter of it was called.</summary>
    /// <param name="kept">
    /// Layers, counted from 0. Exits go with them; one of a language model's whose layer goes stands behind the one before it.
    /// </param>
    public (ModelConfig Config, Func<string, string> OldName) WithLayers(IReadOnlyList<int> kept)
    {
        int[] sets = [.. kept.Select(SetOf).Distinct()];
        Dictionary<int, int> exits = [];
        foreach (int exit in HeadExits)
        {
            int behind = kept.Count(k => k <= exit) - 1;
            if (behind >= 0 && behind < kept.Count - 1)
            {
                exits[behind] = exit;
            }
        }

        ModelConfig config = this with
        {
            Layers = [.. kept.Select(l => Layers[l])],
            HeadExits = [.. exits.Keys.Order()],
            Sharing = Sharing is null ? null : [.. kept.Select(l => Array.IndexOf(sets, SetOf(l)))],
        };
        return (config, Old);

        string Old(string name)
        {
            Part part = Part.Of(name);
            int index = part.Stretch switch
            {
                Stretch.Layer => Sharing is null ? kept[part.Index] : sets[part.Index],
                Stretch.Exit => IsLanguage ? exits[part.Index] : kept[part.Index],
                _ => part.Index,
            };
            Part old = part with { Index = index };
            return name == part.Bias ? old.Bias : old.Weight;
        }
    }
}
