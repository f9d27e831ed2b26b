using System.Text.Json.Nodes;
using Espalier.Text;
using Espalier.Text.Formats;

namespace Espalier.Tests.Text;

/// <summary>Files that are broken or ask for something unknown are refused by file and field.</summary>
public sealed class BrokenTokenizerTests
{
    /// <summary>Place to change, JSON to put there, and what the refusal must name.</summary>
    public static TheoryData<string, string, string> WordPiece =>
        new()
        {
            { "version", "\"2.0\"", "version" },
            { "surprise", "1", "surprise" },
            { "normalizer.type", "\"NFKC\"", "NFKC" },
            { "normalizer.turbo", "true", "normalizer.turbo" },
            { "normalizer", "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFC\"}]}", "NFC" },
            { "pre_tokenizer.type", "\"Metaspace\"", "Metaspace" },
            { "post_processor.type", "\"Sequence\"", "post_processor.sep" },
            { "post_processor.sep", "[\"[SEP]\", 4]", "post_processor.sep" },
            { "post_processor.sep", "[\"[SEP]\", 400]", "post_processor.sep[1]" },
            { "decoder.type", "\"Fuse\"", "Fuse" },
            { "model.type", "\"WordLevel\"", "WordLevel" },
            { "model.unk_token", "\"nope\"", "nope" },
            { "model.continuing_subword_prefix", "\"\"", "continuing_subword_prefix" },
            { "model.max_input_chars_per_word", "1e99", "max_input_chars_per_word" },
            { "model.vocab", "[]", "model.vocab" },
            { "model.vocab", "{}", "model.vocab" },
            { "model.vocab.a", "-1", "model.vocab.a" },
            { "model.vocab.a", "2147483647", "model.vocab.a" },
            { "model.vocab.a", "99999999999999999999", "model.vocab.a" },
            { "model.vocab.a", "4.5", "model.vocab.a" },
            { "model.vocab.a", "\"4\"", "model.vocab.a" },
            { "model.vocab.a", "6", "model.vocab.ab" },
            { "added_tokens", "[{\"id\":0,\"content\":\"\"}]", "added_tokens[0].content" },
            { "added_tokens", "[{\"id\":7,\"content\":\"[PAD]\"}]", "added_tokens[0].id" },
            { "added_tokens", "[{\"id\":5,\"content\":\"new\"}]", "##b" },
            { "added_tokens", "[{\"id\":-5,\"content\":\"new\"}]", "added_tokens[0].id" },
            { "added_tokens", "[{\"id\":2000000000,\"content\":\"new\"}]", "added_tokens[0].id" },
            {
                "added_tokens",
                "[{\"id\":12,\"content\":\"x\",\"lstrip\":3}]",
                "added_tokens[0].lstrip"
            },
            {
                "added_tokens",
                "[{\"id\":0,\"content\":\"[PAD]\"},{\"id\":0,\"content\":\"[PAD]\"}]",
                "added_tokens[1]"
            },
            {
                "post_processor",
                "{\"type\":\"TemplateProcessing\",\"single\":[],\"pair\":[],\"special_tokens\":{}}",
                "post_processor.single"
            },
            {
                "post_processor",
                "{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"[CLS]\",\"type_id\":0}},{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}],\"pair\":[],\"special_tokens\":{}}",
                "special_tokens"
            },
        };

    public static TheoryData<string, string, string> BytePair =>
        new()
        {
            { "normalizer", "{\"type\":\"ByteLevel\"}", "ByteLevel" },
            { "pre_tokenizer.use_regex", "false", "pre_tokenizer.use_regex" },
            { "pre_tokenizer.type", "\"Whitespace\"", "Whitespace" },
            { "pre_tokenizer", "{\"type\":\"Sequence\",\"pretokenizers\":[]}", "pre_tokenizer" },
            { "model.dropout", "0.1", "model.dropout" },
            { "model.byte_fallback", "true", "model.byte_fallback" },
            { "model.end_of_word_suffix", "\"</w>\"", "end_of_word_suffix" },
            { "model.unk_token", "\"<unk>\"", "<unk>" },
            { "model.merges", "[\"a b c\"]", "model.merges[0]" },
            { "model.merges", "[\"a b\", \"x y\"]", "model.merges[1]" },
            { "model.merges", "[\"a c\"]", "'ac'" },
            { "model.merges", "[[\"a\"]]", "model.merges[0]" },
            { "model.merges", "[7]", "model.merges[0]" },
            { "model.merges", "{}", "model.merges" },
        };

