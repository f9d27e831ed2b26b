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
    ) => Cut(text, beginning, tokens, ids: null);

    private protected override void TokenizeIds(
        ReadOnlySpan<char> text,
        int beginning,
        List<int> ids
    ) => Cut(text, beginning, [], ids);

    // To ids alone, which are remembered, where ids are asked for; else to all tokens.
    void Cut(ReadOnlySpan<char> text, int beginning, List<Token> tokens, List<int>? ids)
    {
        char[] room = ArrayPool<char>.Shared.Rent(text.Length + 1);
        for (int start = 0, end; (end = Model.Words.NextEnd(text, ref start)) > start; start = end)
        {
            ReadOnlySpan<char> word = text[start..end];
            int length = Model.Words.Spell(word, start < beginning, room, out int added);
            for (int at = 0, next; at < length; at = next)
            {
                ReadOnlySpan<char> part = room.AsSpan(at, length - at);
                part = part[..Model.Words.NextLength(part)];
                next = at + part.Length;
                if (ids is not null && _cache.TryGet(part, out ReadOnlySpan<int> known))
                {
                    ids.AddRange(known);
                    continue;
                }

                int before = tokens.Count;
                Model.Cut(part, tokens);
                Span<Token> found = CollectionsMarshal.AsSpan(tokens)[before..];
                if (ids is not null)
                {
                    int first = ids.Count;
                    foreach (Token token in found)
                    {
                        ids.Add(token.Id);
                    }

                    _cache.Put(part, CollectionsMarshal.AsSpan(ids)[first..]);
                    tokens.Clear();
                    continue;
                }

                foreach (ref Token token in found)
                {
                    // A mark that was put in front stands where the first character stands.
                    int from = at + token.Start - added,
                        to = at + token.End - added;
                    token = token with
                    {
                        Start = start + Math.Max(0, from),
                        End = start + Math.Max(to, added > 0 ? Width(word) : 0),
                    };
                }
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
