using System.Text;
using Espalier.Text.Pieces;

namespace Espalier.Text;

/// <summary>
/// BERT's tokenizer: words at white space and punctuation, then from the left the longest piece
/// that the vocabulary has.
/// </summary>
public sealed class WordPieceTokenizer : Tokenizer
{
    readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _starts;
    readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _continuations;
    readonly int _longest;
    readonly AddedTokenFinder _normalizedFinder;
    readonly WordCache _cache = new();

    internal WordPieceTokenizer(TokenizerParts parts, WordPieceModel model)
        : base(parts)
    {
        Model = model;
        Dictionary<string, int> starts = new(StringComparer.Ordinal);
        Dictionary<string, int> continuations = new(StringComparer.Ordinal);
        foreach ((string token, int id) in parts.Vocabulary.Entries)
        {
            starts[token] = id;
            if (token.StartsWith(model.Prefix, StringComparison.Ordinal))
            {
                continuations[token[model.Prefix.Length..]] = id;
            }

            _longest = Math.Max(_longest, token.Length);
        }

        _starts = starts.GetAlternateLookup<ReadOnlySpan<char>>();
        _continuations = continuations.GetAlternateLookup<ReadOnlySpan<char>>();
        _normalizedFinder = new AddedTokenFinder(
            parts.Added.Where(a => a.Normalized).Select(a => (Normalized(a.Content), a)),
            parts.SplitsSpecial
        );
    }

    internal WordPieceModel Model { get; }

    /// <remarks>
    /// Why the same tokens: the longest kept piece at a place is the longest piece there, if that
    /// one was kept. A word that was unknown because greed led it astray may become readable.
    /// </remarks>
    public override Tokenizer Trim(IReadOnlySet<int> keep, out int[] oldIdOfNewId)
    {
        HashSet<int> kept = [Model.UnknownId];
        foreach ((string token, int id) in Parts.Vocabulary.Entries)
        {
            bool continues = token.StartsWith(Model.Prefix, StringComparison.Ordinal);
            ReadOnlySpan<char> piece = token.AsSpan(continues ? Model.Prefix.Length : 0);
            if (IsOneCharacter(token) || IsOneCharacter(piece))
            {
                kept.Add(id);
            }
        }

        Trimming trimming = new(this, keep, kept);
        oldIdOfNewId = trimming.OldIds;
        return new WordPieceTokenizer(
            trimming.Parts(Parts),
            Model with
            {
                UnknownId = trimming.NewId(Model.UnknownId),
            }
        );
    }

    private protected override void Tokenize(
        ReadOnlySpan<char> text,
        int offset,
        List<Token> tokens
    )
    {
        AlignedText normalized = Model.Normalizer.Normalize(text, offset);
        ReadOnlySpan<char> units = normalized.Units;
        AddedTokenFinder.Match last = default;
        while (_normalizedFinder.TryNext(units, last, out AddedTokenFinder.Match match))
        {
            Words(normalized, last.End, Math.Max(match.Start, last.End), tokens);
            (int start, int end) = normalized.Origin(match.Start, match.End);
            tokens.Add(new Token(match.Token.Id, start, end, Added: true));
            last = match;
        }

        Words(normalized, last.End, units.Length, tokens);
    }

    // Between two ASCII blanks nothing depends on what lies beyond them: no mark moves across one,
    // and a word ends there. Only tokens found in normalized text may span them.
    private protected override void TokenizeIds(ReadOnlySpan<char> text, List<int> ids)
    {
        if (!_normalizedFinder.IsEmpty)
        {
            AddIds(text, ids);
            return;
        }

        while (!text.IsEmpty)
        {
            int length = text.IndexOfAny(" \t\n\r");
            ReadOnlySpan<char> chunk = length < 0 ? text : text[..length];
            text = length < 0 ? [] : text[(length + 1)..];
            if (chunk.IsEmpty)
            {
                continue;
            }

            if (_cache.TryGet(chunk, out ReadOnlySpan<int> known))
            {
                ids.AddRange(known);
                continue;
            }

            int before = ids.Count;
            AddIds(chunk, ids);
            _cache.Put(
                chunk,
                System.Runtime.InteropServices.CollectionsMarshal.AsSpan(ids)[before..]
            );
        }
    }

    private protected override string Join(IReadOnlyList<string> tokens) => Model.Join(tokens);

    void AddIds(ReadOnlySpan<char> text, List<int> ids)
    {
        List<Token> tokens = [];
        Tokenize(text, 0, tokens);
        foreach (Token token in tokens)
        {
            ids.Add(token.Id);
        }
    }

    string Normalized(string content) => Model.Normalizer.Normalize(content, 0).Units.ToString();

    void Words(AlignedText text, int from, int to, List<Token> tokens)
    {
        ReadOnlySpan<char> units = text.Units;
        int start = from;
        for (int at = from, width; at < to; at += width)
        {
            CodePoint kind = UnicodeTable.Of(AlignedText.Read(units, at, out width));
            if ((kind & (CodePoint.Separator | CodePoint.Punctuation)) == 0)
            {
                continue;
            }

            Word(text, start, at, tokens);
            start = at + width;
            if ((kind & CodePoint.Separator) == 0)
            {
                Word(text, at, start, tokens);
            }
        }

        Word(text, start, to, tokens);
    }

    void Word(AlignedText text, int from, int to, List<Token> tokens)
    {
        if (from == to)
        {
            return;
        }

        int before = tokens.Count;
        ReadOnlySpan<char> units = text.Units[from..to];
        bool known = CodePoints(units) <= Model.LongestWord;
        for (int at = 0; known && at < units.Length; )
        {
            known = TryLongest(units[at..], at > 0, out int id, out int length);
            if (known)
            {
                (int start, int end) = text.Origin(from + at, from + at + length);
                tokens.Add(new Token(id, start, end));
                at += length;
            }
        }

        if (!known)
        {
            tokens.RemoveRange(before, tokens.Count - before);
            (int start, int end) = text.Origin(from, to);
            tokens.Add(new Token(Model.UnknownId, start, end));
        }
    }

    bool TryLongest(ReadOnlySpan<char> units, bool continues, out int id, out int length)
    {
        var table = continues ? _continuations : _starts;
        for (length = Math.Min(units.Length, _longest); length > 0; length--)
        {
            if (table.TryGetValue(units[..length], out id))
            {
                return true;
            }
        }

        id = -1;
        return false;
    }

    static int CodePoints(ReadOnlySpan<char> units)
    {
        int count = units.Length;
        foreach (char unit in units)
        {
            count -= char.IsLowSurrogate(unit) ? 1 : 0; // normalized text has pairs only
        }

        return count;
    }

    static bool IsOneCharacter(ReadOnlySpan<char> piece) =>
        Rune.DecodeFromUtf16(piece, out _, out int units) == System.Buffers.OperationStatus.Done
        && units == piece.Length;
}
