using Espalier.Text.Pieces;

namespace Espalier.Text;

/// <summary>How SentencePiece reads a text: normalized, cut into words, each spelt and cut into pieces.</summary>
abstract record SentencePieceModel
{
    public Normalizer? Normalizer { get; init; }

    public required WordSplitter Words { get; init; }

    /// <summary>How tokens become text again.</summary>
    public required Func<Joining> Joining { get; init; }

    /// <summary>As tokenizer.json writes them; null: there is none.</summary>
    public required (
        string? Normalizer,
        string? PreTokenizer,
        string? Decoder
    ) Written { get; init; }

    /// <summary>Length of the next part of a spelt word: whatever is cut off here, pieces would not span.</summary>
    public virtual int NextLength(ReadOnlySpan<char> spelt) => Words.NextLength(spelt);

    /// <summary>The pieces of a part, with their places in it.</summary>
    public abstract void Cut(ReadOnlySpan<char> text, List<Token> tokens);
}
