namespace Espalier.Text;

/// <summary>A token that is found in the text before the model sees it, with the rules for finding it.</summary>
sealed record AddedToken(int Id, string Content)
{
    /// <summary>Never part of a longer word.</summary>
    public bool SingleWord { get; init; }

    /// <summary>Takes the white space to its left with it.</summary>
    public bool StripsLeft { get; init; }

    public bool StripsRight { get; init; }

    /// <summary>Looked for in the normalized text, not in the text as it came.</summary>
    public bool Normalized { get; init; }

    /// <summary>Left out when decoding without special tokens.</summary>
    public bool Special { get; init; }
}
