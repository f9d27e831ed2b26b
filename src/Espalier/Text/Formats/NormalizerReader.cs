using System.Text.RegularExpressions;
using Espalier.Text.Pieces;

namespace Espalier.Text.Formats;

/// <summary>Normalizers: that of WordPiece as its class has it, or as tokenizer.json does; others as they stand there.</summary>
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
            JsonField[] parts = [.. given["normalizers"].Items()];
            return parts.Length <= 1
                ? Read(parts.Length == 0 ? null : parts[0])
                : throw given.Refuse(
                    "Espalier knows a sequence of one normalizer here, not of more."
                );
        }

        return type.Text() == "BertNormalizer"
            ? (BertNormalizer)Steps(given)
            : throw type.Refuse($"Espalier knows BertNormalizer here, not '{type.Text()}'.");
    }

    /// <summary>Whatever normalizers tokenizer.json lists; null where it has none.</summary>
    public static Normalizer? Steps(JsonField? field) => field is { } given ? Steps(given) : null;

    static Normalizer Steps(JsonField field)
    {
        JsonField type = field["type"];
        string name = type.Text();
        field.AllowOnly([
            "type",
            .. name switch
            {
                "Sequence" => (string[])["normalizers"],
                "Replace" => ["pattern", "content"],
                "Strip" => ["strip_left", "strip_right"],
                "Prepend" => ["prepend"],
                "Precompiled" => ["precompiled_charsmap"],
                "BertNormalizer" =>
                [
                    "clean_text",
                    "handle_chinese_chars",
                    "strip_accents",
                    "lowercase",
                ],
                _ => [],
            },
        ]);
        return name switch
        {
            "Sequence" => new NormalizerSequence([.. field["normalizers"].Items().Select(Steps)]),
            "Replace" => Replace(field),
            "Strip" => new Stripping(field["strip_left"].Flag(), field["strip_right"].Flag()),
            "Prepend" => new Prepending(field["prepend"].Text()),
            "Precompiled" => Map(field["precompiled_charsmap"]),
            "BertNormalizer" => Bert(field),
            "NFC" => new UnicodeForm(Compatible: false, Composes: true),
            "NFD" => new UnicodeForm(Compatible: false, Composes: false),
            "NFKC" => new UnicodeForm(Compatible: true, Composes: true),
            "NFKD" => new UnicodeForm(Compatible: true, Composes: false),
            "Lowercase" => new Lowercasing(),
            "StripAccents" => new Dropping(CodePoint.Combining),
            "Nmt" => new TranslationCleaning(),
            _ => throw type.Refuse($"the normalizer '{name}' is not known to Espalier."),
        };
    }

    static BertNormalizer Bert(JsonField field)
    {
        bool lowercase = field["lowercase"].Flag();
        return new BertNormalizer(
            field["clean_text"].Flag(),
            field["handle_chinese_chars"].Flag(),
            field.Optional("strip_accents")?.Flag() ?? lowercase,
            lowercase
        );
    }

    static Replacing Replace(JsonField field)
    {
        JsonField pattern = field["pattern"],
            content = field["content"];
        pattern.AllowOnly("String", "Regex");
        if (pattern.Optional("String") is { } plain)
        {
            return plain.Text().Length > 0
                ? new Replacing(new Regex(Regex.Escape(plain.Text())), content.Text())
                : throw plain.Refuse("there is nothing to look for.");
        }

        JsonField regex = pattern["Regex"];
        return !SameEverywhere.IsMatch(regex.Text())
                ? throw regex.Refuse(
                    "Espalier knows characters, sets of them, \\s, \\n, \\r, \\t, repetitions and | here."
                )
            : content.Text().Contains('$') ? throw content.Refuse("a $ is not known here.")
            : new Replacing(new Regex(regex.Text(), RegexOptions.CultureInvariant), content.Text());
    }

    // What means the same to .NET and to the reference's library, and never matches nothing.
    static readonly Regex SameEverywhere = new(
        @"^((\\[snrt]|[^\\^$.|?*+()\[\]{}\p{Cs}]|\[(\\[snrt]|[^\\^\[\]&\-\p{Cs}])+\])(\+|\{[1-9]\d?,(\d\d?)?\})?\|?)+(?<!\|)$"
    );

    static CharacterMap Map(JsonField field)
    {
        try
        {
            return new CharacterMap(Convert.FromBase64String(field.Text()));
        }
        catch (FormatException e)
        {
            throw field.Refuse($"it cannot be read: {e.Message}");
        }
    }
}
