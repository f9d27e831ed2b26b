using Espalier.Text.Pieces;

namespace Espalier.Text.Formats;

/// <summary>The normalizer of a WordPiece tokenizer: as its class has it, or as tokenizer.json does.</summary>
static class NormalizerReader
{
    /// <summary>BERT's: lower case, accents stripped with it, Chinese characters apart, unless the settings say otherwise.</summary>
    public static BertNormalizer OfClass(TokenizerConfig config)
    {
        bool lowercase = config.Lowercase ?? true;
        return new BertNormalizer(
            Clean: true,
            config.SpaceChinese ?? true,
            config.StripAccents ?? lowercase,
            lowercase
        );
    }

    public static BertNormalizer Read(JsonField? field, TokenizerConfig config)
    {
        BertNormalizer file = Read(field);
        switch (config.Class.Form)
        {
            case TokenizerClass.Kind.Bert:
                BertNormalizer own = OfClass(config);
                if (own != file)
                {
                    config.Notes.Add(
                        $"tokenizer.json has {Words(file)}; {config.Class.Name} with tokenizer_config.json gives {Words(own)}, "
                            + "and so the texts are read, as transformers does. Let both files say what is meant."
                    );
                }

                return own;
            case TokenizerClass.Kind.None:
                // No class is known, but what tokenizer_config.json says is meant to count.
                bool lowercase = config.Lowercase ?? file.Lowercase;
                return file with
                {
                    SpaceChinese = config.SpaceChinese ?? file.SpaceChinese,
                    Lowercase = lowercase,
                    StripAccents =
                        config.StripAccents
                        ?? (lowercase == file.Lowercase ? file.StripAccents : lowercase),
                };
            default:
                config.NoteUnheard(
                    config.Lowercase is { } lower && lower != file.Lowercase ? "do_lower_case"
                    : config.StripAccents is { } strip && strip != file.StripAccents
                        ? "strip_accents"
                    : config.SpaceChinese is { } space && space != file.SpaceChinese
                        ? "tokenize_chinese_chars"
                    : null
                );
                return file;
        }
    }

    static string Words(BertNormalizer normalizer) =>
        $"lowercase {Word(normalizer.Lowercase)}, strip_accents {Word(normalizer.StripAccents)}, "
        + $"handle_chinese_chars {Word(normalizer.SpaceChinese)}, clean_text {Word(normalizer.Clean)}";

    static string Word(bool flag) => flag ? "true" : "false";

    static BertNormalizer Read(JsonField? field)
    {
        if (field is not { } given)
        {
            return new BertNormalizer(false, false, false, false);
        }

        JsonField type = given["type"];
        if (type.Text() == "Sequence")
        {
            given.AllowOnly("type", "normalizers");
            JsonField[] parts = [.. given["normalizers"].Items()];
            return parts.Length switch
            {
                0 => Read(null),
                1 => Read(parts[0]),
                _ => throw given.Refuse(
                    "Espalier knows a sequence of one normalizer, not of more."
                ),
            };
        }

        if (type.Text() != "BertNormalizer")
        {
            throw type.Refuse($"Espalier knows BertNormalizer, not '{type.Text()}'.");
        }

        given.AllowOnly("type", "clean_text", "handle_chinese_chars", "strip_accents", "lowercase");
        bool lowercase = given["lowercase"].Flag();
        return new BertNormalizer(
            given["clean_text"].Flag(),
            given["handle_chinese_chars"].Flag(),
            given.Optional("strip_accents")?.Flag() ?? lowercase,
            lowercase
        );
    }
}
