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
