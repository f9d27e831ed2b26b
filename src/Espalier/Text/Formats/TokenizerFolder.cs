using System.Text.Json.Nodes;
using Espalier.Checkpoints;
using Espalier.Text.Pieces;

namespace Espalier.Text.Formats;

/// <summary>A Hugging Face folder being read as a tokenizer; keeps every file it reads.</summary>
sealed class TokenizerFolder
{
    const string ConfigName = "tokenizer_config.json";
    static readonly string[] Companions =
    [
        "vocab.txt",
        "vocab.json",
        "merges.txt",
        ConfigName,
        "special_tokens_map.json",
    ];
    readonly string _folder;
    readonly SortedDictionary<string, byte[]> _files = new(StringComparer.Ordinal);

    readonly IReadOnlyDictionary<string, byte[]>? _made;

    TokenizerFolder(string folder, IReadOnlyDictionary<string, byte[]>? made) =>
        (_folder, _made) = (folder, made);

    /// <param name="path">The folder, or what it is called in messages.</param>
    /// <param name="made">The files, where they are on no disk.</param>
    public static Tokenizer Load(string path, IReadOnlyDictionary<string, byte[]>? made = null)
    {
        TokenizerFolder folder = new(path, made);
        TokenizerConfig config = TokenizerConfig.Read(folder);
        if (folder.TryJson("tokenizer.json") is { } json)
        {
            foreach (string name in Companions.Where(folder.Has))
            {
                folder.Bytes(name);
            }

            return TokenizerJson.Read(json, config, folder._files);
        }

        if (folder.Has("vocab.txt"))
        {
            return folder.WordPiece(config);
        }

        if (folder.Has("vocab.json") && folder.Has("merges.txt"))
        {
            return folder.BytePair(config);
        }

        throw new InvalidDataException(
            $"{path}: a tokenizer is expected here: tokenizer.json, or vocab.txt, or vocab.json "
                + "with merges.txt; none of them is there."
        );
    }

    public JsonField? TryJson(string name)
    {
        if (!Has(name))
        {
            return null;
        }

        return JsonField.Of(Path.Combine(_folder, name), Bytes(name));
    }

    public string? TryText(string name) =>
        !Has(name) ? null
        : System.Text.Unicode.Utf8.IsValid(Bytes(name))
            ? System.Text.Encoding.UTF8.GetString(Bytes(name))
        : throw new InvalidDataException($"{Path.Combine(_folder, name)}: it is not valid UTF-8.");

    /// <summary>The tokenizer's class: as the settings name it, or config.json, or as its kind of model has it.</summary>
    public TokenizerClass Class(JsonField? settings)
    {
        JsonField? model = Has("config.json")
            ? JsonField.Of(Path.Combine(_folder, "config.json"), Read("config.json"))
            : null;
        TokenizerClass usual = TokenizerClass.OfModel(model?.Optional("model_type")?.Text());
        if (usual.Form == TokenizerClass.Kind.Generic)
        {
            return usual; // transformers 5 trusts tokenizer.json alone here, whatever class is named
        }

        if (settings?.Optional("tokenizer_class") is { } named)
        {
            return TokenizerClass.Named(named.Text());
        }

        if (model?.Optional("tokenizer_class") is not { } older)
        {
            return usual;
        }

        // What is made of this model has a config.json of its own, so the name must go with the tokenizer.
        JsonObject own = _files.TryGetValue(ConfigName, out byte[]? bytes)
            ? JsonNode
                .Parse(bytes.AsSpan(bytes.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0))!
                .AsObject()
            : [];
        own["tokenizer_class"] = older.Text();
        _files[ConfigName] = System.Text.Encoding.UTF8.GetBytes(own.ToJsonString());
        return TokenizerClass.Named(older.Text());
    }

    bool Has(string name) =>
        _made?.ContainsKey(name) ?? RegularFile.IsThere(Path.Combine(_folder, name));

    byte[] Read(string name) => _made?[name] ?? JsonField.ReadBytes(Path.Combine(_folder, name));

