using Espalier.Text.Pieces;

namespace Espalier.Text;

/// <summary>The settings of a byte-level BPE tokenizer.</summary>
sealed record BytePairModel(MergeTable Merges)
{
    public bool AddsPrefixSpace { get; init; }

    public Normalizer? Normalizer { get; init; }

    /// <summary>The normalizer as tokenizer.json writes it.</summary>
    public string? WrittenNormalizer { get; init; }

    /// <summary>Every digit is cut off before the GPT-2 pattern runs, as in Llama-style tokenizers.</summary>
    public bool SplitsDigits { get; init; }

    /// <summary>Stands for a byte that has no token; without it such bytes vanish.</summary>
    public int? UnknownId { get; init; }

    /// <summary>Length of the stretch at the start of the text that the GPT-2 pattern sees as a whole.</summary>
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
