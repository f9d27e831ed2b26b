using System.Text.Json.Nodes;
using Espalier.Text;

namespace Espalier.Tests.Text;

/// <summary>Tokenizers of a few tokens, written as files so that each test can bend them.</summary>
static class SmallTokenizer
{
    public static JsonObject WordPieceJson() =>
        JsonNode
            .Parse(
                """
                {
                  "version": "1.0", "truncation": null, "padding": null,
                  "added_tokens": [
                    { "id": 0, "content": "[PAD]", "special": true },
                    { "id": 1, "content": "[UNK]", "special": true },
                    { "id": 2, "content": "[CLS]", "special": true },
                    { "id": 3, "content": "[SEP]", "special": true }
                  ],
                  "normalizer": { "type": "BertNormalizer", "clean_text": true,
                    "handle_chinese_chars": true, "strip_accents": null, "lowercase": true },
                  "pre_tokenizer": { "type": "BertPreTokenizer" },
                  "post_processor": { "type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2] },
                  "decoder": { "type": "WordPiece", "prefix": "##", "cleanup": true },
                  "model": { "type": "WordPiece", "unk_token": "[UNK]",
                    "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
                    "vocab": { "[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "a": 4, "##b": 5,
                      "ab": 6, "##c": 7, "##bc": 8, "abcd": 9, "##é": 10, "i": 11 } }
                }
                """
            )!
            .AsObject();

    public static JsonObject BytePairJson() =>
        JsonNode
            .Parse(
                """
                {
                  "version": "1.0", "truncation": null, "padding": null,
                  "added_tokens": [ { "id": 8, "content": "<|end|>", "special": true } ],
                  "normalizer": null,
                  "pre_tokenizer": { "type": "ByteLevel", "add_prefix_space": false,
                    "trim_offsets": true, "use_regex": true },
                  "post_processor": { "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false },
                  "decoder": { "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true },
                  "model": { "type": "BPE", "dropout": null, "unk_token": null,
                    "continuing_subword_prefix": "", "end_of_word_suffix": "",
                    "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
                    "vocab": { "a": 0, "b": 1, "c": 2, "d": 3, "ab": 4, "cd": 5, "abcd": 6, "bc": 7, "<|end|>": 8 },
                    "merges": [ "a b", [ "c", "d" ], "ab cd", "b c" ] }
                }
                """
            )!
            .AsObject();

    public static JsonObject UnigramJson() =>
        JsonNode
            .Parse(
                """
                {
                  "version": "1.0", "truncation": null, "padding": null,
                  "added_tokens": [
                    { "id": 0, "content": "<s>", "special": true },
                    { "id": 1, "content": "</s>", "special": true },
                    { "id": 8, "content": "<new>", "special": false, "normalized": true }
                  ],
                  "normalizer": { "type": "Lowercase" },
                  "pre_tokenizer": { "type": "Metaspace", "replacement": "▁", "prepend_scheme": "always" },
                  "post_processor": { "type": "BertProcessing", "sep": ["</s>", 1], "cls": ["<s>", 0] },
                  "decoder": { "type": "Metaspace", "replacement": "▁", "prepend_scheme": "always" },
                  "model": { "type": "Unigram", "unk_id": 2, "byte_fallback": false,
                    "vocab": [["<s>", 0], ["</s>", 0], ["<unk>", 0], ["▁", -2], ["a", -3],
                      ["▁ab", -1.5], ["b", -9], ["bc", -4]] }
                }
                """
            )!
            .AsObject();

    /// <summary>In the style of Llama 3: a pattern of its own, ignore_merges, a sequence of post-processors.</summary>
    public static JsonObject SplitBytePairJson()
    {
        JsonObject json = BytePairJson();
        json["pre_tokenizer"] = JsonNode.Parse(
            """
            {"type": "Sequence", "pretokenizers": [
              {"type": "Split", "pattern": {"Regex": "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"},
                "behavior": "Isolated", "invert": false},
              {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}]}
            """
        );
        json["post_processor"] = JsonNode.Parse(
            """
            {"type": "Sequence", "processors": [
              {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": false, "use_regex": true},
              {"type": "TemplateProcessing",
                "single": [{"SpecialToken": {"id": "<|end|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                "special_tokens": {"<|end|>": {"id": "<|end|>", "ids": [8], "tokens": ["<|end|>"]}}}]}
            """
        );
        json["model"]!["ignore_merges"] = true;
        return json;
    }

    /// <summary>In the style of Llama 2: characters, bytes for those that are unknown.</summary>
    public static JsonObject CharacterPairJson()
    {
        JsonObject json = JsonNode
            .Parse(
                """
                {
                  "version": "1.0", "truncation": null, "padding": null,
                  "added_tokens": [
                    { "id": 0, "content": "<unk>", "special": true },
                    { "id": 1, "content": "<s>", "special": true },
                    { "id": 2, "content": "</s>", "special": true }
                  ],
                  "normalizer": { "type": "Sequence", "normalizers": [
                    { "type": "Prepend", "prepend": "▁" },
                    { "type": "Replace", "pattern": { "String": " " }, "content": "▁" } ] },
                  "pre_tokenizer": null,
                  "post_processor": { "type": "TemplateProcessing",
                    "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                    "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                    "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}} },
                  "decoder": { "type": "Sequence", "decoders": [
                    { "type": "Replace", "pattern": { "String": "▁" }, "content": " " },
                    { "type": "ByteFallback" }, { "type": "Fuse" },
                    { "type": "Strip", "content": " ", "start": 1, "stop": 0 } ] },
                  "model": { "type": "BPE", "dropout": null, "unk_token": "<unk>", "fuse_unk": true,
                    "byte_fallback": true, "ignore_merges": false,
                    "vocab": { "<unk>": 0, "<s>": 1, "</s>": 2, "▁": 3, "a": 4, "b": 5, "▁a": 6, "ab": 7, "▁ab": 8, "▁▁": 9 },
                    "merges": [ "▁ a", "a b", "▁a b", "▁ ▁" ] }
                }
                """
            )!
            .AsObject();
        JsonObject vocabulary = json["model"]!["vocab"]!.AsObject();
        foreach (byte value in "é漢🙂"u8.ToArray().Distinct())
        {
            vocabulary[$"<0x{value:X2}>"] = vocabulary.Count;
        }

        return json;
    }

    public static JsonObject MappedUnigramJson()
    {
        JsonObject json = UnigramJson();
        json["normalizer"] = new JsonObject
        {
            ["type"] = "Precompiled",
            ["precompiled_charsmap"] = Reference.SmallCharacterMap.Base64(
                new Dictionary<string, string> { ["é"] = "e", ["b"] = "ab" }
            ),
        };
        return json;
    }

    public static Tokenizer Load(JsonNode json) => LoadText(json.ToJsonString());

    public static Tokenizer LoadText(string json) =>
        LoadFiles(new Dictionary<string, byte[]> { ["tokenizer.json"] = Utf8(json) });

    /// <summary>Writes the files to a folder of their own and reads them back.</summary>
    public static Tokenizer LoadFiles(IReadOnlyDictionary<string, byte[]> files)
    {
        string folder = Directory.CreateTempSubdirectory("espalier-text").FullName;
        try
        {
            foreach ((string name, byte[] bytes) in files)
            {
                File.WriteAllBytes(Path.Combine(folder, name), bytes);
            }

            return Tokenizer.Load(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    public static byte[] Utf8(string text) => System.Text.Encoding.UTF8.GetBytes(text);
}
