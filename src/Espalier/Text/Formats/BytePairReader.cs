using Espalier.Text.Pieces;

namespace Espalier.Text.Formats;

/// <summary>A byte-level BPE tokenizer: as its class has it, or as tokenizer.json does.</summary>
static class BytePairReader
{
    static readonly string[] ByteLevelFields =
    [
        "type",
        "add_prefix_space",
        "trim_offsets",
        "use_regex",
    ];

    /// <summary>Patterns as files write them.</summary>
    public static IReadOnlyDictionary<PiecePattern, string> Regexes { get; } =
        new Dictionary<PiecePattern, string>
        {
            [PiecePattern.Llama3] =
                @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
            [PiecePattern.Qwen2] =
                @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        };

    /// <summary>Whether a BPE model is one of bytes, not of characters.</summary>
    public static bool IsByteLevel(JsonField json)
    {
        static bool Names(JsonField? field, string list) =>
            field is { } given
            && (
                given["type"].Text() == "ByteLevel"
                || given["type"].Text() == "Sequence"
                    && given[list].Items().Any(i => i["type"].Text() == "ByteLevel")
            );
        return Names(json.Optional("pre_tokenizer"), "pretokenizers")
            || Names(json.Optional("decoder"), "decoders");
    }

    public static BytePairTokenizer Read(
        JsonField json,
        TokenizerParts parts,
        TokenizerConfig config
    )
    {
        JsonField? normalizer = json.Optional("normalizer");
        if (json.Optional("decoder") is { } decoder)
        {
            TokenizerJson.Demand(decoder, "ByteLevel", ByteLevelFields);
        }

        BytePairModel file = PreTokenizer(
            json["pre_tokenizer"],
            BytePairModelReader.Read(json["model"], parts.Vocabulary) with
            {
                Normalizer = NormalizerReader.Steps(normalizer),
                WrittenNormalizer = normalizer?.Raw,
            }
        );
        file = file.UnknownId is null ? file with { FusesUnknown = false } : file;
        if (file.FallsBack || file.FusesUnknown)
        {
            throw json["model"]
                [file.FallsBack ? "byte_fallback" : "fuse_unk"]
                .Refuse("only false is known where BPE is one of bytes.");
        }

        BytePairModel own = config.Class.Form switch
        {
            TokenizerClass.Kind.Generic => file,
            TokenizerClass.Kind.None => file with
            {
                AddsPrefixSpace = config.AddsPrefixSpace ?? file.AddsPrefixSpace,
            },
            _ => new BytePairModel(file.Merges)
            {
                AddsPrefixSpace = config.AddsPrefixSpace ?? false,
            },
        };
        config.NoteUnheard(
            config.AddsPrefixSpace is { } said && said != file.AddsPrefixSpace
                ? "add_prefix_space"
                : null
        );
        if (own != file && config.Class.Form != TokenizerClass.Kind.None)
        {
            config.Notes.Add(
                $"tokenizer.json has {Words(file)}; {config.Class.Name} with tokenizer_config.json gives {Words(own)}, "
                    + "and so the texts are read, as transformers 5 does. Let both files say what is meant."
            );
        }

        if (config.Class.Form == TokenizerClass.Kind.None && config.AddsPrefixSpace is { } space)
        {
            parts =
                parts.Post.Form == Postprocessing.Kind.Roberta
                    ? parts with
                    {
                        Post = parts.Post with { PrefixSpace = space },
                    }
                    : parts;
        }

        return new BytePairTokenizer(parts, own);
    }

    static string Words(BytePairModel model) =>
        $"add_prefix_space {(model.AddsPrefixSpace ? "true" : "false")}, "
        + (model.Pattern == PiecePattern.Gpt2 ? "" : $"the pattern of {model.Pattern}, ")
        + (model.IgnoresMerges ? "ignore_merges, " : "")
        + $"{(model.SplitsDigits ? "digits cut off" : "no Digits")}, "
        + $"{(model.Normalizer is null ? "no" : "a")} normalizer, "
        + $"{(model.UnknownId is null ? "no unk_token" : "an unk_token")}";

    static BytePairModel PreTokenizer(JsonField field, BytePairModel model)
    {
        bool whole = true;
        if (field["type"].Text() == "Sequence")
        {
            field.AllowOnly("type", "pretokenizers");
            JsonField[] parts = [.. field["pretokenizers"].Items()];
            if (parts.Length is 0 or > 2)
            {
                throw field.Refuse(
                    "Espalier knows the sequences Digits, ByteLevel and Split, ByteLevel only."
                );
            }

            if (parts.Length == 2 && parts[0]["type"].Text() == "Split")
            {
                model = model with { Pattern = Pattern(parts[0]) };
                whole = false;
            }
            else if (parts.Length == 2)
            {
                TokenizerJson.Demand(parts[0], "Digits", "type", "individual_digits");
                JsonField single = parts[0]["individual_digits"];
                model = model with
                {
                    SplitsDigits = single.Flag()
                        ? true
                        : throw single.Refuse("only true is known."),
                };
            }

            field = parts[^1];
        }

        TokenizerJson.Demand(field, "ByteLevel", ByteLevelFields);
        JsonField space = field["add_prefix_space"];
        JsonField? regex = field.Optional("use_regex");
        return (regex?.Flag() ?? true) != whole
                ? throw (regex ?? field).Refuse(
                    whole
                        ? "only true, the GPT-2 pattern, is known."
                        : "only false is known behind a Split."
                )
            : !whole && space.Flag() ? throw space.Refuse("only false is known behind a Split.")
            : model with { AddsPrefixSpace = space.Flag() };
    }

    // What is left over by these patterns is nothing, so both ways of splitting are the same.
    static PiecePattern Pattern(JsonField split)
    {
        split.AllowOnly("type", "pattern", "behavior", "invert");
        JsonField behavior = split["behavior"];
        if (
            (behavior.Text(), split["invert"].Flag())
            is not (("Isolated", false) or ("Removed", true))
        )
        {
            throw behavior.Refuse(
                "Espalier knows Isolated, and Removed with invert, for a pattern that is to be kept."
            );
        }

        split["pattern"].AllowOnly("Regex");
        JsonField regex = split["pattern"]["Regex"];
        foreach ((PiecePattern pattern, string text) in Regexes)
        {
            if (text == regex.Text())
            {
                return pattern;
            }
        }

        throw regex.Refuse(
            $"Espalier knows the patterns of Llama 3 and Qwen 2 here, not '{regex.Text()}'."
        );
    }
}
