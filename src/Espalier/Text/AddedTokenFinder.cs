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
    readonly bool _splitsSpecial;

    /// <param name="tokens">What to look for: each token under the text by which it is found.</param>
    /// <param name="splitsSpecial">Special tokens are ordinary text, in which no other token is found.</param>
    public AddedTokenFinder(
        IEnumerable<(string Found, AddedToken Token)> tokens,
        bool splitsSpecial = false
    )
    {
        Dictionary<string, AddedToken> byContent = new(StringComparer.Ordinal);
        foreach ((string found, AddedToken token) in tokens.Where(t => t.Found.Length > 0))
        {
            byContent.TryAdd(found, token);
        }

        _splitsSpecial = splitsSpecial;
        _tokens = byContent.GetAlternateLookup<ReadOnlySpan<char>>();
        _contents = SearchValues.Create(byContent.Keys.ToArray(), StringComparison.Ordinal);
        _lengths =
        [
            .. byContent.Keys.Select(k => k.Length).Distinct().OrderByDescending(length => length),
        ];
    }

    public bool IsEmpty => _lengths.Length == 0;

    /// <summary>
    /// The next added token behind <paramref name="last"/>, with the white space that belongs to
    /// it; what lies between the two is ordinary text. As in the reference it is looked for behind
    /// the last token itself, so white space that the last one took may be found again: then it
    /// starts before the last one's end.
    /// </summary>
    public bool TryNext(ReadOnlySpan<char> text, Match last, out Match match)
    {
        match = default;
        if (IsEmpty)
        {
            return false;
        }

        for (int at = last.Behind; text[at..].IndexOfAny(_contents) is int found and >= 0; )
        {
            int start = at + found;
            AddedToken token = Longest(text[start..], out int length);
            int behind = start + length;
            at = behind;
            if (
                _splitsSpecial && token.Special
                || token.SingleWord && (EndsWord(text[..start]) || StartsWord(text[behind..]))
            )
            {
                continue;
            }

            int end = behind;
            if (token.StripsLeft)
            {
                while (start > 0 && IsWhite(text[start - 1]))
                {
                    start--;
                }

                start = Math.Max(start, last.End);
            }

            while (token.StripsRight && end < text.Length && IsWhite(text[end]))
            {
                end++;
            }

            if (start < end)
            {
                match = new Match(token, start, end, behind);
                return true;
            }
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

    /// <param name="Behind">Where the token itself ends; the white space behind it reaches to <paramref name="End"/>.</param>
    public readonly record struct Match(AddedToken Token, int Start, int End, int Behind);
}
