using System.Text;

namespace Espalier.Tests.Text.Reference;

/// <summary>Characters of many scripts, and random texts of them.</summary>
static class Script
{
    static readonly (int First, int Last)[] Ranges =
    [
        (0x20, 0x7E), // ASCII three times: it is most of what is read
        (0x20, 0x7E),
        (0x41, 0x7A),
        (0x01, 0x1F), // controls
        (0x7F, 0xA0),
        (0xA1, 0x17F), // Latin with marks
        (0x1E00, 0x1EFF),
        (0x300, 0x34F), // combining marks
        (0x370, 0x3FF), // Greek
        (0x400, 0x45F), // Cyrillic
        (0x5D0, 0x5EA), // Hebrew
        (0x591, 0x5AF),
        (0x621, 0x655), // Arabic
        (0x905, 0x94D), // Devanagari
        (0xE01, 0xE3A), // Thai
        (0x1100, 0x1112), // Hangul, jamo and syllables
        (0x1161, 0x1175),
        (0xAC00, 0xAC80),
        (0x3041, 0x30FF), // Japanese
        (0x4E00, 0x4E40), // Chinese
        (0x3400, 0x3410),
        (0xF900, 0xF910),
        (0x20000, 0x20010),
        (0x2000, 0x206F), // spaces, dashes, joiners, directions
        (0x2150, 0x218F), // numbers
        (0x2460, 0x2490),
        (0x3000, 0x3003),
        (0xFF01, 0xFF5E), // full width
        (0xFB00, 0xFB06), // ligatures
        (0x1F600, 0x1F64F), // emoji
        (0x1F3FB, 0x1F3FF),
        (0xFE00, 0xFE0F),
        (0x1D400, 0x1D420), // letters of mathematics
        (0xE000, 0xE010), // private
        (0xFFF9, 0xFFFD),
    ];

    static readonly string[] Phrases =
    [
        " ",
        "  ",
        "\t",
        "\n",
        "\r\n",
        "\u00A0",
        "\u3000",
        "'s",
        "'ll",
        " don't",
        "I'M",
        "İ",
        "ẞ",
        "ǅ",
        "Σας",
        "e\u0323\u0301",
        "한",
        "👩🏽‍🚀",
        "1.5e-3",
        "\n\n",
        " \n ",
        "\r",
        "!\n",
        "...",
        "'S",
        "'LL",
        "'ſ",
        "12345678",
        "١٢٣٤",
        "x",
        "The",
        "the ",
    ];

    /// <summary>Every character that a text may hold, as it is and as normalizers leave it.</summary>
    public static IReadOnlyList<string> Characters { get; } =
    [
        .. Ranges
            .SelectMany(r => Enumerable.Range(r.First, r.Last - r.First + 1))
            .Select(char.ConvertFromUtf32)
            .Concat(Phrases.SelectMany(p => p.EnumerateRunes().Select(r => r.ToString())))
            .SelectMany(c => (string[])[c, c.ToLowerInvariant()])
            .Concat("abcdefghijklmnopqrstuvwxyz0123456789".Select(c => $"{c}"))
            .Distinct(),
    ];

    /// <summary>A text of up to thirty bits: characters, phrases and <paramref name="tokens"/>.</summary>
    public static string Text(Dice dice, IReadOnlyList<string> tokens)
    {
        StringBuilder text = new();
        for (int bits = dice.Next(30) + 1; bits > 0; bits--)
        {
            (int first, int last) = Ranges[dice.Next(Ranges.Length)];
            text.Append(
                dice.Next(10) switch
                {
                    < 3 when tokens.Count > 0 => tokens[dice.Next(tokens.Count)],
                    < 5 => Phrases[dice.Next(Phrases.Length)],
                    _ => char.ConvertFromUtf32(first + dice.Next(last - first + 1)),
                }
            );
        }

        return text.ToString();
    }
}
