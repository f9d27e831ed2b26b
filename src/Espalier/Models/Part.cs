using Espalier.Tensors;

namespace Espalier.Models;

/// <summary>Which stretch of a model a part belongs to, in the order of the files.</summary>
public enum Stretch
{
    Embeddings,
    Layer,

    /// <summary>The norm behind the last layer of a model whose norms come first.</summary>
    Final,

    /// <summary>The classifier behind a layer that is not the last.</summary>
    Exit,

    /// <summary>The classifier behind the last layer.</summary>
    Head,
}

/// <summary>What a part does where it stands.</summary>
public enum Role
{
    Word,
    Position,
    Type,
    Norm,

    /// <summary>From the width of the embeddings to that of the layers.</summary>
    Projection,
    Query,
    Key,
    Value,

    /// <summary>Of each head of queries.</summary>
    QueryNorm,
    KeyNorm,

    /// <summary>The projection behind the heads.</summary>
    Attention,
    AttentionNorm,

    /// <summary>Of what attention adds.</summary>
    AttentionPostNorm,

    /// <summary>What a gated feed-forward part puts through its activation.</summary>
    Gate,
    Up,
    Down,

    /// <summary>Of what the feed-forward part adds.</summary>
    PostNorm,
    Dense,
    Out,
}

/// <summary>A table, linear or norm of a model by its place; its parameters' names in memory follow from it.</summary>
/// <param name="Index">Of the layer (of its set of weights where layers share them) or of the exit; 0 elsewhere.</param>
public readonly record struct Part(Stretch Stretch, int Index, Role Role)
{
    static readonly string[] Roles =
    [
        .. Enum.GetNames<Role>()
            .Select(n =>
                string.Concat(n.Select((c, i) => char.IsUpper(c) && i > 0 ? $"_{c}" : $"{c}"))
                    .ToLowerInvariant()
            ),
    ];

    public static Part Word => new(Stretch.Embeddings, 0, Role.Word);
    public static Part Position => new(Stretch.Embeddings, 0, Role.Position);
    public static Part Type => new(Stretch.Embeddings, 0, Role.Type);
    public static Part EmbeddingNorm => new(Stretch.Embeddings, 0, Role.Norm);

    public static Part EmbeddingProjection => new(Stretch.Embeddings, 0, Role.Projection);
    public static Part FinalNorm => new(Stretch.Final, 0, Role.Norm);

    public static Part Head(Role role) => new(Stretch.Head, 0, role);

    public static Part Exit(int layer, Role role) => new(Stretch.Exit, layer, role);

    public static Part Layer(int layer, Role role) => new(Stretch.Layer, layer, role);

    /// <summary>Whether it is a table of rows, which is looked up and not multiplied with.</summary>
    public bool IsTable => Role is Role.Word or Role.Position or Role.Type;

    public bool IsNorm =>
        Role
            is Role.Norm
                or Role.AttentionNorm
                or Role.QueryNorm
                or Role.KeyNorm
                or Role.AttentionPostNorm
                or Role.PostNorm;

    /// <summary>Name of the weight.</summary>
    public string Weight => IsTable ? ToString() : $"{this}.weight";

    /// <summary>Name of the bias.</summary>
    public string Bias => $"{this}.bias";

    public override string ToString() =>
        Stretch switch
        {
            Stretch.Embeddings => "embeddings.",
            Stretch.Layer => $"layers.{Index}.",
            Stretch.Final => "final.",
            Stretch.Exit => $"exits.{Index}.",
            _ => "head.",
        } + Roles[(int)Role];

    /// <summary>The part of a parameter's name.</summary>
    /// <exception cref="ArgumentException">No parameter is called so.</exception>
    public static Part Of(string name) =>
        Find(name) ?? throw new ArgumentException($"'{name}' is no name of a parameter.");

    static Part? Find(string name)
    {
        string[] words = name.Split('.');
        Stretch? stretch = words[0] switch
        {
            "embeddings" => Models.Stretch.Embeddings,
            "layers" => Models.Stretch.Layer,
            "final" => Models.Stretch.Final,
            "exits" => Models.Stretch.Exit,
            "head" => Models.Stretch.Head,
            _ => null,
        };
        int at = stretch is Stretch.Layer or Stretch.Exit ? 2 : 1,
            index = 0,
            role = words.Length > at ? Array.IndexOf(Roles, words[at]) : -1;
        return
            stretch is { } found && role >= 0 && (at == 1 || Numeral.TryWhole(words[1], out index))
            ? new Part(found, index, (Role)role)
            : null;
    }

    /// <summary>Biases and norms are not decayed; neither is what is trained beside a model, unless it is called a weight.</summary>
    public static bool Decays(string name) =>
        Find(name) is not { } part
            ? name.EndsWith(".weight", StringComparison.Ordinal)
            : part.IsTable || !part.IsNorm && name == part.Weight;
}