    public static TheoryData<string, string, string> Unigram =>
        new()
        {
            { "normalizer.type", "\"ByteLevel\"", "ByteLevel" },
            {
                "normalizer",
                "{\"type\":\"Replace\",\"pattern\":{\"String\":\"\"},\"content\":\"\"}",
                "String"
            },
            {
                "normalizer",
                "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"a*\"},\"content\":\"\"}",
                "Regex"
            },
            {
                "normalizer",
                "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"\\\\w\"},\"content\":\"\"}",
                "Regex"
            },
            {
                "normalizer",
                "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"!\"}",
                "precompiled_charsmap"
            },
            {
                "normalizer",
                "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"CAAAAA==\"}",
                "precompiled_charsmap"
            },
            { "pre_tokenizer.type", "\"ByteLevel\"", "ByteLevel" },
            { "pre_tokenizer.replacement", "\"__\"", "replacement" },
            { "pre_tokenizer.prepend_scheme", "\"last\"", "prepend_scheme" },
            { "pre_tokenizer.add_prefix_space", "false", "add_prefix_space" },
            { "decoder.type", "\"WordPiece\"", "WordPiece" },
            { "model.unk_id", "null", "unk_id" },
            { "model.unk_id", "9", "model.unk_id" },
            { "model.byte_fallback", "true", "<0x00>" },
            { "model.vocab", "{\"a\":0}", "model.vocab" },
            { "model.vocab", "[]", "model.vocab" },
            { "model.vocab", "[[\"a\"]]", "model.vocab[0]" },
            { "model.vocab", "[[\"a\", 0],[\"a\", 1]]", "model.vocab[1]" },
            { "model.vocab", "[[\"a\", 1e999]]", "model.vocab[0]" },
        };

    [Theory]
    [MemberData(nameof(Unigram))]
    public void A_Unigram_file_that_cannot_be_obeyed_is_refused_by_name(
        string place,
        string value,
        string named
    ) => Refused(SmallTokenizer.UnigramJson(), place, value, named);

