using System.Runtime.InteropServices;
using System.Text;
using Espalier.Checkpoints;
using Espalier.Text.Chat;
using Espalier.Text.Formats;
using Espalier.Text.Pieces;

namespace Espalier.Text;

/// <summary>
/// Text to token ids and back, exactly as a Hugging Face fast tokenizer does it. Immutable: any
/// number of threads may use one.
/// </summary>
public abstract class Tokenizer
{
    readonly AddedTokenFinder _finder;
    readonly AddedTokenFinder _normalizedFinder;
    readonly Normalizer? _normalizer;
    readonly Dictionary<int, AddedToken> _addedById;
    readonly Dictionary<string, int> _addedIds;

    private protected Tokenizer(TokenizerParts parts, Normalizer? normalizer)
    {
        Parts = parts;
        _normalizer = normalizer;
        _addedById = parts.Added.ToDictionary(a => a.Id);
        _addedIds = parts.Added.ToDictionary(a => a.Content, a => a.Id, StringComparer.Ordinal);
        _finder = new AddedTokenFinder(
            parts.Added.Where(a => !a.Normalized).Select(a => (a.Content, a)),
            parts.SplitsSpecial
        );
        _normalizedFinder = new AddedTokenFinder(
            parts.Added.Where(a => a.Normalized).Select(a => (Normalized(a.Content), a)),
            parts.SplitsSpecial
        );
        VocabularySize = parts.Added.Select(a => a.Id + 1).Append(parts.Vocabulary.Size).Max();
    }

    /// <summary>
    /// Reads a Hugging Face folder: tokenizer.json, else vocab.txt, else vocab.json and merges.txt.
    /// Truncation and padding written in tokenizer.json are not obeyed; each call decides them.
    /// </summary>
    /// <exception cref="InvalidDataException">A file is missing, broken or asks for something unknown.</exception>
    public static Tokenizer Load(string folder)
    {
        if (!GgufFile.Is(folder))
        {
            return TokenizerFolder.Load(folder);
        }

        using GgufFile file = GgufFile.Open(folder);
        return Load(file.Fields);
    }

    /// <summary>Reads the tokenizer that the metadata of a GGUF file describes, with its chat template.</summary>
    /// <exception cref="InvalidDataException">The metadata lack it, or ask for something unknown.</exception>
    public static Tokenizer Load(GgufFields fields) => GgufTokenizer.Read(fields);

    /// <summary>What its model is called: WordPiece, byte-level BPE, SentencePiece BPE or Unigram.</summary>
    public string ModelName => NameOf(Kind);

    internal abstract TokenizerModel Kind { get; }

    internal static string NameOf(TokenizerModel model) =>
        model switch
        {
            TokenizerModel.BytePair => "byte-level BPE",
            TokenizerModel.CharacterPair => "SentencePiece BPE",
            _ => model.ToString(),
        };

    /// <summary>Largest id + 1: the rows an embedding needs.</summary>
    public int VocabularySize { get; }

    public int? PadId => RoleId("pad_token");
    public int? UnknownId => RoleId("unk_token");
    public int? ClsId => RoleId("cls_token");
    public int? SepId => RoleId("sep_token");
    public int? MaskId => RoleId("mask_token");
    public int? BosId => RoleId("bos_token");
    public int? EosId => RoleId("eos_token");

    /// <summary>The longest input the files promise the model can read, if they name one.</summary>
    public long? ModelMaxLength => Parts.ModelMaxLength;

    /// <summary>One sentence each: where files disagree, and what of them is not obeyed.</summary>
    public IReadOnlyList<string> Notes => Parts.Notes;

    internal TokenizerParts Parts { get; }

    /// <summary>How many special tokens are put around one text, or around two.</summary>
    public int SpecialCount(bool pair) => (pair ? Parts.Post.Pair : Parts.Post.Single).Specials;

    /// <summary>The largest token type that one text, or two, are given: 0 where the tokenizer gives no types.</summary>
    public int LargestType(bool pair) =>
        (pair ? Parts.Post.Pair : Parts.Post.Single).Slots.Max(s => s.TypeId);

    /// <summary>Tokens that stand behind the vocabulary, by the ids that transformers gives them.</summary>
    public IEnumerable<string> TokensFrom(int id) =>
        Parts.Added.Where(a => a.Id >= id).OrderBy(a => a.Id).Select(a => a.Content);

