using System.Buffers;
using System.Runtime.InteropServices;
using Espalier.Text.Pieces;

namespace Espalier.Text;

/// <summary>A tokenizer of SentencePiece's kind, whichever way it finds its pieces.</summary>
public abstract class SentencePieceTokenizer : Tokenizer
{
    readonly WordCache _cache = new();
    readonly SentencePieceModel _model;

    private protected SentencePieceTokenizer(TokenizerParts parts, SentencePieceModel model)
        : base(parts, model.Normalizer) => _model = model;

    private protected override Joining NewJoining() => _model.Joining();

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
        WordSplitter words = _model.Words;
        for (int start = 0, end; (end = words.NextEnd(text, ref start)) > start; start = end)
        {
            ReadOnlySpan<char> word = text[start..end];
            int length = words.Spell(word, start < beginning, room, out int added);
            for (int at = 0, next; at < length; at = next)
            {
                ReadOnlySpan<char> part = room.AsSpan(at, length - at);
                part = part[.._model.NextLength(part)];
                next = at + part.Length;
                if (ids is not null && _cache.TryGet(part, out ReadOnlySpan<int> known))
                {
                    ids.AddRange(known);
                    continue;
                }

                int before = tokens.Count;
                _model.Cut(part, tokens);
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

    static int Width(ReadOnlySpan<char> word) => char.IsHighSurrogate(word[0]) ? 2 : 1;
}
