namespace Espalier.Text.Formats;

/// <summary>
/// Understands tokenizer.json as far as WordPiece and byte-level BPE need it, and refuses
/// everything else by name. Its truncation and padding are passed over: each call decides them.
/// </summary>
static class TokenizerJson
{
    public static Tokenizer Read(
        JsonField json,
        TokenizerConfig config,
        IReadOnlyDictionary<string, byte[]> files
    )
    {
        json.AllowOnly(
            "version",
            "truncation",
            "padding",
            "added_tokens",
            "normalizer",
            "pre_tokenizer",
            "post_processor",
            "decoder",
            "model"
        );
        if (json.Optional("version") is { } version && version.Text() != "1.0")
        {
            throw version.Refuse($"the format 1.0 is expected, not '{version.Text()}'.");
        }

        JsonField model = json["model"];
        Vocabulary vocabulary = VocabularyReader.FromJson(model["vocab"]);
        List<AddedToken> added = Added(json.Optional("added_tokens"), vocabulary);
        HashSet<string> contents = [.. added.Select(a => a.Content)];
        bool Has(string token) => contents.Contains(token) || vocabulary.TryId(token, out _);
        bool wordPiece = IsWordPiece(model);
        TokenizerFamily family =
            wordPiece ? TokenizerFamily.Bert
            : Has("<s>") && Has("</s>") ? TokenizerFamily.Roberta
            : TokenizerFamily.Gpt2;
        TokenizerParts parts = new(
            vocabulary,
            added,
            PostprocessingReader.Read(json.Optional("post_processor"), vocabulary, added),
            config.Specials.WithDefaults(family, Has),
            family
        )
        {
            ClassName = config.ClassName,
            ModelMaxLength = config.ModelMaxLength,
            Files = files,
        };
        return wordPiece ? WordPiece(json, parts, config) : BytePair(json, parts, config);
    }

    /// <summary>BERT's or RoBERTa's arrangement of one text or two between special tokens.</summary>
    public static Postprocessing Around(Postprocessing.Kind kind, int cls, int sep)
    {
        bool roberta = kind == Postprocessing.Kind.Roberta;
        int type = roberta ? 0 : 1;
        Template.Slot start = Template.Slot.Special(cls, 0);
        Template.Slot end = Template.Slot.Special(sep, 0);
        Template.Slot second = Template.Slot.Second(type);
        Template.Slot last = Template.Slot.Special(sep, type);
        return new Postprocessing(
            kind,
            new Template([start, Template.Slot.First(0), end]),
            new Template(
                roberta
                    ? [start, Template.Slot.First(0), end, end, second, last]
                    : [start, Template.Slot.First(0), end, second, last]
            )
        );
    }

    // Files of old versions do not name the model's type.
    static bool IsWordPiece(JsonField model)
    {
        JsonField? type = model.Optional("type");
        return type?.Text() switch
        {
            "WordPiece" => true,
            "BPE" => false,
            null when model.Optional("merges") is not null => false,
            null when model.Optional("max_input_chars_per_word") is not null => true,
            null => throw model.Refuse("the field 'type' is missing."),
            { } other => throw type.Value.Refuse(
                $"Espalier knows WordPiece and BPE, not '{other}'."
            ),
        };
    }

    static WordPieceTokenizer WordPiece(
        JsonField json,
        TokenizerParts parts,
        TokenizerConfig config
    )
    {
        JsonField model = json["model"];
        model.AllowOnly(
            "type",
            "vocab",
            "unk_token",
            "continuing_subword_prefix",
            "max_input_chars_per_word"
        );
        JsonField unknown = model["unk_token"];
        Demand(json["pre_tokenizer"], "BertPreTokenizer", "type");
        bool tidy = false;
        if (json.Optional("decoder") is { } decoder)
        {
            Demand(json["decoder"], "WordPiece", "type", "prefix", "cleanup");
            tidy = decoder["cleanup"].Flag();
        }

        string prefix = model.Optional("continuing_subword_prefix")?.Text() ?? "##";
        return new WordPieceTokenizer(
            parts,
            new WordPieceModel(
                NormalizerReader.Read(json.Optional("normalizer"), config),
                parts.Vocabulary.TryId(unknown.Text(), out int id)
                    ? id
                    : throw unknown.Refuse($"the vocabulary has no token '{unknown.Text()}'.")
            )
            {
                Prefix =
                    prefix.Length > 0
                        ? prefix
                        : throw model["continuing_subword_prefix"].Refuse("it must not be empty."),
                LongestWord = model.Optional("max_input_chars_per_word")?.Number(10_001) ?? 100,
                TidiesDecoded = tidy,
            }
        );
    }

