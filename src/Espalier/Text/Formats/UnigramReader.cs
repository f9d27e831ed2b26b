using Espalier.Text.Pieces;

namespace Espalier.Text.Formats;

/// <summary>A Unigram tokenizer: as its class has it, or as tokenizer.json does.</summary>
static class UnigramReader
{
    const char Mark = '▁';

    /// <summary>Pieces in the order of their ids, each with its score.</summary>
    public static Vocabulary Vocabulary(JsonField field, out double[] scores)
    {
        Dictionary<string, int> ids = new(StringComparer.Ordinal);
        List<double> found = [];
        foreach (JsonField item in field.Items())
        {
            (string piece, double score) = item.Scored();
            if (!ids.TryAdd(piece, ids.Count))
            {
                throw item.Refuse($"the piece '{piece}' stands here twice.");
            }

            found.Add(score);
        }

        scores = [.. found];
        return ids.Count > 0
            ? new Vocabulary(ids.Select(e => (e.Key, e.Value)))
            : throw field.Refuse("the vocabulary is empty.");
    }

    public static UnigramTokenizer Read(
        JsonField json,
        double[] scores,
        TokenizerParts parts,
        TokenizerConfig config
    )
    {
        JsonField model = json["model"];
        model.AllowOnly("type", "vocab", "unk_id", "byte_fallback");
        int unknown = model["unk_id"].Number(scores.Length);
        bool bytes = model.Optional("byte_fallback")?.Flag() ?? false;
        JsonField? normalizer = json.Optional("normalizer"),
            splitter = json.Optional("pre_tokenizer"),
            decoder = json.Optional("decoder");
        WordSplitter words = Splitter(splitter);
        if (config.Class.Form is TokenizerClass.Kind.Albert or TokenizerClass.Kind.XlmRoberta)
        {
            // The class builds all this anew, and takes unk_token to stand where its own vocabulary has it.
            bool albert = config.Class.Form == TokenizerClass.Kind.Albert;
            JsonField? own = albert ? Albert(json, config) : CharacterMap(normalizer);
            JsonField mark = Metaspace(json, config.AddsPrefixSpace ?? true);
            WordSplitter cut = Splitter(mark) with { AtWhiteSpace = true };
            int id = albert ? 1 : 3;
            if (!JsonField.Same(own, normalizer) || cut != words || id != unknown || bytes)
            {
                config.Notes.Add(
                    $"{config.Class.Name} builds its own normalizer and pre_tokenizer, and takes the piece {id} for unk_token, "
                        + "and so the texts are read, as transformers 5 does; tokenizer.json has others."
                );
            }

            (normalizer, decoder, words, bytes) = (own, mark, cut, false);
            splitter = json.Derived(
                $$"""{"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {{mark.Raw}}]}"""
            );
            unknown =
                id < scores.Length
                    ? id
                    : throw model["vocab"]
                        .Refuse($"{config.Class.Name} needs a piece {id}, unk_token.");
        }

        return new UnigramTokenizer(
            parts,
            new UnigramModel(new PieceTrie(parts.Vocabulary), scores, unknown)
            {
                Bytes = bytes ? Bytes(model["byte_fallback"], parts.Vocabulary) : null,
                Normalizer = NormalizerReader.Steps(normalizer),
                Words = words,
                Joining = DecoderReader.Read(decoder),
                Written = (normalizer?.Raw, splitter?.Raw, decoder?.Raw),
            }
        );
    }

    static int[] Bytes(JsonField field, Vocabulary vocabulary) =>
        [
            .. Enumerable
                .Range(0, 256)
                .Select(value =>
                    vocabulary.TryId($"<0x{value:X2}>", out int id)
                        ? id
                        : throw field.Refuse($"the vocabulary has no token <0x{value:X2}>.")
                ),
        ];