    /// <summary>
    /// Encodes one text or two. A <paramref name="maxLength"/> counts special tokens and cuts the
    /// longer text first, at its end.
    /// </summary>
    public Encoding Encode(string text, string? pair = null, int? maxLength = null)
    {
        Section first = Read(text);
        Section? second = pair is null ? null : Read(pair);
        Template template = pair is null ? Parts.Post.Single : Parts.Post.Pair;
        (int keep, int keepSecond) = Room(
            template,
            first.Tokens.Count,
            second?.Tokens.Count ?? 0,
            maxLength
        );
        int length = template.Specials + keep + keepSecond;
        Encoding result = new(
            new int[length],
            new int[length],
            new string[length],
            new (int, int)[length]
        );
        int at = 0;
        foreach (Template.Slot slot in template.Slots)
        {
            Section? section = slot.Sequence == 0 ? first : second;
            int count = slot.Sequence switch
            {
                0 => keep,
                1 => keepSecond,
                _ => 1,
            };
            for (int i = 0; i < count; i++, at++)
            {
                int id = slot.Sequence < 0 ? slot.Id : section!.Tokens[i].Id;
                result.Ids[at] = id;
                result.TypeIds[at] = slot.TypeId;
                result.Tokens[at] = TokenOf(id);
                result.Offsets[at] = slot.Sequence < 0 ? (0, 0) : Offset(section!, i);
            }
        }

        return result;
    }

    /// <summary>The ids that <see cref="Encode"/> gives, several times as fast.</summary>
    public TokenIds EncodeIds(string text, string? pair = null, int? maxLength = null)
    {
        List<int> first = ReadIds(text);
        List<int>? second = pair is null ? null : ReadIds(pair);
        Template template = pair is null ? Parts.Post.Single : Parts.Post.Pair;
        (int keep, int keepSecond) = Room(template, first.Count, second?.Count ?? 0, maxLength);
        int[] ids = new int[template.Specials + keep + keepSecond];
        int[] types = new int[ids.Length];
        int at = 0;
        foreach (Template.Slot slot in template.Slots)
        {
            int count = 1;
            if (slot.Sequence < 0)
            {
                ids[at] = slot.Id;
            }
            else
            {
                count = slot.Sequence == 0 ? keep : keepSecond;
                (slot.Sequence == 0 ? first : second!).CopyTo(0, ids, at, count);
            }

            types.AsSpan(at, count).Fill(slot.TypeId);
            at += count;
        }

        return new TokenIds(ids, types);
    }

    /// <summary>The ids of a text that holds its special tokens itself, as a rendered conversation does: none are put around it.</summary>
    public int[] EncodeAlone(string text) => [.. ReadIds(text)];

    /// <summary>How the model wants to be spoken to; null where its files do not say.</summary>
    /// <exception cref="InvalidDataException">The template asks for what Espalier does not know.</exception>
    public ChatTemplate? ReadChatTemplate() =>
        Parts.ChatTemplate is { } source
            ? ChatTemplate.Parse(source, "The chat template", Parts.Specials.ByRole)
            : null;

    /// <summary>Text of <paramref name="ids"/>; ids that no token has are passed over.</summary>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecial) =>
        NewDecoder(skipSpecial).All(ids);

    /// <summary>Turns ids to text as they come.</summary>
    public TextDecoder NewDecoder(bool skipSpecial) => new(this, NewJoining(), skipSpecial);

    /// <summary>The token of an id that has one to be shown.</summary>
    internal string? TextOf(int id, bool skipsSpecial) =>
        !_addedById.TryGetValue(id, out AddedToken? added) ? Parts.Vocabulary[id]
        : skipsSpecial && added.Special ? null
        : added.Content;

    /// <exception cref="ArgumentOutOfRangeException">No token has this id.</exception>
    public string TokenOf(int id) =>
        (_addedById.TryGetValue(id, out AddedToken? added) ? added.Content : Parts.Vocabulary[id])
        ?? throw new ArgumentOutOfRangeException(
            nameof(id),
            id,
            $"No token has this id; the vocabulary ends at {VocabularySize - 1}."
        );

