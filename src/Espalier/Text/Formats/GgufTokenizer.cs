using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Text.Pieces;

namespace Espalier.Text.Formats;

/// <summary>
/// The tokenizer of a GGUF file: its metadata as the tokenizer.json and tokenizer_config.json that
/// say the same, which are then read as from a folder.
/// </summary>
static class GgufTokenizer
{
    public const string Prefix = "tokenizer.ggml.";

    // tokenizer.ggml.token_type
    public const int Normal = 1,
        Unknown = 2,
        Control = 3,
        UserDefined = 4,
        Unused = 5,
        Byte = 6;

    public static readonly (string Role, string Key)[] Roles =
    [
        ("bos_token", "bos_token_id"),
        ("eos_token", "eos_token_id"),
        ("unk_token", "unknown_token_id"),
        ("sep_token", "seperator_token_id"), // so spelt in the format
        ("pad_token", "padding_token_id"),
        ("cls_token", "cls_token_id"),
        ("mask_token", "mask_token_id"),
    ];

    // tokenizer.ggml.pre: the pattern, whether digits are cut off, and whether a bos_token is usual.
    public static readonly OrderedDictionary<
        string,
        (PiecePattern Pattern, bool Digits, bool Begins)
    > Splits = new()
    {
        ["gpt-2"] = (PiecePattern.Gpt2, false, false),
        ["phi-2"] = (PiecePattern.Gpt2, false, false),
        ["smollm"] = (PiecePattern.Gpt2, true, false),
        ["starcoder"] = (PiecePattern.Gpt2, true, false),
        ["refact"] = (PiecePattern.Gpt2, true, false),
        ["llama-bpe"] = (PiecePattern.Llama3, false, true),
        ["llama3"] = (PiecePattern.Llama3, false, true),
        ["llama-v3"] = (PiecePattern.Llama3, false, true),
        ["qwen2"] = (PiecePattern.Qwen2, false, false),
        ["deepseek-r1-qwen"] = (PiecePattern.Qwen2, false, false),
    };

    public static Tokenizer Read(GgufFields fields)
    {
        string model = fields.String($"{Prefix}model");
        IReadOnlyList<string> tokens =
            fields.OptionalStrings($"{Prefix}tokens")
            ?? throw fields.Refuse($"{Prefix}tokens", "an array of strings");
        HashSet<string> distinct = new(StringComparer.Ordinal);
        if (tokens.Count == 0 || tokens.FirstOrDefault(t => !distinct.Add(t)) is not null)
        {
            throw fields.Refuse($"{Prefix}tokens", "a vocabulary of tokens that all differ");
        }

        IReadOnlyList<int> types =
            fields.OptionalIntegers($"{Prefix}token_type", 0, 255)
            ?? [.. Enumerable.Repeat(Normal, tokens.Count)];
        if (types.Count != tokens.Count)
        {
            throw fields.Refuse($"{Prefix}token_type", $"a type for each of {tokens.Count} tokens");
        }

        Source source = new(fields, tokens, types);
        Dictionary<string, byte[]> files = new()
        {
            ["tokenizer.json"] = TokenizerFiles.Json(json =>
            {
                json.WriteString("version", "1.0");
                json.WriteNull("truncation");
                json.WriteNull("padding");
                source.Added(json);
                switch (model)
                {
                    case "gpt2":
                        source.BytePair(json);
                        break;
                    case "llama":
                        source.CharacterPair(json);
                        break;
                    default:
                        throw fields.Refuse(
                            $"{Prefix}model",
                            "'gpt2', which is byte-level BPE, or 'llama', which is SentencePiece BPE,"
                        );
                }
            }),
            ["tokenizer_config.json"] = TokenizerFiles.Json(source.Config),
        };
        return TokenizerFolder.Load($"{fields.File}, its tokenizer as a folder", files);
    }

    sealed record Source(GgufFields Fields, IReadOnlyList<string> Tokens, IReadOnlyList<int> Types)
    {
        public void Config(Utf8JsonWriter json)
        {
            json.WriteString("tokenizer_class", TokenizerClass.Generic);

            // Language models have no token types.
            json.Array("model_input_names", ["input_ids", "attention_mask"], json.WriteStringValue);
            foreach ((string role, string key) in Roles)
            {
                if (Id(key) is { } id)
                {
                    json.WriteString(role, Tokens[id]);
                }
            }

            if (Fields.OptionalString("tokenizer.chat_template") is { } template)
            {
                json.WriteString("chat_template", template);
            }
        }

        // Control tokens are special; what the user defined is found whole, and shown.
        public void Added(Utf8JsonWriter json)
        {
            json.WriteStartArray("added_tokens");
            for (int id = 0; id < Tokens.Count; id++)
            {
                if (Types[id] is Control or UserDefined or Unknown && Tokens[id].Length > 0)
                {
                    json.WriteStartObject();
                    json.WriteNumber("id", id);
                    TokenizerJsonWriter.Flags(
                        json,
                        new AddedToken(id, Tokens[id]) { Special = Types[id] != UserDefined }
                    );
                    json.WriteEndObject();
                }
            }

            json.WriteEndArray();
        }

