namespace Espalier.Text.Formats;

/// <summary>What tokenizer_config.json, special_tokens_map.json and added_tokens.json say, where they are there.</summary>
sealed class TokenizerConfig
{
    readonly Dictionary<string, JsonField> _roles = [];
    readonly List<JsonField> _described = [];
    readonly List<JsonField> _numbered = [];
    readonly List<JsonField> _own = []; // roles that one model alone has, such as image_token
    readonly List<JsonField> _parts = []; // the same, under extra_special_tokens
    readonly List<JsonField> _extras = [];

    public TokenizerClass Class { get; private set; } = TokenizerClass.Unnamed;
    public long? ModelMaxLength { get; private set; }
    public bool? Lowercase { get; private set; }
    public bool? StripAccents { get; private set; }
    public bool? SpaceChinese { get; private set; }
    public bool KeepsAccents { get; private set; }
    public bool? AddsPrefixSpace { get; private set; }
    public bool? TrimsOffsets { get; private set; }
    public bool SplitsSpecial { get; private set; }

    /// <summary>Whether model_input_names, where it is written, has token types.</summary>
    public bool? GivesTypes { get; private set; }

    /// <summary>Where a vocabulary and merges stand alone: bos_token is put before each text.</summary>
    public bool Begins { get; private set; }

    /// <summary>The same with eos_token behind it.</summary>
    public bool Ends { get; private set; }

    /// <summary>The template of conversations that is used where none is named.</summary>
    public string? ChatTemplate { get; private set; }

    /// <summary>Collects what the user should know.</summary>
    public List<string> Notes { get; } = [];

    /// <summary>Tokens under the ids that files give them, in objects keyed by id.</summary>
    public IReadOnlyList<JsonField> Described => _described;

    /// <summary>Ids by token, as old versions wrote them.</summary>
    public IReadOnlyList<JsonField> Numbered => _numbered;

    /// <summary>Tokens with a part to play, strings or objects, by role.</summary>
    public IReadOnlyDictionary<string, JsonField> Roles => _roles;

    /// <summary>Further tokens that are named, strings or objects.</summary>
    public IReadOnlyList<JsonField> Extras => [.. _own, .. _parts, .. _extras];

    public SpecialTokens Specials =>
        new(_roles.ToDictionary(r => r.Key, r => AddedTokenReader.Content(r.Value).Text()));

    public static TokenizerConfig Read(TokenizerFolder folder)
    {
        TokenizerConfig config = new();
        JsonField? settings = folder.TryJson("tokenizer_config.json");
        JsonField? map = folder.TryJson("special_tokens_map.json");
        if (settings is { } fields)
        {
            config.ReadSettings(fields);
        }

        config.ChatTemplate = folder.TryText("chat_template.jinja") ?? config.ChatTemplate;
        config.Class = folder.Class(settings);
        // As in transformers: where added_tokens_decoder is there, the map is older and only fills.
        bool newer = config._described.Count > 0;
        foreach (JsonField? names in newer ? (JsonField?[])[map, settings] : [settings, map])
        {
            if (names is { } given)
            {
                config.ReadNames(given);
            }
        }

        if (folder.TryJson("added_tokens.json") is { } added)
        {
            config._numbered.Add(added);
        }

        return config;
    }

    /// <summary>Takes a class that is made for other kinds of files for none.</summary>
    public void CheckClass(TokenizerModel model)
    {
        if (!Class.Fits(model))
        {
            Notes.Add(
                $"{Class.Name} is the tokenizer's class, and tokenizer.json holds {Tokenizer.NameOf(model)}, "
                    + "which that class does not read: tokenizer.json alone is obeyed."
            );
            Class = TokenizerClass.Named(TokenizerClass.Generic);
        }
        else if (Class.IsStranger)
        {
            Notes.Add(
                $"The tokenizer's class, {Class.Name}, is not known to Espalier: tokenizer.json alone is obeyed."
            );
        }
    }

