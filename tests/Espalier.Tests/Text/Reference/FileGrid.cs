using System.Text.Json.Nodes;

namespace Espalier.Tests.Text.Reference;

/// <summary>tokenizer.json files of every setting that Espalier obeys, drawn at dice.</summary>
/// <param name="normalizedTokens">Whether added tokens may be looked for in normalized text.</param>
sealed partial class FileGrid(Dice dice, bool normalizedTokens = true)
{
    /// <summary>Added tokens of every kind: words, signs, white space, other scripts.</summary>
    static readonly string[] Tokens =
    [
        "[MASK]",
        "<x>",
        "the",
        "Café",
        "\t",
        "日本",
        "a b",
        "😀",
        "İ",
        "##s",
        "new",
    ];

    static readonly string[] Words = ["The", "the", "cafe", "café", "##ss", "日本", "don", "lll"];

    /// <summary>What the last file's texts should hold.</summary>
    public IReadOnlyList<string> Added { get; private set; } = [];

    public JsonObject WordPiece()
    {
        Dictionary<string, int> vocabulary = Vocabulary("[PAD]", "[UNK]", "[CLS]", "[SEP]");
        foreach (string character in Script.Characters)
        {
            // Some characters are missing, some only begin a word, so that unknown words are met.
            Add(vocabulary, character, 0.9);
            Add(vocabulary, "##" + character, 0.9);
        }

        foreach (string word in Words)
        {
            Add(vocabulary, word, 0.7);
        }

        return new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = AddedTokens(vocabulary, "[PAD]", "[CLS]", "[SEP]"),
            ["normalizer"] = dice.Chance(0.1)
                ? null
                : new JsonObject
                {
                    ["type"] = "BertNormalizer",
                    ["clean_text"] = dice.Chance(0.7),
                    ["handle_chinese_chars"] = dice.Chance(0.5),
                    ["strip_accents"] = dice.Chance(0.4) ? null : dice.Chance(0.5),
                    ["lowercase"] = dice.Chance(0.5),
                },
            ["pre_tokenizer"] = new JsonObject { ["type"] = "BertPreTokenizer" },
            ["post_processor"] = Around("[CLS]", 2, "[SEP]", 3),
            ["decoder"] = null,
            ["model"] = new JsonObject
            {
                ["type"] = "WordPiece",
                ["unk_token"] = "[UNK]",
                ["continuing_subword_prefix"] = "##",
                ["max_input_chars_per_word"] = dice.Chance(0.3) ? 3 : 100,
                ["vocab"] = Json(vocabulary),
            },
        };
    }

    public JsonObject Unigram()
    {
        Dictionary<string, int> vocabulary = Vocabulary("<pad>", "<unk>", "[CLS]", "[SEP]");
        foreach (string character in Script.Characters)
        {
            Add(vocabulary, character, 0.8);
        }

        Add(vocabulary, "▁", 0.8);
        string[] single = [.. vocabulary.Keys.Skip(4)];
        for (int i = 0; i < 1500; i++)
        {
            // Of letters that texts are full of, and of anything, some behind the mark of a space.
            string[] bits =
            [
                .. Enumerable
                    .Range(0, 1 + dice.Next(4))
                    .Select(_ =>
                        dice.Chance(0.7)
                            ? $"{"etaoinshrdluTx'.1 "[dice.Next(17)]}"
                            : single[dice.Next(single.Length)]
                    ),
            ];
            Add(vocabulary, (dice.Chance(0.4) ? "▁" : "") + string.Concat(bits), 1);
        }

        bool bytes = dice.Chance(0.2);
        for (int value = 0; bytes && value < 256; value++)
        {
            Add(vocabulary, $"<0x{value:X2}>", 1);
        }

        JsonArray pieces = [];
        bool whole = dice.Chance(0.3); // many ways are equally good
        foreach (string piece in vocabulary.Keys)
        {
            double score = whole ? -dice.Next(6) : -dice.Next(1 << 20) / 65536.0;
            pieces.Add(new JsonArray(piece, score));
        }

        JsonArray added = AddedTokens(vocabulary, "<pad>", "[CLS]", "[SEP]");
        Added =
        [
            .. Added,
            "▁",
            "▁▁a",
            "``",
            "''",
            "   ",
            "ﬁ",
            "①",
            "Å",
            "가",
            "각",
            "e\u0301\u0323",
        ];
        return new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = added,
            ["normalizer"] = dice.Chance(0.1) ? null : Normalizer(),
            ["pre_tokenizer"] =
                dice.Chance(0.1) ? null
                : dice.Chance(0.4) ? Metaspace()
                : new JsonObject
                {
                    ["type"] = "Sequence",
                    ["pretokenizers"] = new JsonArray(
                        new JsonObject { ["type"] = "WhitespaceSplit" },
                        Metaspace()
                    ),
                },
            ["post_processor"] = Around("[CLS]", 2, "[SEP]", 3),
            ["decoder"] = Metaspace(),
            ["model"] = new JsonObject
            {
                ["type"] = "Unigram",
                ["unk_id"] = 1,
                ["vocab"] = pieces,
                ["byte_fallback"] = bytes,
            },
        };
    }

    JsonObject Metaspace() =>
        new()
        {
            ["type"] = "Metaspace",
            ["replacement"] = "▁",
            ["prepend_scheme"] = Schemes[dice.Next(3)],
            ["split"] = dice.Chance(0.7),
        };

    JsonObject Normalizer() =>
        new()
        {
            ["type"] = "Sequence",
            ["normalizers"] = new JsonArray([
                .. Enumerable.Range(0, dice.Next(4)).Select(_ => (JsonNode)Step()),
            ]),
        };

    JsonObject Step()
    {
        static JsonObject Replace(string kind, string pattern, string content) =>
            new()
            {
                ["type"] = "Replace",
                ["pattern"] = new JsonObject { [kind] = pattern },
                ["content"] = content,
            };
        return dice.Next(13) switch
        {
            0 => Replace("String", "``", "\""),
            1 => Replace("Regex", " {2,}", " "),
            2 => Replace("Regex", @"\s{2,}|[\n\r\t]", " "),
            3 => Replace("String", "e", dice.Chance(0.5) ? "" : "İ́x"),
            4 => new JsonObject { ["type"] = "Precompiled", ["precompiled_charsmap"] = Map.Value },
            5 => new JsonObject
            {
                ["type"] = "Strip",
                ["strip_left"] = dice.Chance(0.5),
                ["strip_right"] = dice.Chance(0.5),
            },
            6 => new JsonObject { ["type"] = "Prepend", ["prepend"] = " ▁"[..(1 + dice.Next(2))] },
            int form => new JsonObject { ["type"] = Forms[form - 7] },
        };
    }

    static readonly string[] Schemes = ["always", "first", "never"];

    static readonly string[] Forms = ["NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents"];

    static readonly Lazy<string> Map = new(() =>
        SmallCharacterMap.Base64(
            new Dictionary<string, string>
            {
                ["\t"] = " ",
                ["\u0001"] = "",
                ["\u200D"] = "",
                ["ﬁ"] = "fi",
                ["①"] = "1",
                ["e\u0301"] = "é",
                ["é"] = "é",
                ["İ"] = "İ",
                ["x"] = "xyz",
                ["\u3000"] = " ",
                ["\r\n"] = "\n",
                ["ᄀ"] = "ㄱ",
                ["日"] = "",
                ["😀"] = ":-)",
            }
        )
    );

    public JsonObject BytePair()
    {
        Dictionary<string, int> vocabulary = Vocabulary("<s>", "<pad>", "</s>", "<unk>");
        string[] bytes = [.. Enumerable.Range(0, 256).Select(Letter)];
        double share = dice.Chance(0.5) ? 1 : 0.95; // bytes may be missing
        foreach (string letter in bytes)
        {
            Add(vocabulary, letter, share);
        }

        JsonArray merges = [];
        bool old = dice.Chance(0.5); // versions wrote "a b" once
        List<string> sides = [.. bytes.Where(vocabulary.ContainsKey)];
        for (int i = 0; i < 400; i++)
        {
            // Mostly of letters and of what was merged before, so that merges are met.
            string left = Side(sides),
                right = Side(sides);
            if (vocabulary.TryAdd(left + right, vocabulary.Count))
            {
                sides.Add(left + right);
                merges.Add(old ? $"{left} {right}" : new JsonArray(left, right));
            }
        }

        bool space = dice.Chance(0.5);
        JsonObject level = ByteLevel(space);
        return new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = AddedTokens(vocabulary, "<s>", "</s>", "<unk>"),
            ["normalizer"] = dice.Chance(0.7) ? null : Normalizer(),
            ["pre_tokenizer"] = dice.Chance(0.2)
                ? new JsonObject
                {
                    ["type"] = "Sequence",
                    ["pretokenizers"] = new JsonArray(
                        new JsonObject { ["type"] = "Digits", ["individual_digits"] = true },
                        level
                    ),
                }
                : level,
            ["post_processor"] =
                dice.Chance(0.3)
                    ? new JsonObject
                    {
                        ["type"] = "RobertaProcessing",
                        ["sep"] = new JsonArray("</s>", 2),
                        ["cls"] = new JsonArray("<s>", 0),
                        ["trim_offsets"] = dice.Chance(0.5),
                        ["add_prefix_space"] = space,
                    }
                : dice.Chance(0.3) ? ByteLevel(dice.Chance(0.5))
                : Around("<s>", 0, "</s>", 2),
            ["decoder"] = ByteLevel(true),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = dice.Chance(0.5) ? null : 0.0,
                ["unk_token"] = dice.Chance(0.5) ? null : "<unk>",
                ["continuing_subword_prefix"] = dice.Chance(0.5) ? null : "",
                ["end_of_word_suffix"] = dice.Chance(0.5) ? null : "",
                ["fuse_unk"] = false,
                ["byte_fallback"] = false,
                ["ignore_merges"] = false,
                ["vocab"] = Json(vocabulary),
                ["merges"] = merges,
            },
        };
    }

    string Side(List<string> sides) =>
        dice.Chance(0.6)
            ? Letter("etaoinshrdlu "[dice.Next(13)]) is { } letter && sides.Contains(letter)
                ? letter
                : sides[0]
            : sides[^(1 + dice.Next(Math.Min(sides.Count, 60)))];

    void Add(Dictionary<string, int> vocabulary, string token, double share)
    {
        if (dice.Chance(share))
        {
            vocabulary.TryAdd(token, vocabulary.Count);
        }
    }

    JsonArray AddedTokens(Dictionary<string, int> vocabulary, params string[] always)
    {
        string[] drawn = [.. Tokens.Where(_ => dice.Chance(0.25))];
        Added = [.. always, .. drawn, .. drawn.Select(t => $" {t}  ")];
        JsonArray added = [];
        int next = vocabulary.Count;
        foreach (string token in always.Concat(drawn))
        {
            bool plain = always.Contains(token);
            added.Add(
                new JsonObject
                {
                    ["id"] = vocabulary.TryGetValue(token, out int id) ? id : next++,
                    ["content"] = token,
                    ["single_word"] = !plain && dice.Chance(0.3),
                    // The library aborts the process where white space that one token took is stripped
                    // again on the left of the next.
                    ["lstrip"] = !plain && token.Trim().Length > 0 && dice.Chance(0.4),
                    ["rstrip"] = !plain && dice.Chance(0.4),
                    ["normalized"] = !plain && dice.Chance(0.5) && normalizedTokens,
                    ["special"] = plain || dice.Chance(0.5),
                }
            );
        }

        return added;
    }

    JsonObject? Around(string cls, int clsId, string sep, int sepId)
    {
        if (dice.Chance(0.2))
        {
            return null;
        }

        if (dice.Chance(0.3))
        {
            return new JsonObject
            {
                ["type"] = "BertProcessing",
                ["sep"] = new JsonArray(sep, sepId),
                ["cls"] = new JsonArray(cls, clsId),
            };
        }

        JsonArray single = [];
        if (dice.Chance(0.8))
        {
            single.Add(Slot("SpecialToken", cls, 0));
        }

        single.Add(Slot("Sequence", "A", 0));
        single.Add(Slot("SpecialToken", sep, 0));
        return new JsonObject
        {
            ["type"] = "TemplateProcessing",
            ["single"] = single,
            ["pair"] = new JsonArray(Slot("Sequence", "A", 0), Slot("Sequence", "B", 1)),
            ["special_tokens"] = new JsonObject
            {
                [cls] = Meaning(cls, clsId),
                [sep] = Meaning(sep, sepId),
            },
        };
    }

    JsonObject ByteLevel(bool space) =>
        new()
        {
            ["type"] = "ByteLevel",
            ["add_prefix_space"] = space,
            ["trim_offsets"] = dice.Chance(0.5),
            ["use_regex"] = true,
        };

    static Dictionary<string, int> Vocabulary(params string[] first) =>
        first.Select((token, id) => (token, id)).ToDictionary(t => t.token, t => t.id);

    static JsonObject Json(Dictionary<string, int> vocabulary) =>
        new(vocabulary.Select(t => KeyValuePair.Create(t.Key, (JsonNode?)t.Value)));

    // The character by which byte-level BPE writes a byte.
    static string Letter(int value) =>
        value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE)
            ? $"{(char)value}"
            : $"{(char)(256 + Unprintable.IndexOf(value))}";

    static readonly List<int> Unprintable =
    [
        .. Enumerable
            .Range(0, 256)
            .Where(v => v is not ((>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE))),
    ];
}
