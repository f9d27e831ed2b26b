namespace Espalier.Text.Pieces;

/// <summary>How a text is cut into words before pieces are looked for: at white space, at SentencePiece's mark for a space, or both.</summary>
sealed record WordSplitter
{
    public enum Prefix
    {
        Never,
        Always,
        First,
    }

    /// <summary>White space ends a word and goes.</summary>
    public bool AtWhiteSpace { get; init; }

    /// <summary>What is written for a space; null: spaces stay.</summary>
    public char? Mark { get; init; }

    /// <summary>Which words get a mark in front, unless they have one: all, or the one that starts the text.</summary>
    public Prefix Marked { get; init; }

    /// <summary>A mark begins a word of its own.</summary>
    public bool AtMark { get; init; }

    /// <summary>Where the next word of the text ends; white space before it is to be skipped.</summary>
    public int NextEnd(ReadOnlySpan<char> text, ref int start)
    {
        if (!AtWhiteSpace)
        {
            return text.Length;
        }

        while (start < text.Length && IsWhite(text[start]))
        {
            start++;
        }

        int end = start;
        while (end < text.Length && !IsWhite(text[end]))
        {
            end++;
        }

        return end;
    }

    /// <summary>
    /// The word as pieces spell it, in <paramref name="spelt"/>, which has room for one more unit;
    /// <paramref name="added"/> units of it were put in front.
    /// </summary>
    public int Spell(ReadOnlySpan<char> word, bool first, Span<char> spelt, out int added)
    {
        added = 0;
        if (Mark is not { } mark)
        {
            word.CopyTo(spelt);
            return word.Length;
        }

        bool wanted = Marked == Prefix.Always || Marked == Prefix.First && first;
        if (wanted && word[0] != mark && word[0] != ' ')
        {
            spelt[0] = mark;
            added = 1;
        }

        word.Replace(spelt[added..], ' ', mark);
        return added + word.Length;
    }

    /// <summary>Length of the next part of a spelt word.</summary>
    public int NextLength(ReadOnlySpan<char> spelt)
    {
        int next = AtMark && spelt.Length > 1 ? spelt[1..].IndexOf(Mark!.Value) : -1;
        return next < 0 ? spelt.Length : next + 1;
    }

    static bool IsWhite(char unit) => UnicodeTable.Is(unit, CodePoint.Separator); // none is beyond 16 bits
}