        public void BytePair(Utf8JsonWriter json)
        {
            string pre = Fields.String($"{Prefix}pre");
            if (!Splits.TryGetValue(pre, out var split))
            {
                throw Fields.Refuse(
                    $"{Prefix}pre",
                    $"a pattern that Espalier knows ({string.Join(", ", Splits.Keys)})"
                );
            }

            json.WritePropertyName("normalizer");
            json.WriteRawValue(
                split.Pattern == PiecePattern.Qwen2 ? """{"type": "NFC"}""" : "null"
            );
            TokenizerJsonWriter.PreTokenizer(
                json,
                new BytePairModel(new MergeTable([]))
                {
                    Pattern = split.Pattern,
                    SplitsDigits = split.Digits,
                }
            );
            Around(json, split.Begins);
            json.WriteStartObject("decoder");
            TokenizerJsonWriter.ByteLevel(json, prefix: true, trim: true);
            json.WriteEndObject();
            json.WriteStartObject("model");
            json.WriteString("type", "BPE");
            json.WriteBoolean("ignore_merges", split.Pattern == PiecePattern.Llama3);
            Vocabulary(json);
            json.WriteStartArray("merges");
            foreach (string merge in Fields.OptionalStrings($"{Prefix}merges") ?? [])
            {
                json.WriteStringValue(merge);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        public void CharacterPair(Utf8JsonWriter json)
        {
            bool prefix = Fields.OptionalFlag($"{Prefix}add_space_prefix") ?? true;
            if (Fields.OptionalFlag($"{Prefix}remove_extra_whitespaces") ?? false)
            {
                throw Fields.Refuse(
                    $"{Prefix}remove_extra_whitespaces",
                    "false, as all of a text is read,"
                );
            }

            const string mark =
                """{"type": "Replace", "pattern": {"String": " "}, "content": "▁"}""";
            json.WritePropertyName("normalizer");
            json.WriteRawValue(
                prefix
                    ? $$"""{"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, {{mark}}]}"""
                    : mark
            );
            json.WriteNull("pre_tokenizer");
            Around(json, begins: true);
            json.WritePropertyName("decoder");
            json.WriteRawValue(
                """{"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, """
                    + """{"type": "ByteFallback"}, {"type": "Fuse"}"""
                    + (
                        prefix
                            ? """, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}"""
                            : "]}"
                    )
            );
            json.WriteStartObject("model");
            json.WriteString("type", "BPE");
            json.WriteString("unk_token", Id("unknown_token_id") is { } id ? Tokens[id] : null);
            json.WriteBoolean("fuse_unk", true);
            json.WriteBoolean("byte_fallback", true);
            Vocabulary(json);
            json.WriteStartArray("merges");
            foreach ((string left, string right) in Merges())
            {
                json.WriteStartArray();
                json.WriteStringValue(left);
                json.WriteStringValue(right);
                json.WriteEndArray();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        // SentencePiece merges whatever makes the token of the highest score; the order among equals is transformers'.
        IEnumerable<(string Left, string Right)> Merges()
        {
            IReadOnlyList<float> scores =
                Fields.OptionalNumbers($"{Prefix}scores")
                ?? throw Fields.Refuse($"{Prefix}scores", "an array of numbers (F32)");
            if (scores.Count != Tokens.Count || scores.Any(float.IsNaN))
            {
                throw Fields.Refuse(
                    $"{Prefix}scores",
                    $"a score for each of {Tokens.Count} tokens"
                );
            }

            Dictionary<string, int> ids = new(StringComparer.Ordinal);
            for (int id = 0; id < Tokens.Count; id++)
            {
                if (Types[id] == Normal)
                {
                    ids.Add(Tokens[id], id);
                }
            }

            var spans = ids.GetAlternateLookup<ReadOnlySpan<char>>();
            List<(float Score, int LeftLength, int RightLength, int Id, int Left, int Right)> all =
            [];
            foreach ((string token, int id) in ids)
            {
                if (token.Length > LongestToken)
                {
                    throw Fields.Refuse(
                        $"{Prefix}tokens",
                        $"tokens of at most {LongestToken} characters"
                    );
                }

                for (int at = 1; at < token.Length; at++)
                {
                    if (
                        spans.TryGetValue(token.AsSpan(0, at), out int left)
                        && spans.TryGetValue(token.AsSpan(at), out int right)
                    )
                    {
                        all.Add((scores[id], at, token.Length - at, id, left, right));
                    }
                }
            }

            return all.OrderByDescending(m => m.Score)
                .ThenByDescending(m => m.LeftLength)
                .ThenByDescending(m => m.RightLength)
                .ThenBy(m => m.Id)
                .Select(m => (Tokens[m.Left], Tokens[m.Right]));
        }

        const int LongestToken = 1000;

        void Around(Utf8JsonWriter json, bool begins)
        {
            int? bos = Fields.OptionalFlag($"{Prefix}add_bos_token") ?? begins
                    ? Id("bos_token_id")
                    : null,
                eos = Fields.OptionalFlag($"{Prefix}add_eos_token") ?? false
                    ? Id("eos_token_id")
                    : null;
            if (bos is null && eos is null)
            {
                json.WriteNull("post_processor");
                return;
            }

            json.WriteStartObject("post_processor");
            TokenizerJsonWriter.Around(json, id => Tokens[id], TokenizerJson.Between(bos, eos));
            json.WriteEndObject();
        }

        void Vocabulary(Utf8JsonWriter json)
        {
            json.WriteStartObject("vocab");
            for (int id = 0; id < Tokens.Count; id++)
            {
                json.WriteNumber(Tokens[id], id);
            }

            json.WriteEndObject();
        }

        int? Id(string key) => Fields.OptionalInteger(Prefix + key, 0, Tokens.Count - 1);
    }
}
