using System.Globalization;

namespace Espalier.Text.Formats;

/// <summary>What tokenizer_config.json and special_tokens_map.json say, where they are there.</summary>
sealed class TokenizerConfig
{
    readonly Dictionary<string, string> _roles = [];
    readonly Dictionary<string, JsonField> _roleFields = [];
    readonly List<JsonField> _added = [];

    public string? ClassName { get; private set; }
    public long? ModelMaxLength { get; private set; }
    public bool? Lowercase { get; private set; }
    public bool? StripAccents { get; private set; }
    public bool? SpaceChinese { get; private set; }
    public bool? AddsPrefixSpace { get; private set; }

    public SpecialTokens Specials => new(_roles);

    public static TokenizerConfig Read(TokenizerFolder folder)
    {
        TokenizerConfig config = new();
        if (folder.TryJson("tokenizer_config.json") is { } fields)
        {
            config.ReadSettings(fields);
            config.ReadRoles(fields);
        }

        if (folder.TryJson("special_tokens_map.json") is { } map)
        {
            config.ReadRoles(map);
        }

        return config;
    }

    /// <summary>The added tokens of a folder without tokenizer.json.</summary>
    public List<AddedToken> Added(
        Vocabulary vocabulary,
        SpecialTokens specials,
        TokenizerFamily family
    )
    {
        Dictionary<string, AddedToken> added = new(StringComparer.Ordinal);
        foreach ((string id, JsonField field) in _added.SelectMany(a => a.Members()))
        {
            if (!int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            {
                throw field.Refuse("the name must be the id of the token.");
            }

            string content = field["content"].Text();
            if (!vocabulary.TryId(content, out int known) || known != number)
            {
                throw field.Refuse(
                    $"the vocabulary has no token '{content}' with this id; save the tokenizer "
                        + "with a current version of transformers, so that tokenizer.json is there."
                );
            }

            added[content] = AddedTokenReader.Read(field, number);
        }

        foreach (string role in SpecialTokens.Roles)
        {
            if (specials[role] is { } token && !added.ContainsKey(token))
            {
                added[token] = Special(vocabulary, role, token, family);
            }
        }

        return [.. added.Values.OrderBy(a => a.Id)];
    }

    AddedToken Special(Vocabulary vocabulary, string role, string token, TokenizerFamily family)
    {
        JsonField? field = _roleFields.TryGetValue(role, out JsonField found) ? found : null;
        if (!vocabulary.TryId(token, out int id))
        {
            throw field?.Refuse($"the vocabulary has no token '{token}'.")
                ?? new InvalidDataException($"The vocabulary has no token '{token}' for {role}.");
        }

        return field is { IsObject: true } described
            ? AddedTokenReader.Read(described, id) with
            {
                Special = true,
            }
            : new AddedToken(id, token)
            {
                Special = true,
                StripsLeft = family == TokenizerFamily.Roberta && role == "mask_token",
            };
    }

    void ReadSettings(JsonField fields)
    {
        ClassName = fields.Optional("tokenizer_class")?.Text();
        // Hugging Face writes 1e30 for "no limit".
        ModelMaxLength = fields.Optional("model_max_length")?.Long();
        Lowercase = fields.Optional("do_lower_case")?.Flag();
        StripAccents = fields.Optional("strip_accents")?.Flag();
        SpaceChinese = fields.Optional("tokenize_chinese_chars")?.Flag();
        AddsPrefixSpace = fields.Optional("add_prefix_space")?.Flag();
        if (fields.Optional("truncation_side") is { } side && side.Text() != "right")
        {
            throw side.Refuse($"Espalier cuts texts at their end, 'right', not '{side.Text()}'.");
        }

        if (fields.Optional("added_tokens_decoder") is { } added)
        {
            _added.Add(added);
        }
    }

    void ReadRoles(JsonField fields)
    {
        foreach (string role in SpecialTokens.Roles)
        {
            if (fields.Optional(role) is { } field)
            {
                _roles[role] = (field.IsObject ? field["content"] : field).Text();
                _roleFields[role] = field;
            }
        }
    }
}

/// <summary>Reads the flags of an added token.</summary>
static class AddedTokenReader
{
    const int LongestContent = 1000;

    public static AddedToken Read(JsonField field, int id)
    {
        field.AllowOnly(
            "id",
            "content",
            "single_word",
            "lstrip",
            "rstrip",
            "normalized",
            "special",
            "__type"
        );
        JsonField content = field["content"];
        string text = content.Text();
        if (text.Length is 0 or > LongestContent)
        {
            throw content.Refuse(
                $"an added token must have 1 to {LongestContent} characters, not {text.Length}."
            );
        }

        bool Flag(string name) => field.Optional(name)?.Flag() ?? false;
        return new AddedToken(id, text)
        {
            SingleWord = Flag("single_word"),
            StripsLeft = Flag("lstrip"),
            StripsRight = Flag("rstrip"),
            Normalized = Flag("normalized"),
            Special = Flag("special"),
        };
    }
}
