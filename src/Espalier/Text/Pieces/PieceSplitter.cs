namespace Espalier.Text.Pieces;

/// <summary>The patterns by which byte-level BPE cuts a text before it merges.</summary>
enum PiecePattern
{
    /// <summary><c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c></summary>
    Gpt2,

    /// <summary>
    /// <c>(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+</c>
    /// </summary>
    Llama3,

    /// <summary>That of Llama 3, but each <c>\p{N}</c> is a piece.</summary>
    Qwen2,
}

/// <summary>
/// Cuts a text as a pattern does. Written out by hand: .NET's classes follow another Unicode
/// version, and know no code point beyond 16 bits.
/// </summary>
static class PieceSplitter
{
    const CodePoint Kinds = CodePoint.Letter | CodePoint.Number | CodePoint.White;

    /// <summary>Length of the piece that starts the text, which is not empty.</summary>
    public static int Next(ReadOnlySpan<char> text, PiecePattern pattern) =>
        pattern == PiecePattern.Gpt2
            ? Next(text)
            : Next(text, digits: pattern == PiecePattern.Llama3 ? 3 : 1);

    static int Next(ReadOnlySpan<char> text)
    {
        if (text[0] == '\'' && Contraction(text) is int length and > 0)
        {
            return length;
        }

        int start = text[0] == ' ' && text.Length > 1 ? 1 : 0;
        CodePoint kind = KindAt(text, start, out int units);
        if (kind == CodePoint.White && start == 1)
        {
            start = 0;
        }

        return kind == CodePoint.White ? Blank(text) : Run(text, start + units, kind);
    }

    static int Next(ReadOnlySpan<char> text, int digits)
    {
        if (
            text[0] == '\''
            && Contraction(LowerStart(text, stackalloc char[3])) is int length and > 0
        )
        {
            return length;
        }

        CodePoint kind = KindAt(text, 0, out int units);
        if (kind == CodePoint.Letter)
        {
            return Run(text, units, kind);
        }

        if (kind == CodePoint.Number)
        {
            for (; digits > 1 && Is(text, units, kind, out int more); digits--)
            {
                units += more;
            }

            return units;
        }

        if (text[0] is not ('\r' or '\n') && Is(text, units, CodePoint.Letter, out _))
        {
            return Run(text, units, CodePoint.Letter);
        }

        int start = text[0] == ' ' ? 1 : 0;
        if (!Is(text, start, CodePoint.None, out units))
        {
            return LastBreak(text) is int end and > 0 ? end : Blank(text);
        }

        length = Run(text, start + units, CodePoint.None);
        while (length < text.Length && text[length] is '\r' or '\n')
        {
            length++;
        }

        return length;
    }

    static int Contraction(ReadOnlySpan<char> text) =>
        text.Length < 2 ? 0
        : text[1] is 's' or 't' or 'm' or 'd' ? 2
        : text.Length > 2 && text[1..3] is "re" or "ve" or "ll" ? 3
        : 0;

    // ſ is a small s to a pattern that ignores case.
    static ReadOnlySpan<char> LowerStart(ReadOnlySpan<char> text, Span<char> lower)
    {
        lower = lower[..Math.Min(3, text.Length)];
        text[..lower.Length].ToLowerInvariant(lower);
        lower.Replace('ſ', 's');
        return lower;
    }

    // A run of white space leaves its last character to the word behind it, if it has two.
    static int Blank(ReadOnlySpan<char> text)
    {
        int end = Run(text, 1, CodePoint.White); // white space is one unit wide, always
        return end == text.Length || end == 1 ? end : end - 1;
    }

    // Behind the last line break of the white space that starts the text; 0 where there is none.
    static int LastBreak(ReadOnlySpan<char> text) =>
        1 + text[..Run(text, 0, CodePoint.White)].LastIndexOfAny('\r', '\n');

    static int Run(ReadOnlySpan<char> text, int at, CodePoint kind)
    {
        while (at < text.Length && KindAt(text, at, out int units) == kind)
        {
            at += units;
        }

        return at;
    }

    static bool Is(ReadOnlySpan<char> text, int at, CodePoint kind, out int units)
    {
        units = 0;
        return at < text.Length && KindAt(text, at, out units) == kind;
    }

    static CodePoint KindAt(ReadOnlySpan<char> text, int at, out int units) =>
        UnicodeTable.Of(AlignedText.Read(text, at, out units)) & Kinds;
}
