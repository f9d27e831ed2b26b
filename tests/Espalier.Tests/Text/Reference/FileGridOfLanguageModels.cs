using System.Text.Json.Nodes;

namespace Espalier.Tests.Text.Reference;

/// <summary>Files in the style of language models: Llama 3 and Qwen 2, Llama 2, Mistral and Gemma.</summary>
sealed partial class FileGrid
{
    static readonly string[] Patterns =
    [
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    ];

    public JsonObject SplitBytePair()
    {
        JsonObject json = BytePair();
        bool removes = dice.Chance(0.2);
        json["pre_tokenizer"] = new JsonObject
        {
            ["type"] = "Sequence",
            ["pretokenizers"] = new JsonArray(
                new JsonObject
                {
                    ["type"] = "Split",
                    ["pattern"] = new JsonObject { ["Regex"] = Patterns[dice.Next(2)] },
                    ["behavior"] = removes ? "Removed" : "Isolated",
                    ["invert"] = removes,
                },
                new JsonObject
                {
                    ["type"] = "ByteLevel",
                    ["add_prefix_space"] = false,
                    ["trim_offsets"] = true,
                    ["use_regex"] = false,
                }
            ),
        };
        json["normalizer"] = dice.Chance(0.5) ? null : new JsonObject { ["type"] = "NFC" };
        json["model"]!["ignore_merges"] = dice.Chance(0.6);
        json["post_processor"] = new JsonObject
        {
            ["type"] = "Sequence",
            ["processors"] = new JsonArray(
                ByteLevel(dice.Chance(0.5)),
                new JsonObject
                {
                    ["type"] = "TemplateProcessing",
                    ["single"] = new JsonArray(
                        Slot("SpecialToken", "<s>", 0),
                        Slot("Sequence", "A", 0)
                    ),
                    ["pair"] = new JsonArray(
                        Slot("SpecialToken", "<s>", 0),
                        Slot("Sequence", "A", 0),
                        Slot("SpecialToken", "<s>", 1),
                        Slot("Sequence", "B", 1)
                    ),
                    ["special_tokens"] = new JsonObject { ["<s>"] = Meaning("<s>", 0) },
                }
            ),
        };
        return json;
    }

    public JsonObject CharacterPair()
    {
        Dictionary<string, int> vocabulary = Vocabulary("<unk>", "<s>", "</s>");
        double bytes = dice.Chance(0.8) ? 1 : 0.95;
        for (int value = 0; value < 256; value++)
        {
            Add(vocabulary, $"<0x{value:X2}>", bytes);
        }

        Add(vocabulary, "▁", 0.9);
        int first = vocabulary.Count;
        foreach (string character in Script.Characters)
        {
            Add(vocabulary, character, 0.8);
        }

        JsonArray merges = [];
        List<string> sides = [.. vocabulary.Keys.Skip(first - 1)];
        bool across = dice.Chance(0.2); // a mark inside of a token, which no real file has
        for (int i = 0; i < 1000; i++)
        {
            string left = CharacterSide(sides),
                right = CharacterSide(sides);
            if (
                (across || left.Trim('▁').Length == 0 || !right.Contains('▁'))
                && vocabulary.TryAdd(left + right, vocabulary.Count)
            )
            {
                sides.Add(left + right);
                merges.Add(new JsonArray(left, right));
            }
        }

        JsonArray added = AddedTokens(vocabulary, "<s>", "</s>", "<unk>");
        Added = [.. Added, "▁", "▁▁", "   ", "<0x0A>"];
        static JsonObject Replace(string from, string to) =>
            new()
            {
                ["type"] = "Replace",
                ["pattern"] = new JsonObject { ["String"] = from },
                ["content"] = to,
            };
        static JsonObject Sequence(string list, params JsonNode[] parts) =>
            new() { ["type"] = "Sequence", [list] = new JsonArray(parts) };
        static JsonObject Type(string type) => new() { ["type"] = type };
        int style = dice.Next(4);
        List<JsonNode> decoders = [Replace("▁", " "), Type("ByteFallback"), Type("Fuse")];
        if (dice.Chance(0.7))
        {
            decoders.Add(
                new JsonObject
                {
                    ["type"] = "Strip",
                    ["content"] = " ",
                    ["start"] = 1 + dice.Next(2),
                    ["stop"] = 0,
                }
            );
        }

        return new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = added,
            ["normalizer"] = style switch
            {
                0 => Sequence(
                    "normalizers",
                    new JsonObject { ["type"] = "Prepend", ["prepend"] = "▁" },
                    Replace(" ", "▁")
                ),
                1 => Replace(" ", "▁"),
                _ => dice.Chance(0.7) ? null : Normalizer(),
            },
            ["pre_tokenizer"] = style switch
            {
                0 => null,
                1 => dice.Chance(0.3)
                    ? null
                    : new JsonObject
                    {
                        ["type"] = "Split",
                        ["pattern"] = new JsonObject { ["String"] = " " },
                        ["behavior"] = "MergedWithPrevious",
                        ["invert"] = false,
                    },
                _ => Metaspace(),
            },
            ["post_processor"] = Around("<s>", 1, "</s>", 2),
            ["decoder"] = dice.Chance(0.8) ? Sequence("decoders", [.. decoders]) : Metaspace(),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = dice.Chance(0.8) ? "<unk>" : null,
                ["continuing_subword_prefix"] = null,
                ["end_of_word_suffix"] = null,
                ["fuse_unk"] = dice.Chance(0.7),
                ["byte_fallback"] = dice.Chance(0.8),
                ["ignore_merges"] = dice.Chance(0.1),
                ["vocab"] = Json(vocabulary),
                ["merges"] = merges,
            },
        };
    }

    // Mostly of what was merged before and of letters that texts are full of, so that merges are met.
    string CharacterSide(List<string> sides) =>
        dice.Next(10) switch
        {
            < 4 => $"{"▁etaoinshrdlTx'."[dice.Next(16)]}" is { } letter && sides.Contains(letter)
                ? letter
                : sides[0],
            < 7 => sides[^(1 + dice.Next(Math.Min(sides.Count, 200)))],
            _ => sides[dice.Next(sides.Count)],
        };

    static JsonObject Slot(string kind, string id, int type) =>
        new()
        {
            [kind] = new JsonObject { ["id"] = id, ["type_id"] = type },
        };

    static JsonObject Meaning(string token, int id) =>
        new()
        {
            ["id"] = token,
            ["ids"] = new JsonArray(id),
            ["tokens"] = new JsonArray(token),
        };
}