    public bool TryIdOf(string token, out int id) =>
        _addedIds.TryGetValue(token, out id) || Parts.Vocabulary.TryId(token, out id);

    internal bool IsAdded(int id) => _addedById.ContainsKey(id);

    /// <summary>Whether the token is left out when decoding without special tokens.</summary>
    public bool IsSpecial(int id) => _addedById.TryGetValue(id, out var added) && added.Special;

    /// <summary>
    /// The same tokenizer with fewer tokens: those in <paramref name="keep"/>, all added tokens and
    /// every single character or byte, so that nothing becomes unreadable. Ids close ranks in their
    /// old order. A text all of whose tokens were kept gives the same tokens as before.
    /// </summary>
    /// <param name="keep">Ids to keep.</param>
    /// <param name="oldIdOfNewId">For each new id, the row it had in the old embedding.</param>
    public abstract Tokenizer Trim(IReadOnlySet<int> keep, out int[] oldIdOfNewId);

    /// <summary>
    /// What a folder must hold so that <see cref="Load(string)"/>, or transformers, reads this tokenizer;
    /// as long as nothing was changed, the very bytes it was read from.
    /// </summary>
    public IReadOnlyDictionary<string, byte[]> Files() => Parts.Files ?? TokenizerFiles.Write(this);

    /// <summary>What a GGUF file must say so that <see cref="Load(GgufFields)"/>, or llama.cpp, reads this tokenizer.</summary>
    /// <exception cref="InvalidDataException">GGUF has no words for it.</exception>
    public GgufFields ToGguf() => GgufTokenizerWriter.Write(this);

    /// <summary>Whether any token is looked for in normalized text.</summary>
    private protected bool FindsInNormalized => !_normalizedFinder.IsEmpty;

    /// <summary>Finds the tokens of normalized text; their places count its units.</summary>
    /// <param name="text">Text without added tokens.</param>
    /// <param name="beginning">How many of its units came from the first character of the whole text.</param>
    /// <param name="tokens">Gets what is found.</param>
    private protected abstract void Tokenize(
        ReadOnlySpan<char> text,
        int beginning,
        List<Token> tokens
    );

    /// <summary>The ids of <see cref="Tokenize"/>, without places and so faster.</summary>
    private protected abstract void TokenizeIds(
        ReadOnlySpan<char> text,
        int beginning,
        List<int> ids
    );

    private protected abstract Joining NewJoining();

    /// <summary>The ids of text as it came, in which no token that is looked for there is left.</summary>
    private protected virtual void ReadIds(ReadOnlySpan<char> text, int offset, List<int> ids)
    {
        AlignedText? normalized = _normalizer?.Apply(AlignedText.Of(text, offset));
        ReadOnlySpan<char> units = normalized is null ? text : normalized.Units;
        AddedTokenFinder.Match last = default;
        while (_normalizedFinder.TryNext(units, last, out AddedTokenFinder.Match match))
        {
            Between(units, last.End, match.Start);
            ids.Add(match.Token.Id);
            last = match;
        }

        Between(units, last.End, units.Length);

        void Between(ReadOnlySpan<char> units, int from, int to)
        {
            if (from < to)
            {
                int beginning =
                    normalized is not null ? Beginning(normalized, from, to)
                    : offset + from == 0 ? 1
                    : 0;
                TokenizeIds(units[from..to], beginning, ids);
            }
        }
    }

    private protected static bool IsOneCharacter(ReadOnlySpan<char> piece) =>
        Rune.DecodeFromUtf16(piece, out _, out int units) == System.Buffers.OperationStatus.Done
        && units == piece.Length;

    string Normalized(string content) =>
        _normalizer?.Apply(AlignedText.Of(content, 0)).Units.ToString() ?? content;