    /// <summary>The generic class obeys tokenizer.json alone.</summary>
    public void NoteUnheard(string? setting)
    {
        if (setting is not null && Class.Form == TokenizerClass.Kind.Generic)
        {
            Notes.Add(
                $"tokenizer_config.json says {setting} otherwise than tokenizer.json, and {Class.Name} obeys tokenizer.json alone, "
                    + "as transformers does."
            );
        }
    }

    void ReadSettings(JsonField fields)
    {
        // Hugging Face writes 1e30 for "no limit".
        ModelMaxLength = fields.Optional("model_max_length")?.Long();
        Lowercase = fields.Optional("do_lower_case")?.Flag();
        StripAccents = fields.Optional("strip_accents")?.Flag();
        SpaceChinese = fields.Optional("tokenize_chinese_chars")?.Flag();
        KeepsAccents = fields.Optional("keep_accents")?.Flag() ?? false;
        AddsPrefixSpace = fields.Optional("add_prefix_space")?.Flag();
        TrimsOffsets = fields.Optional("trim_offsets")?.Flag();
        SplitsSpecial = fields.Optional("split_special_tokens")?.Flag() ?? false;
        GivesTypes = fields
            .Optional("model_input_names")
            ?.Items()
            .Any(name => name.Text() == "token_type_ids");
        if (fields.Optional("truncation_side") is { } side && side.Text() != "right")
        {
            throw side.Refuse($"Espalier cuts texts at their end, 'right', not '{side.Text()}'.");
        }

        if (
            fields.Optional("fast_tokenizer_files") is { } versions
            && versions.Items().Any(v => v.Text() != "tokenizer.json")
        )
        {
            throw versions.Refuse(
                "a tokenizer.json for each version of transformers is not known; keep one."
            );
        }

        if (fields.Optional("chat_template") is { } template)
        {
            ChatTemplate = template.IsArray
                ? template
                    .Items()
                    .Where(t => t["name"].Text() == "default")
                    .Select(t => t["template"].Text())
                    .FirstOrDefault()
                : template.Text();
        }

        Begins = fields.Optional("add_bos_token")?.Flag() ?? false;
        Ends = fields.Optional("add_eos_token")?.Flag() ?? false;
        if (fields.Optional("added_tokens_decoder") is { } added)
        {
            _described.Add(added);
        }

        const string slow = "transformers' fast tokenizers pass it over as well";
        Pass(fields, "do_basic_tokenize", f => f.Flag(), slow);
        Pass(fields, "clean_text", f => f.Flag(), slow);
        Pass(fields, "never_split", f => f.IsArray && !f.Items().Any(), slow);
        Pass(fields, "wordpieces_prefix", f => f.Text() == "##", slow);
        Pass(
            fields,
            "padding_side",
            f => f.Text() == "right",
            "Espalier pads no text, so each is answered as it would be alone"
        );
    }

    void Pass(JsonField fields, string name, Func<JsonField, bool> harmless, string why)
    {
        if (fields.Optional(name) is { } unheeded && !harmless(unheeded))
        {
            Notes.Add(unheeded.Remark($"this setting is not obeyed: {why}."));
        }
    }

    void ReadNames(JsonField fields)
    {
        foreach ((string name, JsonField field) in fields.Members())
        {
            if (field.IsNull)
            {
                continue;
            }

            if (SpecialTokens.Roles.Contains(name))
            {
                AddedTokenReader.Content(field);
                _roles[name] = field;
            }
            else if (name is "additional_special_tokens" or "extra_special_tokens")
            {
                if (field.IsObject)
                {
                    _parts.AddRange(field.Members().Select(m => m.Value));
                }
                else
                {
                    _extras.AddRange(field.Items());
                }
            }
            else if (
                name.EndsWith("_token", StringComparison.Ordinal)
                && (field.IsText || field.IsObject)
            )
            {
                _own.Add(field);
            }
        }
    }
}
