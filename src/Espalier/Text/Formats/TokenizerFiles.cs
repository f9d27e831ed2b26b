using System.Text.Encodings.Web;
using System.Text.Json;

namespace Espalier.Text.Formats;

/// <summary>Writes a tokenizer as the files of a Hugging Face folder.</summary>
static class TokenizerFiles
{
    static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Indented = true,
        NewLine = "\n",
    };

    public static SortedDictionary<string, byte[]> Write(Tokenizer tokenizer)
    {
        TokenizerParts parts = tokenizer.Parts;
        SortedDictionary<string, byte[]> files = new(StringComparer.Ordinal)
        {
            ["tokenizer.json"] = TokenizerJsonWriter.Write(tokenizer),
            ["tokenizer_config.json"] = Json(json => Config(json, tokenizer)),
            ["special_tokens_map.json"] = Json(json => Roles(json, parts)),
        };
        if (tokenizer is BytePairTokenizer { Model.SplitsDigits: false } bytePair)
        {
            files["vocab.json"] = Json(json => Vocabulary(json, parts.Vocabulary));
            files["merges.txt"] = Merges(bytePair);
        }
        else if (tokenizer is WordPieceTokenizer && FitsLines(parts.Vocabulary))
        {
            files["vocab.txt"] = Utf8(
                string.Concat(parts.Vocabulary.Entries.Select(e => e.Token + "\n"))
            );
        }

        return files;
    }

    public static byte[] Json(Action<Utf8JsonWriter> content)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, Options))
        {
            json.WriteStartObject();
            content(json);
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    public static void Vocabulary(Utf8JsonWriter json, Vocabulary vocabulary)
    {
        foreach ((string token, int id) in vocabulary.Entries)
        {
            json.WriteNumber(token, id);
        }
    }

    static void Config(Utf8JsonWriter json, Tokenizer tokenizer)
    {
        TokenizerParts parts = tokenizer.Parts;
        json.WriteString("tokenizer_class", parts.ClassName ?? ClassName(tokenizer));
        if (parts.ModelMaxLength is { } length)
        {
            json.WriteNumber("model_max_length", length);
        }

        Roles(json, parts);
        if (tokenizer is WordPieceTokenizer wordPiece)
        {
            json.WriteBoolean("do_lower_case", wordPiece.Model.Normalizer.Lowercase);
            json.WriteBoolean("strip_accents", wordPiece.Model.Normalizer.StripAccents);
            json.WriteBoolean("tokenize_chinese_chars", wordPiece.Model.Normalizer.SpaceChinese);
        }
        else if (tokenizer is BytePairTokenizer bytePair)
        {
            json.WriteBoolean("add_prefix_space", bytePair.AddsPrefixSpace);
        }
    }

    static void Roles(Utf8JsonWriter json, TokenizerParts parts)
    {
        foreach (string role in SpecialTokens.Roles)
        {
            if (parts.Specials[role] is { } token)
            {
                json.WriteString(role, token);
            }
        }
    }

    // The files of the old classes cannot say that digits are split: tokenizer.json alone does.
    static string ClassName(Tokenizer tokenizer) =>
        tokenizer is BytePairTokenizer { Model.SplitsDigits: true }
            ? "PreTrainedTokenizerFast"
            : tokenizer.Parts.Family switch
            {
                TokenizerFamily.Bert => "BertTokenizer",
                TokenizerFamily.Roberta => "RobertaTokenizer",
                _ => "GPT2Tokenizer",
            };

    // A line a token: impossible with holes or with line breaks inside a token.
    static bool FitsLines(Vocabulary vocabulary) =>
        vocabulary.Count == vocabulary.Size
        && vocabulary.Entries.All(e => e.Token.AsSpan().IndexOfAny('\n', '\r') < 0);

    static byte[] Merges(BytePairTokenizer tokenizer)
    {
        Vocabulary vocabulary = tokenizer.Parts.Vocabulary;
        return Utf8(
            "#version: 0.2\n"
                + string.Concat(
                    tokenizer.Model.Merges.Merges.Select(m =>
                        $"{vocabulary[m.Left]} {vocabulary[m.Right]}\n"
                    )
                )
        );
    }

    static byte[] Utf8(string text) => System.Text.Encoding.UTF8.GetBytes(text);
}
