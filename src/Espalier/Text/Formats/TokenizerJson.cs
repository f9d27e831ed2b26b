namespace Espalier.Text.Formats;

/// <summary>
/// Understands tokenizer.json as far as WordPiece, byte-level BPE and Unigram need it, and refuses
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

        if (
            json.Optional("truncation")?.Optional("direction") is { } direction
            && !direction.Text().Equals("right", StringComparison.OrdinalIgnoreCase)
        )
        {
            throw direction.Refuse(
                $"Espalier cuts texts at their end, 'Right', not '{direction.Text()}'."
            );
        }

        JsonField model = json["model"];
        TokenizerModel kind = KindOf(model);
        double[] scores = [];
        Vocabulary vocabulary =
            kind == TokenizerModel.Unigram
                ? UnigramReader.Vocabulary(model["vocab"], out scores)
                : VocabularyReader.FromJson(model["vocab"]);
        config.CheckClass(kind);
        TokenizerFamily family = default;
        TokenizerFamily Family(Func<string, bool> has) =>
            family =
                kind == TokenizerModel.WordPiece ? TokenizerFamily.Bert
                : kind == TokenizerModel.Unigram
                    ? config.Class.Form != TokenizerClass.Kind.Albert && has("<s>") && has("</s>")
                            ? TokenizerFamily.XlmRoberta
                        : TokenizerFamily.Albert
                : config.Class.Form == TokenizerClass.Kind.Roberta ? TokenizerFamily.Roberta
                : config.Class.Form == TokenizerClass.Kind.Gpt2 ? TokenizerFamily.Gpt2
                : has("<s>") && has("</s>") ? TokenizerFamily.Roberta
                : TokenizerFamily.Gpt2;

        List<AddedToken> added = AddedTokens.Of(
            vocabulary,
            json.Optional("added_tokens"),
            config,
            Family,
            byClass: config.Class.Form
                is not (TokenizerClass.Kind.None or TokenizerClass.Kind.Generic),
            out SpecialTokens specials
        );
        TokenizerParts parts = TokenizerParts.Of(
            vocabulary,
            added,
            specials,
            family,
            config,
            files
        );
        parts = parts.With(
            PostprocessingReader.Read(json.Optional("post_processor"), parts, config)
        );
        return kind switch
        {
            TokenizerModel.WordPiece => WordPiece(json, parts, config),
            TokenizerModel.BytePair => BytePair(json, parts, config),
            _ => UnigramReader.Read(json, scores, parts, config),
        };
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
    static TokenizerModel KindOf(JsonField model)
    {
        JsonField? type = model.Optional("type");
        return type?.Text() switch
        {
            "WordPiece" => TokenizerModel.WordPiece,
            "BPE" => TokenizerModel.BytePair,
            "Unigram" => TokenizerModel.Unigram,
            null when model.Optional("merges") is not null => TokenizerModel.BytePair,
            null when model.Optional("max_input_chars_per_word") is not null =>
                TokenizerModel.WordPiece,
            null when model.Optional("unk_id") is not null => TokenizerModel.Unigram,
            null => throw model.Refuse("the field 'type' is missing."),
            { } other => throw type.Value.Refuse(
                $"Espalier knows WordPiece, BPE and Unigram, not '{other}'."
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
        Demand(json["pre_tokenizer"], "BertPreTokenizer", "type");
        bool tidy = false;
        if (json.Optional("decoder") is { } decoder)
        {
            Demand(json["decoder"], "WordPiece", "type", "prefix", "cleanup");
            tidy = decoder["cleanup"].Flag();
        }

        JsonField unknown = model["unk_token"];
        string prefix = model.Optional("continuing_subword_prefix")?.Text() ?? "##";
        WordPieceModel made = new(
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
        };
        return new WordPieceTokenizer(parts, OfClass(made, model, parts, config));
    }

    // The class makes its model anew from the vocabulary, and knows no other prefix or length.
    static WordPieceModel OfClass(
        WordPieceModel file,
        JsonField model,
        TokenizerParts parts,
        TokenizerConfig config
    )
    {
        if (config.Class.Form != TokenizerClass.Kind.Bert)
        {
            return file;
        }

        WordPieceModel own = new(file.Normalizer, parts.IdOf("unk_token") ?? file.UnknownId)
        {
            TidiesDecoded = file.TidiesDecoded,
        };
        if (own != file)
        {
            config.Notes.Add(
                model.Remark(
                    $"{config.Class.Name} uses continuing_subword_prefix ##, max_input_chars_per_word 100 and its own "
                        + "unk_token, and so the texts are read, as transformers 5 does; the file has other values."
                )
            );
        }

        return own;
    }

    static BytePairTokenizer BytePair(JsonField json, TokenizerParts parts, TokenizerConfig config)
    {
        JsonField? normalizer = json.Optional("normalizer");
        if (json.Optional("decoder") is not null)
        {
            Demand(json["decoder"], "ByteLevel", ByteLevelFields);
        }

        (JsonField byteLevel, bool digits) = PreTokenizer(json["pre_tokenizer"]);
        BytePairModel file = BytePairModelReader.Read(json["model"], parts.Vocabulary) with
        {
            AddsPrefixSpace = byteLevel["add_prefix_space"].Flag(),
            SplitsDigits = digits,
            Normalizer = NormalizerReader.Steps(normalizer),
            WrittenNormalizer = normalizer?.Raw,
        };
        BytePairModel own = config.Class.Form switch
        {
            TokenizerClass.Kind.Generic => file,
            TokenizerClass.Kind.None => file with
            {
                AddsPrefixSpace = config.AddsPrefixSpace ?? file.AddsPrefixSpace,
            },
            _ => new BytePairModel(file.Merges)
            {
                AddsPrefixSpace = config.AddsPrefixSpace ?? false,
            },
        };
        config.NoteUnheard(
            config.AddsPrefixSpace is { } said && said != file.AddsPrefixSpace
                ? "add_prefix_space"
                : null
        );
        if (own != file && config.Class.Form != TokenizerClass.Kind.None)
        {
            config.Notes.Add(
                $"tokenizer.json has {Words(file)}; {config.Class.Name} with tokenizer_config.json gives {Words(own)}, "
                    + "and so the texts are read, as transformers 5 does. Let both files say what is meant."
            );
        }

        if (config.Class.Form == TokenizerClass.Kind.None && config.AddsPrefixSpace is { } space)
        {
            parts =
                parts.Post.Form == Postprocessing.Kind.Roberta
                    ? parts with
                    {
                        Post = parts.Post with { PrefixSpace = space },
                    }
                    : parts;
        }

        return new BytePairTokenizer(parts, own);
    }

    static string Words(BytePairModel model) =>
        $"add_prefix_space {(model.AddsPrefixSpace ? "true" : "false")}, "
        + $"{(model.SplitsDigits ? "digits cut off" : "no Digits")}, "
        + $"{(model.Normalizer is null ? "no" : "a")} normalizer, "
        + $"{(model.UnknownId is null ? "no unk_token" : "an unk_token")}";

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