    public static TheoryData<string, string, string> CharacterPair { get; } =
        new()
        {
            { "pre_tokenizer", "{\"type\":\"Whitespace\"}", "pre_tokenizer.type" },
            {
                "pre_tokenizer",
                "{\"type\":\"Split\",\"pattern\":{\"String\":\"a\"},\"behavior\":\"Isolated\",\"invert\":false}",
                "pre_tokenizer.pattern"
            },
            { "decoder", "{\"type\":\"CTC\"}", "'CTC'" },
            {
                "decoder",
                "{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Fuse\"},{\"type\":\"ByteFallback\"}]}",
                "decoder.decoders[1].type"
            },
            {
                "decoder",
                "{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}]}",
                "'Strip'"
            },
            {
                "decoder",
                "{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Fuse\"},{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":1}]}",
                "decoders[1].stop"
            },
            { "model.unk_token", "\"zzz\"", "model.unk_token" },
            { "model.merges", "[\"a zzz\"]", "model.merges[0]" },
            {
                "post_processor",
                "{\"type\":\"Sequence\",\"processors\":[]}",
                "ByteLevel, TemplateProcessing"
            },
        };

    [Theory]
    [MemberData(nameof(CharacterPair))]
    public void A_SentencePiece_BPE_file_that_cannot_be_obeyed_is_refused_by_name(
        string place,
        string value,
        string named
    ) => Refused(SmallTokenizer.CharacterPairJson(), place, value, named);

    [Theory]
    [InlineData("\\p{L}", "x+", "Regex: Espalier knows the patterns of Llama 3 and Qwen 2 here")]
    [InlineData("\"Isolated\"", "\"Contiguous\"", "behavior")]
    [InlineData("\"use_regex\":false", "\"use_regex\":true", "pretokenizers[1].use_regex")]
    [InlineData(
        "\"add_prefix_space\":false,\"trim_offsets\":true,\"use_regex\":false",
        "\"add_prefix_space\":true,\"use_regex\":false",
        "pretokenizers[1].add_prefix_space"
    )]
    public void A_pattern_or_a_split_that_is_not_known_is_refused_by_name(
        string old,
        string with,
        string named
    )
    {
        JsonObject json = SmallTokenizer.SplitBytePairJson();
        string splits = json["pre_tokenizer"]!.ToJsonString();
        if (old == "\\p{L}")
        {
            json["pre_tokenizer"]!["pretokenizers"]![0]!["pattern"]!["Regex"] = with;
        }
        else
        {
            Assert.Contains(old, splits);
            json["pre_tokenizer"] = JsonNode.Parse(splits.Replace(old, with));
        }

        Assert.Contains(
            named,
            Assert.Throws<InvalidDataException>(() => SmallTokenizer.Load(json)).Message
        );
    }

    [Theory]
    [MemberData(nameof(WordPiece))]
    public void A_WordPiece_file_that_cannot_be_obeyed_is_refused_by_name(
        string place,
        string value,
        string named
    ) => Refused(SmallTokenizer.WordPieceJson(), place, value, named);

    [Theory]
    [MemberData(nameof(BytePair))]
    public void A_BPE_file_that_cannot_be_obeyed_is_refused_by_name(
        string place,
        string value,
        string named
    ) => Refused(SmallTokenizer.BytePairJson(), place, value, named);

    [Theory]
    [InlineData("", "not JSON")]
    [InlineData("[]", "an object is expected")]
    [InlineData("{\"version\":\"1.0\",\"version\":\"1.0\"}", "version")]
    [InlineData("{\"version\":\"1.0\"}", "'model' is missing")]
    [InlineData("{\"version\":\"\\ud800\"}", "Unicode")]
    [InlineData("{\"model\":{\"vocab\":{\"\\ud800\":0}}}", "not JSON")]
    [InlineData("{\"model\":{\"vocab\":{\"a\":0}}}", "model: the field 'type' is missing")]
    [InlineData("{\"model\":{\"vocab\":{\"a\":0,\"a\":1}}}", "not JSON")]
    public void Text_that_is_no_tokenizer_is_refused(string json, string said)
    {
        InvalidDataException e = Assert.Throws<InvalidDataException>(() =>
            SmallTokenizer.LoadText(json)
        );
        Assert.Contains("tokenizer.json", e.Message);
        Assert.Contains(said, e.Message);
    }

    [Fact]
    public void Deep_nesting_is_refused() =>
        Assert.Throws<InvalidDataException>(() =>
            SmallTokenizer.LoadText(
                string.Concat(Enumerable.Repeat("{\"a\":", 100_000)) + new string('}', 100_000)
            )
        );

    [Fact]
    public void Bytes_that_are_not_UTF8_are_refused()
    {
        byte[] bytes = SmallTokenizer.Utf8(SmallTokenizer.WordPieceJson().ToJsonString());
        bytes[Array.IndexOf(bytes, (byte)'P')] = 0xFF;
        Assert.Throws<InvalidDataException>(() =>
            SmallTokenizer.LoadFiles(new Dictionary<string, byte[]> { ["tokenizer.json"] = bytes })
        );
        InvalidDataException e = Assert.Throws<InvalidDataException>(() =>
            SmallTokenizer.LoadFiles(
                new Dictionary<string, byte[]> { ["vocab.txt"] = [0x61, 0x0A, 0xC3, 0x28, 0x0A] }
            )
        );
        Assert.Contains("vocab.txt", e.Message);
    }

    [Theory]
    [InlineData("[UNK]\n[CLS]\n[SEP]\nx\ny\nx\n", "line 6")]
    [InlineData("[UNK]\n[CLS]\nx\n", "sep_token")]
    [InlineData("", "empty")]
    public void A_vocab_txt_that_makes_no_tokenizer_is_refused(string lines, string said)
    {
        InvalidDataException e = Assert.Throws<InvalidDataException>(() =>
            SmallTokenizer.LoadFiles(
                new Dictionary<string, byte[]> { ["vocab.txt"] = SmallTokenizer.Utf8(lines) }
            )
        );
        Assert.Contains("vocab.txt", e.Message);
        Assert.Contains(said, e.Message);
    }

    [Theory]
    [InlineData("{\"tokenizer_class\": \"CLIPTokenizer\"}", "CLIPTokenizer")]
    [InlineData("{\"added_tokens_decoder\": {\"9\": {\"content\": \"<nothing>\"}}}", "<nothing>")]
    [InlineData(
        "{\"added_tokens_decoder\": {\"x\": {\"content\": \"a\"}}}",
        "added_tokens_decoder.x"
    )]
    [InlineData("{\"do_lower_case\": \"yes\"}", "do_lower_case")]
    [InlineData("{\"truncation_side\": \"left\"}", "truncation_side")]
    public void Settings_that_cannot_be_obeyed_are_refused(string config, string named)
    {
        InvalidDataException e = Assert.Throws<InvalidDataException>(() =>
            SmallTokenizer.LoadFiles(
                new Dictionary<string, byte[]>
                {
                    ["vocab.txt"] = SmallTokenizer.Utf8("[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n"),
                    ["tokenizer_config.json"] = SmallTokenizer.Utf8(config),
                }
            )
        );
        Assert.Contains("tokenizer_config.json", e.Message);
        Assert.Contains(named, e.Message);
    }

    [Fact]
    public void A_folder_without_a_tokenizer_says_what_is_expected()
    {
        InvalidDataException e = Assert.Throws<InvalidDataException>(() =>
            SmallTokenizer.LoadFiles(new Dictionary<string, byte[]>())
        );
        Assert.Contains("merges.txt", e.Message);
    }

    [Fact]
    public void Holes_between_ids_are_allowed_but_not_more_of_them_than_the_file_justifies()
    {
        JsonObject json = SmallTokenizer.WordPieceJson();
        json["model"]!["vocab"]!["i"] = 900;
        Tokenizer tokenizer = SmallTokenizer.Load(json);
        Assert.Equal(901, tokenizer.VocabularySize);
        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.TokenOf(500));
        Assert.Equal("i a", tokenizer.Decode([900, 500, 4], skipSpecial: true));
        json["model"]!["vocab"]!["i"] = 2_000;
        Assert.Throws<InvalidDataException>(() => SmallTokenizer.Load(json));
    }

    [Fact]
    public void No_single_damaged_byte_gives_anything_but_a_clear_refusal_or_a_tokenizer()
    {
        byte[] good = SmallTokenizer.Utf8(SmallTokenizer.BytePairJson().ToJsonString());
        byte[] bad = [(byte)'"', (byte)'{', (byte)'9', 0, 0xC0, (byte)','];
        for (int at = 0; at < good.Length; at += 3)
        {
            byte[] bytes = [.. good];
            bytes[at] = bad[at % bad.Length];
            Exception? e = Record.Exception(() =>
                SmallTokenizer
                    .LoadFiles(new Dictionary<string, byte[]> { ["tokenizer.json"] = bytes })
                    .Encode("abcd abc", "<|end|>")
            );
            Assert.True(e is null or InvalidDataException, $"byte {at}: {e}");
        }
    }

    static void Refused(JsonObject json, string place, string value, string named)
    {
        JsonNode node = json;
        string[] path = place.Split('.');
        foreach (string step in path[..^1])
        {
            node = node[step]!;
        }

        node[path[^1]] = JsonNode.Parse(value);
        InvalidDataException e = Assert.Throws<InvalidDataException>(() =>
            SmallTokenizer.Load(json)
        );
        Assert.Contains("tokenizer.json", e.Message);
        Assert.Contains(named, e.Message);
    }

    [Fact]
    public void What_is_shown_of_a_damaged_field_may_itself_be_no_text()
    {
        // 0xff is not UTF-8, and the pair lacks its number.
        JsonField field = JsonField.Of("tokenizer.json", [.. "[\"a"u8, 0xff, .. "\"]"u8]);

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => field.Scored());

        Assert.StartsWith("tokenizer.json", refused.Message);
    }
}
