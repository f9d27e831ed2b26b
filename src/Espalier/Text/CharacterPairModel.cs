using System.Text;
using Espalier.Text.Pieces;

namespace Espalier.Text;

/// <summary>The settings of SentencePiece's BPE: characters are merged, and unknown ones spelt in bytes.</summary>
sealed record CharacterPairModel(Vocabulary Vocabulary, MergeTable Merges) : SentencePieceModel
{
    const char Mark = '▁';

    // Runs of one unit: no token goes on behind a mark that follows another character.
    readonly bool _marksBegin =
        Vocabulary.TryId($"{Mark}", out _) && Merges.Merges.All(m => MarksBegin(Vocabulary[m.Id]!));

    /// <summary>Stands for characters that have neither a token nor bytes; without it they vanish.</summary>
    public int? UnknownId { get; init; }

    /// <summary>Neighbouring unknown characters are one token.</summary>
    public bool FusesUnknown { get; init; }

    /// <summary>A part that is a token stays whole, whatever its merges.</summary>
    public bool IgnoresMerges { get; init; }

    /// <summary>Ids of the 256 bytes, -1 where one has none; null: unknown characters are not spelt.</summary>
    public IReadOnlyList<int>? Bytes { get; init; }

    public static int[] BytesOf(Vocabulary vocabulary) =>
        [
            .. Enumerable
                .Range(0, 256)
                .Select(value => vocabulary.TryId($"<0x{value:X2}>", out int id) ? id : -1),
        ];

    // Where no merge reaches across, a text falls into words that are merged, and remembered, apart.
    public override int NextLength(ReadOnlySpan<char> spelt)
    {
        // A character that vanishes brings its neighbours together.
        bool vanishes = UnknownId is null && (Bytes is null || Bytes.Contains(-1));
        if (!_marksBegin || vanishes || IgnoresMerges || Words.AtMark)
        {
            return base.NextLength(spelt);
        }

        int at = spelt.IndexOfAnyExcept(Mark);
        int next = at < 0 ? -1 : spelt[at..].IndexOf(Mark);
        return next < 0 ? spelt.Length : at + next;
    }

    public override void Cut(ReadOnlySpan<char> text, List<Token> tokens)
    {
        if (IgnoresMerges && Vocabulary.TryId(text, out int whole))
        {
            tokens.Add(new Token(whole, 0, text.Length));
            return;
        }

        Symbol[] symbols = MergeTable.Rent((3 * text.Length) + 1);
        int count = Merges.Apply(symbols.AsSpan(0, Spell(text, symbols)));
        int unit = 0,
            reached = 0, // bytes up to the end of the character at `unit`
            units = 0,
            end = 0;
        foreach (Symbol symbol in symbols.AsSpan(0, count))
        {
            end += symbol.Width;
            int start = -1;
            while (start < 0 || reached < end)
            {
                if (start < 0 && reached > end - symbol.Width)
                {
                    start = unit;
                    continue;
                }

                unit += units;
                reached += new Rune(AlignedText.Read(text, unit, out units)).Utf8SequenceLength;
            }

            tokens.Add(new Token(symbol.Id, start, unit + units));
        }

        MergeTable.Return(symbols);
    }

    // The characters as symbols as wide as their UTF-8. An unknown one waits for its neighbours,
    // and what is spelt in bytes meanwhile goes before it, as in the reference.
    int Spell(ReadOnlySpan<char> text, Span<Symbol> symbols)
    {
        int count = 0,
            unknown = 0; // width of the unknown characters that wait
        Span<byte> utf8 = stackalloc byte[4];
        for (int at = 0, units; at < text.Length; at += units)
        {
            Rune rune = new(AlignedText.Read(text, at, out units));
            int width = rune.Utf8SequenceLength;
            bool half = units == 1 && char.IsSurrogate(text[at]); // of a pair: U+FFFD
            if (Vocabulary.TryId(half ? "\uFFFD" : text.Slice(at, units), out int id))
            {
                Flush(symbols);
                symbols[count++] = new Symbol { Id = id, Width = width };
                continue;
            }

            Span<byte> bytes = utf8[..rune.EncodeToUtf8(utf8)];
            if (HaveIds(bytes))
            {
                foreach (byte value in bytes)
                {
                    symbols[count++] = new Symbol { Id = Bytes![value], Width = 1 };
                }
            }
            else if (UnknownId is not null)
            {
                if (!FusesUnknown)
                {
                    Flush(symbols);
                }

                unknown += width;
            }
        }

        Flush(symbols);
        return count;

        void Flush(Span<Symbol> symbols)
        {
            if (unknown > 0)
            {
                symbols[count++] = new Symbol { Id = UnknownId!.Value, Width = unknown };
                unknown = 0;
            }
        }
    }

    bool HaveIds(ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes)
        {
            if (Bytes is null || Bytes[value] < 0)
            {
                return false;
            }
        }

        return true;
    }

    static bool MarksBegin(string token) => token.AsSpan().TrimStart(Mark).IndexOf(Mark) < 0;
}
