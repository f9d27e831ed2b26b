using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using Espalier.Text.Pieces;

namespace Espalier.Text;

/// <summary>SentencePiece's Unigram, as ALBERT and XLM-RoBERTa use it.</summary>
public sealed class UnigramTokenizer : Tokenizer
{
    readonly WordCache _cache = new();

    internal UnigramTokenizer(TokenizerParts parts, UnigramModel model)
        : base(parts, model.Normalizer) => Model = model;

    internal UnigramModel Model { get; }

    internal override TokenizerModel Kind => TokenizerModel.Unigram;

    /// <remarks>
    /// The piece of the lowest score stays, because the score of what is unknown hangs on it. Why the
    /// same tokens: the best way is still there, and all that is gone are rivals that lost.
    /// </remarks>
    public override Tokenizer Trim(IReadOnlySet<int> keep, out int[] oldIdOfNewId)
    {
        int lowest = Enumerable.Range(0, Model.Scores.Count).MinBy(id => Model.Scores[id]);
        HashSet<int> kept = [Model.UnknownId, lowest, .. Model.Bytes ?? []];
        foreach ((string token, int id) in Parts.Vocabulary.Entries)
        {
            if (IsOneCharacter(token))
            {
                kept.Add(id);
            }
        }

        Trimming trimming = new(this, keep, kept);
        oldIdOfNewId = trimming.OldIds;
        TokenizerParts parts = trimming.Parts(Parts);
        return new UnigramTokenizer(
            parts,
            Model with
            {
                Pieces = new PieceTrie(parts.Vocabulary),
                Scores =
                [
                    .. Enumerable
                        .Range(0, Model.Scores.Count)
                        .Where(trimming.Keeps)
                        .Select(id => Model.Scores[id]),
                ],
                UnknownId = trimming.NewId(Model.UnknownId),
                Bytes = Model.Bytes?.Select(trimming.NewId).ToArray(),
            }
        );
    }

    private protected override void Tokenize(
        ReadOnlySpan<char> text,
        int beginning,
        List<Token> tokens
    )
    {
        char[] room = ArrayPool<char>.Shared.Rent(text.Length + 1);
        for (int start = 0, end; (end = Model.Words.NextEnd(text, ref start)) > start; start = end)
        {
            ReadOnlySpan<char> word = text[start..end];
            int length = Model.Words.Spell(word, start < beginning, room, out int added);
            ReadOnlySpan<char> spelt = room.AsSpan(0, length);
            for (int at = 0, next; at < length; at = next)
            {
                next = at + Model.Words.NextLength(spelt[at..]);
                int before = tokens.Count;
                Model.Cut(spelt[at..next], tokens);
                foreach (ref Token token in CollectionsMarshal.AsSpan(tokens)[before..])
                {
                    // A mark that was put in front stands where the first character stands.
                    int first = at + token.Start,
                        last = at + token.End;
                    token = token with
                    {
                        Start = start + Math.Max(0, first - added),
                        End = start + Math.Max(last - added, added > 0 ? Width(word) : 0),
                    };
                }
            }
        }

        ArrayPool<char>.Shared.Return(room);
    }

    private protected override void TokenizeIds(
        ReadOnlySpan<char> text,
        int beginning,
        List<int> ids
    )
    {
        List<Token>? tokens = null;
        char[] room = ArrayPool<char>.Shared.Rent(text.Length + 1);
        for (int start = 0, end; (end = Model.Words.NextEnd(text, ref start)) > start; start = end)
        {
            int length = Model.Words.Spell(text[start..end], start < beginning, room, out _);
            for (ReadOnlySpan<char> spelt = room.AsSpan(0, length); spelt.Length > 0; )
            {
                ReadOnlySpan<char> part = spelt[..Model.Words.NextLength(spelt)];
                spelt = spelt[part.Length..];
                if (_cache.TryGet(part, out ReadOnlySpan<int> known))
                {
                    ids.AddRange(known);
                    continue;
                }

                tokens ??= [];
                tokens.Clear();
                Model.Cut(part, tokens);
                int before = ids.Count;
                foreach (Token token in tokens)
                {
                    ids.Add(token.Id);
                }

                _cache.Put(part, CollectionsMarshal.AsSpan(ids)[before..]);
            }
        }

        ArrayPool<char>.Shared.Return(room);
    }

    private protected override string Join(IReadOnlyList<string> tokens)
    {
        if (Model.DecodedMark is not { } mark)
        {
            return string.Join(' ', tokens);
        }

        StringBuilder text = new();
        for (int i = 0; i < tokens.Count; i++)
        {
            bool drops = i == 0 && !Model.DecodesFirstMark;
            text.Append(drops ? tokens[i].Replace($"{mark}", "") : tokens[i].Replace(mark, ' '));
        }

        return text.ToString();
    }

    static int Width(ReadOnlySpan<char> word) => char.IsHighSurrogate(word[0]) ? 2 : 1;
}
