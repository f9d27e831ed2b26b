namespace Espalier.Text.Pieces;

/// <summary>
/// Cuts a text as the GPT-2 pattern does:
/// <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>.
/// Written out by hand: .NET's classes follow another Unicode version, and know no code point
/// beyond 16 bits.
/// </summary>
static class PieceSplitter
{
    const CodePoint Kinds = CodePoint.Letter | CodePoint.Number | CodePoint.White;

    /// <summary>Length of the piece that starts the text, which is not empty.</summary>
    public static int Next(ReadOnlySpan<char> text)
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

    static int Contraction(ReadOnlySpan<char> text) =>
        text.Length < 2 ? 0
        : text[1] is 's' or 't' or 'm' or 'd' ? 2
        : text.Length > 2 && text[1..3] is "re" or "ve" or "ll" ? 3
        : 0;

    // A run of white space leaves its last character to the word behind it, if it has two.
    static int Blank(ReadOnlySpan<char> text)
    {
        int end = Run(text, 1, CodePoint.White); // white space is one unit wide, always
        return end == text.Length || end == 1 ? end : end - 1;
    }

    static int Run(ReadOnlySpan<char> text, int at, CodePoint kind)
    {
        while (at < text.Length && KindAt(text, at, out int units) == kind)
        {
            at += units;
        }

        return at;
    }

    static CodePoint KindAt(ReadOnlySpan<char> text, int at, out int units) =>
        UnicodeTable.Of(AlignedText.Read(text, at, out units)) & Kinds;
}
