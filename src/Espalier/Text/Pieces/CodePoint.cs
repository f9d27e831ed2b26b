namespace Espalier.Text.Pieces;

/// <summary>What tokenizers take a code point for; several may hold at once.</summary>
[Flags]
enum CodePoint : ushort
{
    None = 0,

    /// <summary>BERT's cleaning drops it: control, format and private-use characters.</summary>
    Removed = 1,

    /// <summary>BERT's cleaning makes it a plain space.</summary>
    Blank = 1 << 1,

    /// <summary>BERT's words end here.</summary>
    Separator = 1 << 2,

    /// <summary>A word of its own to BERT.</summary>
    Punctuation = 1 << 3,

    /// <summary>BERT puts spaces around it.</summary>
    Chinese = 1 << 4,

    /// <summary>A nonspacing mark, dropped when accents are stripped.</summary>
    Mark = 1 << 5,

    /// <summary>\p{L} of the GPT-2 pattern.</summary>
    Letter = 1 << 6,

    /// <summary>\p{N} of the GPT-2 pattern.</summary>
    Number = 1 << 7,

    /// <summary>\s of the GPT-2 pattern and of added tokens that strip.</summary>
    White = 1 << 8,

    /// <summary>\w of added tokens that must stand alone.</summary>
    Word = 1 << 9,

    /// <summary>Decomposes, or may change places with a neighbouring mark.</summary>
    Decomposes = 1 << 10,

    /// <summary>Has another lower case.</summary>
    Lowers = 1 << 11,

    /// <summary>Any mark, dropped by the normalizer StripAccents.</summary>
    Combining = 1 << 12,

    /// <summary>Has a canonical decomposition that is never composed again.</summary>
    Excluded = 1 << 13,
}
