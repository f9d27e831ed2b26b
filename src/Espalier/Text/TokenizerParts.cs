using Espalier.Text.Formats;

namespace Espalier.Text;

/// <summary>What every kind of tokenizer is made of, as read from its files.</summary>
sealed record TokenizerParts(
    Vocabulary Vocabulary,
    IReadOnlyList<AddedToken> Added,
    Postprocessing Post,
    SpecialTokens Specials,
    TokenizerFamily Family
)
{
    /// <summary>tokenizer_class, as the files call it or as it follows from the model.</summary>
    public string? ClassName { get; init; }

    public long? ModelMaxLength { get; init; }

    /// <summary>How the model wants to be spoken to, as its files have it.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>Special tokens in a text are ordinary text.</summary>
    public bool SplitsSpecial { get; init; }

    /// <summary>Whether token types are given to the model; without, they are all 0.</summary>
    public bool GivesTypes { get; init; } = true;

    /// <summary>What the user should know.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The files it was read from, byte for byte, while nothing was changed.</summary>
    public IReadOnlyDictionary<string, byte[]>? Files { get; init; }

    /// <summary>Parts as the settings have them, still without what stands around texts.</summary>
    public static TokenizerParts Of(
        Vocabulary vocabulary,
        IReadOnlyList<AddedToken> added,
        SpecialTokens specials,
        TokenizerFamily family,
        TokenizerConfig config,
        IReadOnlyDictionary<string, byte[]> files
    ) =>
        new(
            vocabulary,
            added,
            new Postprocessing(Postprocessing.Kind.None, Template.BareSingle, Template.BarePair),
            specials,
            family
        )
        {
            ClassName = config.Class.Name,
            ModelMaxLength = config.ModelMaxLength,
            ChatTemplate = config.ChatTemplate,
            SplitsSpecial = config.SplitsSpecial,
            GivesTypes =
                config.GivesTypes
                ?? config.Class.GivesTypes(
                    family == TokenizerFamily.Bert
                        ? TokenizerModel.WordPiece
                        : TokenizerModel.BytePair
                ),
            Notes = config.Notes,
            Files = files,
        };

    /// <summary>The same with what stands around texts, without types where none are given.</summary>
    public TokenizerParts With(Postprocessing post) =>
        this with
        {
            Post = GivesTypes
                ? post
                : post with
                {
                    Single = post.Single.WithoutTypes(),
                    Pair = post.Pair.WithoutTypes(),
                },
        };

    public int? IdOf(string role) =>
        Specials[role] is not { } token ? null
        : Added.FirstOrDefault(a => a.Content == token) is { } added ? added.Id
        : Vocabulary.TryId(token, out int id) ? id
        : null;
}
