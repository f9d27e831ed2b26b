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
    readonly WordCache _cache = new();

    internal WordPieceTokenizer(TokenizerParts parts, WordPieceModel model)
        : base(parts, model.Normalizer)
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
    }

    internal WordPieceModel Model { get; }

    internal override TokenizerModel Kind => TokenizerModel.WordPiece;

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

    // Between two ASCII blanks nothing depends on what lies beyond them: no mark moves across one,
    // and a word ends there. Only tokens found in normalized text may span them.
    private protected override void ReadIds(ReadOnlySpan<char> text, int offset, List<int> ids)
    {
        if (FindsInNormalized)
        {
            base.ReadIds(text, offset, ids);
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
            base.ReadIds(chunk, offset, ids);
            _cache.Put(
                chunk,
                System.Runtime.InteropServices.CollectionsMarshal.AsSpan(ids)[before..]
            );
        }
    }

    private protected override Joining NewJoining() => Model.NewJoining();

    private protected override void TokenizeIds(
        ReadOnlySpan<char> text,
        int beginning,
        List<int> ids
    )
    {
        List<Token> tokens = [];
        Tokenize(text, beginning, tokens);
        foreach (Token token in tokens)
        {
            ids.Add(token.Id);
        }
    }

    private protected override void Tokenize(
        ReadOnlySpan<char> text,
        int beginning,
        List<Token> tokens
    )
    {
        int start = 0;
        for (int at = 0, width; at < text.Length; at += width)
        {
            CodePoint kind = UnicodeTable.Of(AlignedText.Read(text, at, out width));
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

        Word(text, start, text.Length, tokens);
    }

    void Word(ReadOnlySpan<char> text, int from, int to, List<Token> tokens)
    {
        if (from == to)
        {
            return;
        }

        int before = tokens.Count;
        ReadOnlySpan<char> units = text[from..to];
        bool known = CodePoints(units) <= Model.LongestWord;
        for (int at = 0; known && at < units.Length; )
        {
            known = TryLongest(units[at..], at > 0, out int id, out int length);
            if (known)
            {
                tokens.Add(new Token(id, from + at, from + at + length));
                at += length;
            }
        }

        if (!known)
        {
            tokens.RemoveRange(before, tokens.Count - before);
            tokens.Add(new Token(Model.UnknownId, from, to));
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
}
