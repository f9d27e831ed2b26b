using System.Buffers;
using System.Text;
using Espalier.Text.Pieces;

namespace Espalier.Text;

/// <summary>Finds added tokens: the leftmost first, the longest of those that start there.</summary>
sealed class AddedTokenFinder
{
    readonly Dictionary<string, AddedToken>.AlternateLookup<ReadOnlySpan<char>> _tokens;
    readonly SearchValues<string> _contents;
    readonly int[] _lengths;

    /// <param name="tokens">What to look for: each token under the text by which it is found.</param>
    public AddedTokenFinder(IEnumerable<(string Found, AddedToken Token)> tokens)
    {
        Dictionary<string, AddedToken> byContent = new(StringComparer.Ordinal);
        foreach ((string found, AddedToken token) in tokens.Where(t => t.Found.Length > 0))
        {
            byContent.TryAdd(found, token);
        }

        _tokens = byContent.GetAlternateLookup<ReadOnlySpan<char>>();
        _contents = SearchValues.Create(byContent.Keys.ToArray(), StringComparison.Ordinal);
        _lengths =
        [
            .. byContent.Keys.Select(k => k.Length).Distinct().OrderByDescending(length => length),
        ];
    }

    public bool IsEmpty => _lengths.Length == 0;

    /// <summary>
    /// The next added token at or after <paramref name="from"/>, with the white space that belongs
    /// to it; what lies before its start is ordinary text.
    /// </summary>
    public bool TryNext(ReadOnlySpan<char> text, int from, out Match match)
    {
        match = default;
        if (IsEmpty)
        {
            return false;
        }

        for (int at = from; text[at..].IndexOfAny(_contents) is int found and >= 0; )
        {
            int start = at + found;
            AddedToken token = Longest(text[start..], out int length);
            int end = start + length;
            if (token.SingleWord && (EndsWord(text[..start]) || StartsWord(text[end..])))
            {
                at = end;
                continue;
            }

            while (token.StripsLeft && start > from && IsWhite(text[start - 1]))
            {
                start--;
            }

            while (token.StripsRight && end < text.Length && IsWhite(text[end]))
            {
                end++;
            }

            match = new Match(token, start, end);
            return true;
        }

        return false;
    }

    AddedToken Longest(ReadOnlySpan<char> text, out int length)
    {
        foreach (int candidate in _lengths)
        {
            if (
                candidate <= text.Length
                && _tokens.TryGetValue(text[..candidate], out AddedToken? token)
            )
            {
                length = candidate;
                return token;
            }
        }

        throw new InvalidOperationException("SearchValues found a token that the table lacks.");
    }

    static bool IsWhite(char unit) => UnicodeTable.Is(unit, CodePoint.White);

    static bool StartsWord(ReadOnlySpan<char> text) =>
        text.Length > 0 && UnicodeTable.Is(AlignedText.Read(text, 0, out _), CodePoint.Word);

    static bool EndsWord(ReadOnlySpan<char> text)
    {
        if (text.Length == 0)
        {
            return false;
        }

        Rune.DecodeLastFromUtf16(text, out Rune last, out _);
        return UnicodeTable.Is(last.Value, CodePoint.Word);
    }

    public readonly record struct Match(AddedToken Token, int Start, int End);
}
