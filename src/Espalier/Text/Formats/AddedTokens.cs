namespace Espalier.Text.Formats;

/// <summary>
/// All tokens that any file of a folder adds or names: each is found as a whole. Its id is the
/// vocabulary's; what the vocabulary lacks gets the next ids, in the order of transformers.
/// </summary>
sealed class AddedTokens
{
    readonly Vocabulary _vocabulary;
    readonly TokenizerConfig _config;
    readonly Dictionary<string, AddedToken> _tokens = new(StringComparer.Ordinal);
    readonly HashSet<string> _listed = new(StringComparer.Ordinal);
    int _next;

    AddedTokens(Vocabulary vocabulary, TokenizerConfig config)
    {
        (_vocabulary, _config) = (vocabulary, config);
        _next = vocabulary.Count;
    }

    /// <param name="listed">added_tokens of tokenizer.json.</param>
    /// <param name="family">Whose tokens play the parts that no file names, by the tokens that are there.</param>
    /// <param name="byClass">Whether those are added tokens, too.</param>
    public static List<AddedToken> Of(
        Vocabulary vocabulary,
        JsonField? listed,
        TokenizerConfig config,
        Func<Func<string, bool>, TokenizerFamily> family,
        bool byClass,
        out SpecialTokens roles
    )
    {
        AddedTokens added = new(vocabulary, config);
        added.Listed(listed);
        TokenizerFamily conventions = family(added.Has);
        roles = config.Specials.WithDefaults(conventions, added.Has);
        added.Roles(conventions, byClass);
        foreach (JsonField extra in config.Extras)
        {
            added.Name(extra);
        }

        return [.. added._tokens.Values.OrderBy(t => t.Id)];
    }

    bool Has(string token) => _tokens.ContainsKey(token) || _vocabulary.TryId(token, out _);

    // Flags of added_tokens_decoder go before those of tokenizer.json, and these before added_tokens.json.
    void Listed(JsonField? listed)
    {
        List<(int Id, string Content, JsonField Place, Func<int, AddedToken> Read)> all = [];
        foreach ((string name, JsonField field) in _config.Described.SelectMany(d => d.Members()))
        {
            bool special = AddedTokenReader.IsSpecial(field);
            all.Add(
                (
                    int.TryParse(
                        name,
                        System.Globalization.NumberStyles.None,
                        System.Globalization.CultureInfo.InvariantCulture,
                        out int id
                    )
                        ? id
                        : throw field.Refuse("the name must be the id of the token."),
                    AddedTokenReader.Text(field["content"]),
                    field,
                    i => AddedTokenReader.Read(field, i, normalized: !special)
                )
            );
        }

        HashSet<string> twice = new(StringComparer.Ordinal);
        foreach (JsonField item in listed?.Items() ?? [])
        {
            string content = AddedTokenReader.Text(item["content"]);
            if (!twice.Add(content))
            {
                throw item.Refuse($"the token '{content}' is added twice.");
            }

            all.Add((Id(item["id"]), content, item["id"], i => AddedTokenReader.Read(item, i)));
        }

        HashSet<string> named =
        [
            .. _config
                .Roles.Values.Concat(_config.Extras)
                .Select(f => AddedTokenReader.Content(f).Text()),
        ];
        foreach ((string content, JsonField id) in _config.Numbered.SelectMany(n => n.Members()))
        {
            bool special = named.Contains(content);
            all.Add(
                (
                    Id(id),
                    content.Length > 0
                        ? content
                        : throw id.Refuse("a token must have a character."),
                    id,
                    i => new AddedToken(i, content) { Special = special, Normalized = !special }
                )
            );
        }

        foreach (var (id, content, place, read) in all.OrderBy(t => t.Id)) // a stable order
        {
            if (_tokens.TryGetValue(content, out AddedToken? known))
            {
                if (known.Id != id)
                {
                    throw place.Refuse(
                        $"'{content}' has the id {known.Id} in another place, not {id}."
                    );
                }

                continue;
            }

            _tokens[content] = read(Placed(content, id, place));
            _listed.Add(content);
        }
    }

    int Id(JsonField field) =>
        field.Number(VocabularyReader.IdLimit(_vocabulary.Count + (1 << 20)));

    int Placed(string content, int id, JsonField place)
    {
        if (_vocabulary.TryId(content, out int known))
        {
            return known == id
                ? id
                : throw place.Refuse($"the vocabulary gives '{content}' the id {known}, not {id}.");
        }

        string? holder = _vocabulary[id] ?? _tokens.Values.FirstOrDefault(t => t.Id == id)?.Content;
        if (holder is not null)
        {
            throw place.Refuse($"id {id} already belongs to the token '{holder}'.");
        }

        if (id != _next)
        {
            throw place.Refuse(
                $"the vocabulary has no token '{content}', and the next free id is {_next}, not {id}."
            );
        }

        return _next++;
    }

    void Roles(TokenizerFamily family, bool byClass)
    {
        IReadOnlyDictionary<string, string> defaults = SpecialTokens.Of(family);
        HashSet<string> reserved = [];
        foreach (string role in SpecialTokens.Roles)
        {
            if (_config.Roles.TryGetValue(role, out JsonField field))
            {
                string content = Name(field);
                _tokens[content] = _tokens[content] with { Special = true };
            }
            else if (byClass && defaults.GetValueOrDefault(role) is { } usual)
            {
                Default(usual, reserved);
            }
        }
    }

    // A token of the class that the vocabulary lacks takes an id in transformers, and here none: it
    // has no trained row, and no file asks for it. The ids of those that follow are the same.
    void Default(string token, HashSet<string> reserved)
    {
        if (_tokens.TryGetValue(token, out AddedToken? known))
        {
            _tokens[token] = known with { Special = true };
        }
        else if (_vocabulary.TryId(token, out int id))
        {
            _tokens[token] = new AddedToken(id, token) { Special = true };
        }
        else if (reserved.Add(token))
        {
            _next = Next() + 1;
        }
    }

    int Next() => _tokens.Values.Select(t => t.Id + 1).Append(_next).Max();

    string Name(JsonField field)
    {
        string token = AddedTokenReader.Text(AddedTokenReader.Content(field));
        if (_tokens.TryGetValue(token, out AddedToken? known))
        {
            // A description counts more than the bare name in another place, but not more than a list.
            if (field.IsObject && !_listed.Contains(token))
            {
                _tokens[token] = AddedTokenReader.Named(field, known.Id);
            }

            return token;
        }

        if (!_vocabulary.TryId(token, out int id))
        {
            id = Next();
            _next = id + 1;
            if (_vocabulary[id] is { } holder)
            {
                throw field.Refuse(
                    $"the vocabulary has no token '{token}', and its next id, {id}, belongs to '{holder}'."
                );
            }
        }

        _tokens[token] = AddedTokenReader.Named(field, id);
        return token;
    }
}
