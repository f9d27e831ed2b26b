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
    /// <summary>tokenizer_class, as the files call it.</summary>
    public string? ClassName { get; init; }

    public long? ModelMaxLength { get; init; }

    /// <summary>The files it was read from, byte for byte, while nothing was changed.</summary>
    public IReadOnlyDictionary<string, byte[]>? Files { get; init; }
}
