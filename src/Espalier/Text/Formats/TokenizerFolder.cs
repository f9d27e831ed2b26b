using Espalier.Checkpoints;
using Espalier.Text.Pieces;

namespace Espalier.Text.Formats;

/// <summary>A Hugging Face folder being read as a tokenizer; keeps every file it reads.</summary>
sealed class TokenizerFolder
{
    static readonly string[] Companions =
    [
        "vocab.txt",
        "vocab.json",
        "merges.txt",
        "tokenizer_config.json",
        "special_tokens_map.json",
    ];
    readonly string _folder;
    readonly SortedDictionary<string, byte[]> _files = new(StringComparer.Ordinal);

    TokenizerFolder(string folder) => _folder = folder;

    public static Tokenizer Load(string path)
    {
        TokenizerFolder folder = new(path);
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

        JsonField field = JsonField.Open(Path.Combine(_folder, name), out byte[] bytes);
        _files[name] = bytes;
        return field;
    }

    bool Has(string name) => RegularFile.IsThere(Path.Combine(_folder, name));

    byte[] Bytes(string name)
    {
        if (!_files.TryGetValue(name, out byte[]? bytes))
        {
            _files[name] = bytes = JsonField.ReadBytes(Path.Combine(_folder, name));
        }

        return bytes;
    }

    WordPieceTokenizer WordPiece(TokenizerConfig config)
    {
        string file = Path.Combine(_folder, "vocab.txt");
        CheckClass(
            config,
            "Bert",
            "DistilBert",
            "Electra",
            "MobileBert",
            "ConvBert",
            "SqueezeBert"
        );
        Vocabulary vocabulary = VocabularyReader.FromLines(file, Bytes("vocab.txt"));
        TokenizerParts parts = Parts(vocabulary, config, TokenizerFamily.Bert);
        int Id(string role) => Required(file, parts, role);
        bool lowercase = config.Lowercase ?? true;
        int cls = Id("cls_token");
        int sep = Id("sep_token");
        return new WordPieceTokenizer(
            parts with
            {
                Post = TokenizerJson.Around(Postprocessing.Kind.Template, cls, sep),
            },
            new WordPieceModel(
                new BertNormalizer(
                    Clean: true,
                    config.SpaceChinese ?? true,
                    config.StripAccents ?? lowercase,
                    lowercase
                ),
                Id("unk_token")
            )
        );
    }

    BytePairTokenizer BytePair(TokenizerConfig config)
    {
        string file = Path.Combine(_folder, "vocab.json");
        Vocabulary vocabulary = VocabularyReader.FromJson(JsonField.Open(file, out byte[] bytes));
        _files["vocab.json"] = bytes;
        CheckClass(config, "GPT2", "Roberta");
        TokenizerFamily family = Family(config, vocabulary);
        TokenizerParts parts = Parts(vocabulary, config, family);
        bool prefix = config.AddsPrefixSpace ?? false;
        Postprocessing post =
            family == TokenizerFamily.Roberta
                ? TokenizerJson.Around(
                    Postprocessing.Kind.Roberta,
                    Required(file, parts, "cls_token"),
                    Required(file, parts, "sep_token")
                )
                : new Postprocessing(
                    Postprocessing.Kind.ByteLevel,
                    Template.BareSingle,
                    Template.BarePair
                );
        string merges = Path.Combine(_folder, "merges.txt");
        return new BytePairTokenizer(
            parts with
            {
                Post = post with
                {
                    TrimsOffsets = family == TokenizerFamily.Roberta,
                    PrefixSpace = prefix,
                },
            },
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
        if (Has("added_tokens.json"))
        {
            throw new InvalidDataException(
                $"{Path.Combine(_folder, "added_tokens.json")}: tokens added this way need "
                    + "tokenizer.json beside them; save the tokenizer with a current version of "
                    + "transformers."
            );
        }

        SpecialTokens specials = config.Specials.WithDefaults(
            family,
            token => vocabulary.TryId(token, out _)
        );
        return new TokenizerParts(
            vocabulary,
            config.Added(vocabulary, specials, family),
            new Postprocessing(Postprocessing.Kind.None, Template.BareSingle, Template.BarePair),
            specials,
            family
        )
        {
            ClassName = config.ClassName,
            ModelMaxLength = config.ModelMaxLength,
            Files = _files,
        };
    }

    TokenizerFamily Family(TokenizerConfig config, Vocabulary vocabulary)
    {
        string? name = config.ClassName;
        if (name is null && Has("config.json"))
        {
            string file = Path.Combine(_folder, "config.json");
            name = JsonField.Open(file, out _).Optional("model_type")?.Text();
        }

        bool roberta =
            name?.Contains("roberta", StringComparison.OrdinalIgnoreCase)
            ?? (vocabulary.TryId("<s>", out _) && vocabulary.TryId("</s>", out _));
        return roberta ? TokenizerFamily.Roberta : TokenizerFamily.Gpt2;
    }

    static int Required(string file, TokenizerParts parts, string role) =>
        parts.Specials[role] is { } token && parts.Vocabulary.TryId(token, out int id)
            ? id
            : throw new InvalidDataException(
                $"{file}: no token plays the part of {role}; name one in special_tokens_map.json."
            );

    void CheckClass(TokenizerConfig config, params ReadOnlySpan<string> known)
    {
        if (config.ClassName is not { } name)
        {
            return;
        }

        foreach (string family in known)
        {
            if (name == family + "Tokenizer" || name == family + "TokenizerFast")
            {
                return;
            }
        }

        throw new InvalidDataException(
            $"{Path.Combine(_folder, "tokenizer_config.json")}: tokenizer_class: without "
                + $"tokenizer.json Espalier knows {string.Join(", ", known.ToArray())}, not '{name}'."
        );
    }
}