    // Without SentencePiece's own table of characters, which older versions applied as well.
    static JsonField Albert(JsonField json, TokenizerConfig config)
    {
        const string decompose = """{"type": "NFKD"}, {"type": "StripAccents"}""";
        const string lower = """{"type": "Lowercase"}""";
        const string spaces =
            """{"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}""";
        string[] parts =
        [
            """{"type": "Replace", "pattern": {"String": "``"}, "content": "\""}""",
            """{"type": "Replace", "pattern": {"String": "''"}, "content": "\""}""",
            decompose,
            lower,
            spaces,
            .. config.KeepsAccents ? [] : (string[])[decompose],
            .. config.Lowercase ?? true ? (string[])[lower] : [],
            spaces,
        ];
        return json.Derived(
            $$"""{"type": "Sequence", "normalizers": [{{string.Join(", ", parts)}}]}"""
        );
    }

    static JsonField? CharacterMap(JsonField? normalizer)
    {
        IEnumerable<JsonField> parts =
            normalizer is not { } given ? []
            : given["type"].Text() == "Sequence" ? given["normalizers"].Items()
            : [given];
        foreach (JsonField part in parts)
        {
            if (part["type"].Text() == "Precompiled")
            {
                return part;
            }
        }

        return null;
    }

    static JsonField Metaspace(JsonField json, bool prefix) =>
        json.Derived(
            $$"""{"type": "Metaspace", "replacement": "{{Mark}}", "prepend_scheme": "{{(prefix ? "always" : "never")}}", "split": true}"""
        );

    /// <summary>Words as a pre_tokenizer cuts them; the text as a whole where there is none.</summary>
    public static WordSplitter Splitter(JsonField? field)
    {
        if (field is not { } given)
        {
            return new WordSplitter();
        }

        JsonField type = given["type"];
        switch (type.Text())
        {
            case "WhitespaceSplit":
                given.AllowOnly("type");
                return new WordSplitter { AtWhiteSpace = true };
            case "Metaspace":
                return Metaspace(given);
            case "Sequence":
                given.AllowOnly("type", "pretokenizers");
                JsonField[] parts = [.. given["pretokenizers"].Items()];
                return parts.Length switch
                {
                    1 => Splitter(parts[0]),
                    2 when parts[0]["type"].Text() == "WhitespaceSplit" => Metaspace(parts[1]) with
                    {
                        AtWhiteSpace = true,
                    },
                    _ => throw given.Refuse(
                        "Espalier knows the sequence WhitespaceSplit, Metaspace only."
                    ),
                };
            default:
                throw type.Refuse(
                    $"Espalier knows WhitespaceSplit and Metaspace here, not '{type.Text()}'."
                );
        }
    }

    /// <summary>How words are spelt with SentencePiece's mark.</summary>
    public static WordSplitter Metaspace(JsonField field)
    {
        JsonField type = field["type"];
        if (type.Text() != "Metaspace")
        {
            throw type.Refuse($"Espalier knows Metaspace here, not '{type.Text()}'.");
        }

        field.AllowOnly(
            "type",
            "replacement",
            "prepend_scheme",
            "split",
            "add_prefix_space",
            "str_rep"
        );
        JsonField mark = field["replacement"];
        JsonField? scheme = field.Optional("prepend_scheme");
        WordSplitter result = new()
        {
            Mark =
                mark.Text() is [char unit] && unit != ' '
                    ? unit
                    : throw mark.Refuse("one character that is no space is expected."),
            Marked = scheme?.Text() switch
            {
                "always" or null => WordSplitter.Prefix.Always,
                "first" => WordSplitter.Prefix.First,
                "never" => WordSplitter.Prefix.Never,
                { } other => throw scheme!.Value.Refuse(
                    $"always, first or never is expected, not '{other}'."
                ),
            },
            AtMark = field.Optional("split")?.Flag() ?? true,
        };
        return
            field.Optional("add_prefix_space") is { } old
            && !old.Flag()
            && result.Marked != WordSplitter.Prefix.Never
            ? throw old.Refuse("false does not go with the prepend_scheme, which must be never.")
            : result;
    }
}
