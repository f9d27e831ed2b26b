using System.Globalization;

namespace Espalier.Text.Pieces;

/// <summary>
/// The character tables of Hugging Face's tokenizers, frozen. .NET's own would not do: they follow
/// another version of Unicode, and under InvariantGlobalization Normalize leaves 'é' whole.
/// </summary>
static class UnicodeTable
{
    const int PageBits = 8;
    public const int MostParts = 18;
    const int HangulFirst = 0xAC00;
    const int HangulCount = 11172;
    static readonly CodePoint[] Empty = new CodePoint[1 << PageBits];
    static readonly Dictionary<int, int[]> Lowered = [];
    static readonly Dictionary<int, int[]> Decomposed = [];
    static readonly Dictionary<int, int[]> Compatible = [];
    static readonly Dictionary<(int, int), int> Composed = [];
    static readonly Dictionary<int, int> Classes = [];
    static readonly CodePoint[][] Pages = Load();

    public static CodePoint Of(int code) => Pages[code >> PageBits][code & ((1 << PageBits) - 1)];

    public static bool Is(int code, CodePoint kind) => (Of(code) & kind) != 0;

    /// <summary>The full lower case: one code point, or two for U+0130.</summary>
    public static ReadOnlySpan<int> Lower(int code) => Lowered[code];

    /// <summary>Canonical combining class; 0 starts a new sequence.</summary>
    public static int Class(int code) => Classes.GetValueOrDefault(code);

    /// <summary>
    /// The full decomposition, canonical or compatible, written to <paramref name="parts"/>
    /// (<see cref="MostParts"/> at most).
    /// </summary>
    public static int Decompose(int code, bool compatible, Span<int> parts)
    {
        if (
            compatible && Compatible.TryGetValue(code, out int[]? found)
            || Decomposed.TryGetValue(code, out found)
        )
        {
            found.CopyTo(parts);
            return found.Length;
        }

        int syllable = code - HangulFirst;
        if (syllable is < 0 or >= HangulCount)
        {
            parts[0] = code;
            return 1;
        }

        parts[0] = 0x1100 + (syllable / 588);
        parts[1] = 0x1161 + (syllable % 588 / 28);
        parts[2] = 0x11A7 + (syllable % 28);
        return parts[2] == 0x11A7 ? 2 : 3;
    }

    /// <summary>The code point that two make; -1 where they make none.</summary>
    public static int Compose(int first, int second)
    {
        (int lead, int vowel, int syllable, int tail) = (
            first - 0x1100,
            second - 0x1161,
            first - HangulFirst,
            second - 0x11A7
        );
        return lead is >= 0 and < 19 && vowel is >= 0 and < 21
                ? HangulFirst + (((lead * 21) + vowel) * 28)
            : syllable is >= 0 and < HangulCount && syllable % 28 == 0 && tail is > 0 and < 28
                ? first + tail
            : Composed.GetValueOrDefault((first, second), -1);
    }

    static CodePoint[][] Load()
    {
        CodePoint[][] pages = new CodePoint[0x110000 >> PageBits][];
        Array.Fill(pages, Empty);
        using Stream stream =
            typeof(UnicodeTable).Assembly.GetManifestResourceStream("Unicode.txt")
            ?? throw new InvalidOperationException("Unicode.txt is not embedded in Espalier.dll.");
        using StreamReader reader = new(stream);
        while (reader.ReadLine() is { } line)
        {
            if (!line.StartsWith('#'))
            {
                Read(line, pages);
            }
        }

        Mark(pages, HangulFirst, HangulFirst + HangulCount - 1, CodePoint.Decomposes);
        foreach ((int code, int[] parts) in Decomposed.OrderBy(d => d.Value.Length))
        {
            // All parts but the last make the first of the pair, which has fewer parts itself.
            int first = parts[0];
            foreach (int part in parts.AsSpan(1, Math.Max(0, parts.Length - 2)))
            {
                first = Compose(first, part);
            }

            CodePoint kind = pages[code >> PageBits][code & ((1 << PageBits) - 1)];
            if ((kind & CodePoint.Excluded) == 0)
            {
                Composed[(first, parts[^1])] = code;
            }
        }

        return pages;
    }

    static void Read(string line, CodePoint[][] pages)
    {
        string[] words = line.Split(' ');
        CodePoint kind = words[0] switch
        {
            "remove" => CodePoint.Removed,
            "space" => CodePoint.Blank,
            "split" => CodePoint.Separator,
            "punctuation" => CodePoint.Punctuation,
            "cjk" => CodePoint.Chinese,
            "mark" => CodePoint.Mark,
            "letter" => CodePoint.Letter,
            "number" => CodePoint.Number,
            "white" => CodePoint.White,
            "word" => CodePoint.Word,
            "combining" => CodePoint.Combining,
            "excluded" => CodePoint.Excluded,
            "lower" => CodePoint.Lowers,
            "compatible" => CodePoint.None,
            _ => CodePoint.Decomposes,
        };
        foreach (string word in words.AsSpan(1))
        {
            string[] sides = word.Split('=');
            int[] range = Hex(sides[0].Split('-'));
            Mark(pages, range[0], range[^1], kind);
            if (sides.Length == 1)
            {
                continue;
            }

            int[] value = Hex(sides[1].Split('.'));
            for (int code = range[0]; code <= range[^1]; code++)
            {
                Remember(words[0], code, value);
            }
        }
    }

    static void Remember(string table, int code, int[] value)
    {
        switch (table)
        {
            case "lower":
                Lowered[code] = value;
                break;
            case "decompose":
                Decomposed[code] = value;
                break;
            case "compatible":
                Compatible[code] = value;
                break;
            default:
                Classes[code] = value[0];
                break;
        }
    }

    static int[] Hex(string[] digits) =>
        Array.ConvertAll(digits, d => int.Parse(d, NumberStyles.AllowHexSpecifier));

    static void Mark(CodePoint[][] pages, int first, int last, CodePoint kind)
    {
        for (int code = first; code <= last; code++)
        {
            ref CodePoint[] page = ref pages[code >> PageBits];
            if (page == Empty)
            {
                page = new CodePoint[1 << PageBits];
            }

            page[code & ((1 << PageBits) - 1)] |= kind;
        }
    }
}
