namespace Espalier.Text.Formats;

/// <summary>
/// Understands tokenizer.json as far as WordPiece, BPE of bytes or characters and Unigram need it, and refuses
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
        if (kind == TokenizerModel.BytePair && !BytePairReader.IsByteLevel(json))
        {
            kind = TokenizerModel.CharacterPair;
        }

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
                : kind == TokenizerModel.CharacterPair ? TokenizerFamily.Llama
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
            TokenizerModel.BytePair => BytePairReader.Read(json, parts, config),
            TokenizerModel.CharacterPair => CharacterPairReader.Read(json, parts),
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

    /// <summary>Each text between a token that begins it and one that ends it, as language models have it.</summary>
    public static Postprocessing Between(int? bos, int? eos)
    {
        Template.Slot[] Around(Template.Slot text) =>
            [
                .. bos is { } begin
                    ? [Template.Slot.Special(begin, text.TypeId)]
                    : (Template.Slot[])[],
                text,
                .. eos is { } end ? [Template.Slot.Special(end, text.TypeId)] : (Template.Slot[])[],
            ];
        Template.Slot[] first = Around(Template.Slot.First(0));
        return new Postprocessing(
            bos is null && eos is null
                ? Postprocessing.Kind.ByteLevel
                : Postprocessing.Kind.Template,
            new Template(first),
            new Template([.. first, .. Around(Template.Slot.Second(1))])
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

    public static void Demand(JsonField field, string type, params ReadOnlySpan<string> fields)
    {
        JsonField found = field["type"];
        if (found.Text() != type)
        {
            throw found.Refuse($"Espalier knows {type} here, not '{found.Text()}'.");
        }

        field.AllowOnly(fields);
    }
}
