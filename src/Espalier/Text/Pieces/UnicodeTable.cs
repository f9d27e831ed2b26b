using System.Globalization;

namespace Espalier.Text.Pieces;

/// <summary>
/// The character tables of Hugging Face's tokenizers, frozen. .NET's own would not do: they follow
/// another version of Unicode, and under InvariantGlobalization Normalize leaves 'é' whole.
/// </summary>
static class UnicodeTable
{
    const int PageBits = 8;
    const int HangulFirst = 0xAC00;
    const int HangulCount = 11172;
    static readonly CodePoint[] Empty = new CodePoint[1 << PageBits];
    static readonly Dictionary<int, int[]> Lowered = [];
    static readonly Dictionary<int, int[]> Decomposed = [];
    static readonly Dictionary<int, int> Classes = [];
    static readonly CodePoint[][] Pages = Load();

    public static CodePoint Of(int code) => Pages[code >> PageBits][code & ((1 << PageBits) - 1)];

    public static bool Is(int code, CodePoint kind) => (Of(code) & kind) != 0;

    /// <summary>The full lower case: one code point, or two for U+0130.</summary>
    public static ReadOnlySpan<int> Lower(int code) => Lowered[code];

    /// <summary>Canonical combining class; 0 starts a new sequence.</summary>
    public static int Class(int code) => Classes.GetValueOrDefault(code);

    /// <summary>The full canonical decomposition, written to <paramref name="parts"/> (4 at most).</summary>
    public static int Decompose(int code, Span<int> parts)
    {
        if (Decomposed.TryGetValue(code, out int[]? found))
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
            "lower" => CodePoint.Lowers,
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
