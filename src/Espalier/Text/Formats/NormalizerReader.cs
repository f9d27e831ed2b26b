using Espalier.Text.Pieces;

namespace Espalier.Text.Formats;

/// <summary>Reads the normalizer of a WordPiece tokenizer.json.</summary>
static class NormalizerReader
{
    /// <summary>As in transformers, tokenizer_config.json has the last word where it speaks.</summary>
    public static BertNormalizer Read(JsonField? field, TokenizerConfig config)
    {
        BertNormalizer normalizer = Read(field);
        bool lowercase = config.Lowercase ?? normalizer.Lowercase;
        bool accents =
            config.Lowercase is null ? normalizer.StripAccents
            : config.Lowercase == normalizer.Lowercase ? normalizer.StripAccents
            : lowercase;
        return normalizer with
        {
            SpaceChinese = config.SpaceChinese ?? normalizer.SpaceChinese,
            Lowercase = lowercase,
            StripAccents = config.StripAccents ?? accents,
        };
    }

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