    byte[] Bytes(string name)
    {
        if (!_files.TryGetValue(name, out byte[]? bytes))
        {
            _files[name] = bytes = Read(name);
        }

        return bytes;
    }

    WordPieceTokenizer WordPiece(TokenizerConfig config)
    {
        string file = Path.Combine(_folder, "vocab.txt");
        CheckClass(config, TokenizerClass.Kind.Bert);
        Vocabulary vocabulary = VocabularyReader.FromLines(file, Bytes("vocab.txt"));
        TokenizerParts parts = Parts(vocabulary, config, TokenizerFamily.Bert);
        int Id(string role) => Required(file, parts, role);
        return new WordPieceTokenizer(
            parts.With(
                TokenizerJson.Around(Postprocessing.Kind.Template, Id("cls_token"), Id("sep_token"))
            ),
            new WordPieceModel(NormalizerReader.OfClass(config), Id("unk_token"))
        );
    }

    BytePairTokenizer BytePair(TokenizerConfig config)
    {
        string file = Path.Combine(_folder, "vocab.json");
        Vocabulary vocabulary = VocabularyReader.FromJson(JsonField.Of(file, Bytes("vocab.json")));
        CheckClass(config, TokenizerClass.Kind.Roberta, TokenizerClass.Kind.Gpt2);
        bool roberta = config.Class.Form switch
        {
            TokenizerClass.Kind.Roberta => true,
            TokenizerClass.Kind.Gpt2 => false,
            _ => vocabulary.TryId("<s>", out _) && vocabulary.TryId("</s>", out _),
        };
        TokenizerParts parts = Parts(
            vocabulary,
            config,
            roberta ? TokenizerFamily.Roberta : TokenizerFamily.Gpt2
        );
        bool prefix = config.AddsPrefixSpace ?? false;
        Postprocessing post = roberta
            ? TokenizerJson.Around(
                Postprocessing.Kind.Roberta,
                Required(file, parts, "cls_token"),
                Required(file, parts, "sep_token")
            )
            : TokenizerJson.Between(
                config.Begins ? parts.IdOf("bos_token") : null,
                config.Ends ? parts.IdOf("eos_token") : null
            );
        string merges = Path.Combine(_folder, "merges.txt");
        return new BytePairTokenizer(
            parts.With(
                post with
                {
                    TrimsOffsets = roberta && (config.TrimsOffsets ?? true),
                    PrefixSpace = prefix,
                }
            ),
            new BytePairModel(
                new MergeTable(
                    VocabularyReader.MergesFromLines(merges, Bytes("merges.txt"), vocabulary)
                )
            )
            {
                AddsPrefixSpace = prefix,
            }
        );
    }

    TokenizerParts Parts(Vocabulary vocabulary, TokenizerConfig config, TokenizerFamily family)
    {
        List<AddedToken> added = AddedTokens.Of(
            vocabulary,
            null,
            config,
            _ => family,
            byClass: true,
            out SpecialTokens specials
        );
        return TokenizerParts.Of(vocabulary, added, specials, family, config, _files);
    }

    static int Required(string file, TokenizerParts parts, string role) =>
        parts.IdOf(role)
        ?? throw new InvalidDataException(
            $"{file}: no token plays the part of {role}; name one in special_tokens_map.json."
        );

    void CheckClass(TokenizerConfig config, params ReadOnlySpan<TokenizerClass.Kind> known)
    {
        TokenizerClass.Kind form = config.Class.Form;
        if (form != TokenizerClass.Kind.None && !config.Class.IsGuess && !known.Contains(form))
        {
            throw new InvalidDataException(
                $"{Path.Combine(_folder, ConfigName)}: tokenizer_class: without tokenizer.json Espalier "
                    + "knows the tokenizers of BERT (vocab.txt), RoBERTa and GPT-2 (vocab.json and "
                    + $"merges.txt), not '{config.Class.Name}'."
            );
        }
    }
}
