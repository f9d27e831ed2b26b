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

    static readonly string[] WithTypes = ["input_ids", "token_type_ids", "attention_mask"];
    static readonly string[] WithoutTypes = ["input_ids", "attention_mask"];

    public static SortedDictionary<string, byte[]> Write(Tokenizer tokenizer)
    {
        TokenizerParts parts = tokenizer.Parts;
        SortedDictionary<string, byte[]> files = new(StringComparer.Ordinal)
        {
            ["tokenizer.json"] = TokenizerJsonWriter.Write(tokenizer),
            ["tokenizer_config.json"] = Json(json => Config(json, tokenizer)),
            ["special_tokens_map.json"] = Json(json => Roles(json, parts, NameOf(tokenizer))),
        };
        if (tokenizer is BytePairTokenizer { Model: { IsGpt2: true, Normalizer: null } } bytePair)
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

        if (parts.ChatTemplate is { } template)
        {
            files["chat_template.jinja"] = Utf8(template);
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
        string className = NameOf(tokenizer);
        json.WriteString("tokenizer_class", className);
        if (parts.ModelMaxLength is { } length)
        {
            json.WriteNumber("model_max_length", length);
        }

        if (parts.GivesTypes != TokenizerClass.Named(className).GivesTypes(tokenizer.Kind))
        {
            json.WriteStartArray("model_input_names");
            foreach (string name in parts.GivesTypes ? WithTypes : WithoutTypes)
            {
                json.WriteStringValue(name);
            }

            json.WriteEndArray();
        }

        if (parts.SplitsSpecial)
        {
            json.WriteBoolean("split_special_tokens", true);
        }

        Roles(json, parts, className);
        if (!parts.Added.All(token => IsPlainRole(parts, token)))
        {
            json.WriteStartObject("added_tokens_decoder");
            foreach (AddedToken token in parts.Added.OrderBy(a => a.Id))
            {
                json.WriteStartObject($"{token.Id}");
                TokenizerJsonWriter.Flags(json, token);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        if (tokenizer is WordPieceTokenizer wordPiece)
        {
            json.WriteBoolean("do_lower_case", wordPiece.Model.Normalizer.Lowercase);
            json.WriteBoolean("strip_accents", wordPiece.Model.Normalizer.StripAccents);
            json.WriteBoolean("tokenize_chinese_chars", wordPiece.Model.Normalizer.SpaceChinese);
        }
        else if (tokenizer is BytePairTokenizer bytePair)
        {
            json.WriteBoolean("add_prefix_space", bytePair.AddsPrefixSpace);
            if (parts.Post.Form == Postprocessing.Kind.Roberta)
            {
                json.WriteBoolean("trim_offsets", parts.Post.TrimsOffsets);
            }
        }
    }

    /// <summary>A token that its role alone describes: whoever reads the role finds it in texts by the same rules.</summary>
    static bool IsPlainRole(TokenizerParts parts, AddedToken token) =>
        SpecialTokens.Roles.FirstOrDefault(r => parts.Specials[r] == token.Content) is { } role
        && token
            == new AddedToken(token.Id, token.Content)
            {
                Special = true,
                StripsLeft = parts.Family == TokenizerFamily.Roberta && role == "mask_token",
            };

    static string NameOf(Tokenizer tokenizer) =>
        tokenizer is UnigramTokenizer
            ? TokenizerClass.Generic // others know unk_token by its old id
            : tokenizer.Parts.ClassName ?? ClassName(tokenizer);

    static void Roles(Utf8JsonWriter json, TokenizerParts parts, string className)
    {
        foreach (string role in SpecialTokens.Roles)
        {
            // What its own tokens are, its conventions tell again; a name would make them tokens that texts are searched for.
            bool told =
                className == TokenizerClass.Generic
                && SpecialTokens.Of(parts.Family).GetValueOrDefault(role) == parts.Specials[role];
            if (
                parts.Specials[role] is { } token
                && (!told || parts.Added.Any(a => a.Content == token))
            )
            {
                json.WriteString(role, token);
            }
        }
    }

    // Of a tokenizer without a class: the one that does the same. What no class does, tokenizer.json alone says.
    static string ClassName(Tokenizer tokenizer)
    {
        TokenizerParts parts = tokenizer.Parts;
        bool plain = tokenizer switch
        {
            WordPieceTokenizer { Model: var model } => model
                is { Prefix: "##", LongestWord: 100, Normalizer.Clean: true }
                && Around(parts, Postprocessing.Kind.Template),
            BytePairTokenizer { Model: var model } => model
                is { IsGpt2: true, UnknownId: null, Normalizer: null }
                && (
                    parts.Family == TokenizerFamily.Gpt2
                    || Around(parts, Postprocessing.Kind.Roberta)
                ),
            _ => false,
        };
        return !plain
            ? TokenizerClass.Generic
            : parts.Family switch
            {
                TokenizerFamily.Bert => "BertTokenizer",
                TokenizerFamily.Roberta => "RobertaTokenizer",
                _ => "GPT2Tokenizer",
            };
    }

    static bool Around(TokenizerParts parts, Postprocessing.Kind kind)
    {
        if (parts.IdOf("cls_token") is not { } cls || parts.IdOf("sep_token") is not { } sep)
        {
            return false;
        }

        Postprocessing own = TokenizerJson.Around(kind, cls, sep);
        return own.Single.Arranges(parts.Post.Single) && own.Pair.Arranges(parts.Post.Pair);
    }

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