    void ReadTokens(ReadOnlySpan<char> text, int offset, int end, List<Token> tokens)
    {
        AlignedText normalized = AlignedText.Of(text[offset..end], offset);
        normalized = _normalizer?.Apply(normalized) ?? normalized;
        AddedTokenFinder.Match last = default;
        while (_normalizedFinder.TryNext(normalized.Units, last, out AddedTokenFinder.Match match))
        {
            Between(last.End, match.Start);
            (int first, int behind) = normalized.Origin(match.Start, match.End);
            tokens.Add(new Token(match.Token.Id, first, behind, Added: true));
            last = match;
        }

        Between(last.End, normalized.Length);

        void Between(int from, int to)
        {
            if (from >= to)
            {
                return;
            }

            int before = tokens.Count;
            Tokenize(normalized.Units[from..to], Beginning(normalized, from, to), tokens);
            foreach (ref Token token in CollectionsMarshal.AsSpan(tokens)[before..])
            {
                (int first, int behind) = normalized.Origin(from + token.Start, from + token.End);
                token = token with { Start = first, End = behind };
            }
        }
    }

    static int Beginning(AlignedText text, int from, int to)
    {
        int at = from;
        while (at < to && text.Origin(at, at + 1).Start == 0)
        {
            at++;
        }

        return at - from;
    }

    int? RoleId(string role) =>
        Parts.Specials[role] is { } token && TryIdOf(token, out int id) ? id : null;

    Section Read(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<Token> tokens = [];
        AddedTokenFinder.Match last = default;
        while (_finder.TryNext(text, last, out AddedTokenFinder.Match match))
        {
            ReadTokens(text, last.End, Math.Max(last.End, match.Start), tokens);
            tokens.Add(new Token(match.Token.Id, match.Start, match.End, Added: true));
            last = match;
        }

        ReadTokens(text, last.End, text.Length, tokens);
        return new Section(text, tokens, CodePointIndex(text));
    }

    List<int> ReadIds(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<int> ids = new((text.Length / 3) + 4);
        AddedTokenFinder.Match last = default;
        while (_finder.TryNext(text, last, out AddedTokenFinder.Match match))
        {
            ReadIds(text.AsSpan()[last.End..Math.Max(last.End, match.Start)], last.End, ids);
            ids.Add(match.Token.Id);
            last = match;
        }

        ReadIds(text.AsSpan(last.End), last.End, ids);
        return ids;
    }

    static (int First, int Second) Room(Template template, int first, int second, int? maxLength)
    {
        if (maxLength is not { } length)
        {
            return (first, second);
        }

        if (length < template.Specials)
        {
            throw new ArgumentException(
                $"maxLength is {length}, but {template.Specials} special tokens stand around the "
                    + "text; allow at least as many."
            );
        }

        return Template.LongestFirst(first, second, length - template.Specials);
    }

    (int, int) Offset(Section section, int index)
    {
        Token token = section.Tokens[index];
        int start = section.CodePoint(token.Start);
        int end = section.CodePoint(token.End);
        if (!Parts.Post.TrimsOffsets)
        {
            return (start, end);
        }

        ReadOnlySpan<char> units = token.Added
            ? section.Text.AsSpan(token.Start, token.End - token.Start)
            : TokenOf(token.Id);
        int leading = units.IndexOfAnyExcept(White);
        leading = leading < 0 ? units.Length : leading;
        int trailing = units.Length - 1 - units.LastIndexOfAnyExcept(White);
        bool first = index == 0 || start == 0;
        if (first && Parts.Post.PrefixSpace && leading == 1)
        {
            leading = 0; // this one may be the space that was put there
        }

        start = Math.Min(start + leading, end);
        return (start, end >= trailing ? Math.Max(end - trailing, start) : end);
    }

    // All white space, and the character by which byte-level BPE writes a space.
    static readonly System.Buffers.SearchValues<char> White = System.Buffers.SearchValues.Create([
        ByteAlphabet.Space,
        .. Enumerable
            .Range(0, 0x10000)
            .Where(code => UnicodeTable.Is(code, CodePoint.Separator))
            .Select(code => (char)code),
    ]);

    // For each UTF-16 unit, the code points before it; null when they are the same.
    static int[]? CodePointIndex(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
        {
            return null;
        }

        int[] index = new int[text.Length + 1];
        int count = 0;
        for (int at = 0, units; at < text.Length; at += units, count++)
        {
            AlignedText.Read(text, at, out units);
            index.AsSpan(at, units).Fill(count);
        }

        index[text.Length] = count;
        return index;
    }

    sealed record Section(string Text, List<Token> Tokens, int[]? Index)
    {
        public int CodePoint(int unit) => Index is null ? unit : Index[unit];
    }
}