    static BytePairTokenizer BytePair(JsonField json, TokenizerParts parts, TokenizerConfig config)
    {
        if (json.Optional("normalizer") is { } normalizer)
        {
            throw normalizer.Refuse("byte-level BPE is known without a normalizer only.");
        }

        if (json.Optional("decoder") is not null)
        {
            Demand(json["decoder"], "ByteLevel", ByteLevelFields);
        }

        (JsonField byteLevel, bool digits) = PreTokenizer(json["pre_tokenizer"]);
        bool prefix = config.AddsPrefixSpace ?? byteLevel["add_prefix_space"].Flag();
        if (config.AddsPrefixSpace is not null && parts.Post.Form == Postprocessing.Kind.Roberta)
        {
            parts = parts with { Post = parts.Post with { PrefixSpace = prefix } };
        }

        return new BytePairTokenizer(
            parts,
            BytePairModelReader.Read(json["model"], parts.Vocabulary) with
            {
                AddsPrefixSpace = prefix,
                SplitsDigits = digits,
            }
        );
    }

    static (JsonField ByteLevel, bool Digits) PreTokenizer(JsonField field)
    {
        bool digits = false;
        if (field["type"].Text() == "Sequence")
        {
            field.AllowOnly("type", "pretokenizers");
            JsonField[] parts = [.. field["pretokenizers"].Items()];
            if (parts.Length is 0 or > 2)
            {
                throw field.Refuse("Espalier knows the sequence Digits, ByteLevel only.");
            }

            if (parts.Length == 2)
            {
                Demand(parts[0], "Digits", "type", "individual_digits");
                JsonField single = parts[0]["individual_digits"];
                digits = single.Flag() ? true : throw single.Refuse("only true is known.");
            }

            field = parts[^1];
        }

        Demand(field, "ByteLevel", ByteLevelFields);
        if (field.Optional("use_regex") is { } regex && !regex.Flag())
        {
            throw regex.Refuse("only true, the GPT-2 pattern, is known.");
        }

        return (field, digits);
    }

    static readonly string[] ByteLevelFields =
    [
        "type",
        "add_prefix_space",
        "trim_offsets",
        "use_regex",
    ];

    static List<AddedToken> Added(JsonField? field, Vocabulary vocabulary)
    {
        List<AddedToken> added = [];
        if (field is not { } given)
        {
            return added;
        }

        JsonField[] items = [.. given.Items()];
        int limit = VocabularyReader.IdLimit(vocabulary.Count + items.Length);
        Dictionary<int, string> byId = [];
        HashSet<string> contents = new(StringComparer.Ordinal);
        foreach (JsonField item in items)
        {
            JsonField place = item["id"];
            AddedToken token = AddedTokenReader.Read(item, place.Number(limit));
            bool known = vocabulary.TryId(token.Content, out int id);
            string? holder = byId.GetValueOrDefault(token.Id) ?? vocabulary[token.Id];
            if (!contents.Add(token.Content))
            {
                throw item.Refuse($"the token '{token.Content}' is added twice.");
            }

            if (known && id != token.Id)
            {
                throw place.Refuse(
                    $"the vocabulary gives '{token.Content}' the id {id}, not {token.Id}."
                );
            }

            if (!known && holder is not null)
            {
                throw place.Refuse($"id {token.Id} already belongs to the token '{holder}'.");
            }

            byId[token.Id] = token.Content;
            added.Add(token);
        }

        return added;
    }

    static void Demand(JsonField field, string type, params ReadOnlySpan<string> fields)
    {
        JsonField found = field["type"];
        if (found.Text() != type)
        {
            throw found.Refuse($"Espalier knows {type} here, not '{found.Text()}'.");
        }

        field.AllowOnly(fields);
    }
}
