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

    /// <summary>Words with spaces between them, pieces that continue one without.</summary>
    public Joining NewJoining() => new WordJoining(this);

    sealed class WordJoining(WordPieceModel model) : Joining
    {
        bool _began;

        public override void Add(string token, StringBuilder text)
        {
            if (_began)
            {
                bool continues = token.StartsWith(model.Prefix, StringComparison.Ordinal);
                token = continues ? token[model.Prefix.Length..] : " " + token;
            }

            _began = true;
            text.Append(model.TidiesDecoded ? Tidy(token) : token);
        }
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
