using System.Text;
using Espalier.Text.Pieces;

namespace Espalier.Text;

/// <summary>The settings of a WordPiece tokenizer.</summary>
sealed record WordPieceModel(BertNormalizer Normalizer, int UnknownId)
{
    /// <summary>Marks a piece that continues a word.</summary>
    public string Prefix { get; init; } = "##";

    /// <summary>A word of more code points than this is unknown.</summary>
    public int LongestWord { get; init; } = 100;

    /// <summary>Decoding takes out the space before punctuation and English contractions.</summary>
    public bool TidiesDecoded { get; init; } = true;

    static readonly (string From, string To)[] Tidied =
    [
        (" .", "."),
        (" ?", "?"),
        (" !", "!"),
        (" ,", ","),
        (" ' ", "'"),
        (" n't", "n't"),
        (" 'm", "'m"),
        (" do not", " don't"),
        (" 's", "'s"),
        (" 've", "'ve"),
        (" 're", "'re"),
    ];

    public string Join(IReadOnlyList<string> tokens)
    {
        StringBuilder text = new();
        for (int i = 0; i < tokens.Count; i++)
        {
            string part = tokens[i];
            if (i > 0)
            {
                bool continues = part.StartsWith(Prefix, StringComparison.Ordinal);
                part = continues ? part[Prefix.Length..] : " " + part;
            }

            text.Append(TidiesDecoded ? Tidy(part) : part);
        }

        return text.ToString();
    }

    // Token by token, as the reference does it.
    static string Tidy(string part)
    {
        foreach ((string from, string to) in Tidied)
        {
            part = part.Replace(from, to, StringComparison.Ordinal);
        }

        return part;
    }
}
