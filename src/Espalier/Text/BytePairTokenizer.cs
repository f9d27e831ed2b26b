using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using Espalier.Text.Pieces;

namespace Espalier.Text;

/// <summary>Byte-level BPE, as RoBERTa and GPT-2 use it: pieces of the GPT-2 pattern, then merges.</summary>
public sealed class BytePairTokenizer : Tokenizer
{
    readonly int[] _byteIds;
    readonly WordCache _cache = new();

    internal BytePairTokenizer(TokenizerParts parts, BytePairModel model)
        : base(parts, model.Normalizer)
    {
        Model = model;
        _byteIds = new int[256];
        for (int value = 0; value < 256; value++)
        {
            string token = ByteAlphabet.Of((byte)value).ToString();
            _byteIds[value] = parts.Vocabulary.TryId(token, out int id) ? id : -1;
        }
    }

    internal BytePairModel Model { get; }

    internal override TokenizerModel Kind => TokenizerModel.BytePair;

    /// <summary>Whether every stretch of text is read as if a space stood before it.</summary>
    public bool AddsPrefixSpace => Model.AddsPrefixSpace;

    /// <summary>The same tokenizer, reading a text with or without a space in front of it.</summary>
    public BytePairTokenizer WithPrefixSpace(bool adds) =>
        adds == AddsPrefixSpace
            ? this
            : new BytePairTokenizer(
                Parts with
                {
                    Files = null,
                    Post = Parts.Post with { PrefixSpace = adds },
                },
                Model with
                {
                    AddsPrefixSpace = adds,
                }
            );

    /// <remarks>
    /// A kept token keeps the two sides of every merge that makes it, and so on down to bytes. Why
    /// the same tokens: each merge made on the way to kept tokens then still exists, and the fewer
    /// rivals leave the lowest rank where it was.
    /// </remarks>
    public override Tokenizer Trim(IReadOnlySet<int> keep, out int[] oldIdOfNewId)
    {
        HashSet<int> kept = [.. _byteIds.Where(id => id >= 0)];
        if (Model.UnknownId is { } unknown)
        {
            kept.Add(unknown);
        }

        Model.Merges.Close(kept, keep.Concat(Parts.Added.Select(a => a.Id)));
        Trimming trimming = new(this, keep, kept);
        oldIdOfNewId = trimming.OldIds;
        return new BytePairTokenizer(
            trimming.Parts(Parts),
            Model with
            {
                Merges = trimming.Merges(Model.Merges),
                UnknownId = Model.UnknownId is { } id ? trimming.NewId(id) : null,
            }
        );
    }

    private protected override Joining NewJoining() => new ByteJoining();

    private protected override void Tokenize(
        ReadOnlySpan<char> text,
        int beginning,
        List<Token> tokens
    )
    {
        List<(int Start, int End)> origins = [];
        for (int at = 0; at < text.Length; )
        {
            int length = Model.NextSegment(text[at..]);
            ReadOnlySpan<char> segment = WithSpace(text.Slice(at, length), out int added);
            for (int done = 0; done < segment.Length; )
            {
                ReadOnlySpan<char> piece = segment.Slice(
                    done,
                    PieceSplitter.Next(segment[done..], Model.Pattern)
                );
                Locate(segment, piece.Length, done, added, origins);
                Symbol[] symbols = MergeTable.Rent(3 * piece.Length);
                int from = 0;
                foreach (Symbol symbol in symbols.AsSpan(0, Merge(piece, symbols)))
                {
                    // Bytes without a token leave no trace, not even here: what follows slides left.
                    (int start, int end) = (
                        origins[from].Start,
                        origins[from + symbol.Width - 1].End
                    );
                    tokens.Add(new Token(symbol.Id, at + start, at + end));
                    from += symbol.Width;
                }

                MergeTable.Return(symbols);
                done += piece.Length;
            }

            at += length;
        }
    }

    private protected override void TokenizeIds(
        ReadOnlySpan<char> text,
        int beginning,
        List<int> ids
    )
    {
        while (!text.IsEmpty)
        {
            int length = Model.NextSegment(text);
            ReadOnlySpan<char> segment = WithSpace(text[..length], out _);
            text = text[length..];
            while (!segment.IsEmpty)
            {
                ReadOnlySpan<char> piece = segment[..PieceSplitter.Next(segment, Model.Pattern)];
                segment = segment[piece.Length..];
                if (_cache.TryGet(piece, out ReadOnlySpan<int> known))
                {
                    ids.AddRange(known);
                    continue;
                }

                int before = ids.Count;
                Symbol[] symbols = MergeTable.Rent(3 * piece.Length);
                foreach (Symbol symbol in symbols.AsSpan(0, Merge(piece, symbols)))
                {
                    ids.Add(symbol.Id);
                }

                MergeTable.Return(symbols);
                _cache.Put(piece, CollectionsMarshal.AsSpan(ids)[before..]);
            }
        }
    }

    ReadOnlySpan<char> WithSpace(ReadOnlySpan<char> segment, out int added)
    {
        added = Model.AddsPrefixSpace && segment[0] != ' ' ? 1 : 0;
        return added == 0 ? segment : string.Concat(" ", segment);
    }

    int Merge(ReadOnlySpan<char> piece, Symbol[] symbols)
    {
        byte[] bytes = ArrayPool<byte>.Shared.Rent(3 * piece.Length);
        int length = System.Text.Encoding.UTF8.GetBytes(piece, bytes);
        int count = 0;
        foreach (byte value in bytes.AsSpan(0, length))
        {
            int id = _byteIds[value] >= 0 ? _byteIds[value] : Model.UnknownId ?? -1;
            if (id >= 0)
            {
                symbols[count++] = new Symbol { Id = id, Width = ByteAlphabet.Width(value) };
            }
        }

        if (Model.IgnoresMerges && TryWhole(bytes.AsSpan(0, length), out Symbol whole))
        {
            symbols[0] = whole;
            count = 1;
        }

        ArrayPool<byte>.Shared.Return(bytes);
        return Model.Merges.Apply(symbols.AsSpan(0, count));
    }

    bool TryWhole(ReadOnlySpan<byte> bytes, out Symbol whole)
    {
        char[] letters = ArrayPool<char>.Shared.Rent(bytes.Length);
        whole = default;
        for (int i = 0; i < bytes.Length; i++)
        {
            letters[i] = ByteAlphabet.Of(bytes[i]);
            whole.Width += ByteAlphabet.Width(bytes[i]);
        }

        bool found = Parts.Vocabulary.TryId(letters.AsSpan(0, bytes.Length), out whole.Id);
        ArrayPool<char>.Shared.Return(letters);
        return found;
    }

    // The units behind each byte of the piece as ByteAlphabet writes it. A space that was put in
    // front is given to the first character, as the reference does.
    static void Locate(
        ReadOnlySpan<char> segment,
        int length,
        int at,
        int added,
        List<(int, int)> origins
    )
    {
        origins.Clear();
        Span<byte> utf8 = stackalloc byte[4];
        for (int end = at + length, units; at < end; at += units)
        {
            Rune rune = new(AlignedText.Read(segment, at, out units));
            (int, int) origin = (at - added, at - added + units);
            if (at < added)
            {
                AlignedText.Read(segment, 1, out int first);
                origin = (0, first);
            }

            foreach (byte value in utf8[..rune.EncodeToUtf8(utf8)])
            {
                for (int i = 0; i < ByteAlphabet.Width(value); i++)
                {
                    origins.Add(origin);
                }
            }
        }
    }
}
