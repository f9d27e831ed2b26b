using Espalier.Text.Pieces;

namespace Espalier.Text;

/// <summary>The settings of a byte-level BPE tokenizer.</summary>
sealed record BytePairModel(MergeTable Merges)
{
    public bool AddsPrefixSpace { get; init; }

    public Normalizer? Normalizer { get; init; }

    /// <summary>The normalizer as tokenizer.json writes it.</summary>
    public string? WrittenNormalizer { get; init; }

    /// <summary>Every digit is cut off before the pattern runs, as SmolLM2 has it.</summary>
    public bool SplitsDigits { get; init; }

    public PiecePattern Pattern { get; init; }

    /// <summary>A piece that is a token stays whole, whatever its merges.</summary>
    public bool IgnoresMerges { get; init; }

    /// <summary>Stands for a byte that has no token; without it such bytes vanish.</summary>
    public int? UnknownId { get; init; }

    /// <summary>Whether vocabulary and merges alone tell how texts are cut.</summary>
    public bool IsGpt2 => !SplitsDigits && !IgnoresMerges && Pattern == PiecePattern.Gpt2;

    /// <summary>Neighbouring unknown characters are one token; known to BPE of characters alone.</summary>
    public bool FusesUnknown { get; init; }

    /// <summary>Unknown characters are spelt in bytes; known to BPE of characters alone.</summary>
    public bool FallsBack { get; init; }

    /// <summary>Length of the stretch at the start of the text that the pattern sees as a whole.</summary>
    public int NextSegment(ReadOnlySpan<char> text)
    {
        if (!SplitsDigits)
        {
            return text.Length;
        }

        for (int at = 0, units; at < text.Length; at += units)
        {
            if (UnicodeTable.Is(AlignedText.Read(text, at, out units), CodePoint.Number))
            {
                return at == 0 ? units : at;
            }
        }

        return text.Length;
    }
}
