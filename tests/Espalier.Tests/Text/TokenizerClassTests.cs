using System.Text.Json.Nodes;
using Espalier.Text;

namespace Espalier.Tests.Text;

/// <summary>Where tokenizer.json, the other files and the class disagree: what transformers 5.12.1 does.</summary>
public sealed class TokenizerClassTests
{
    const string Names =
        "[PAD] [UNK] [CLS] [SEP] [MASK] [unused1] [unused2] [ ] the The film is was good Good cafe café unused ##1 ##2 日 本 日本 slow";

    static readonly string[] Letters =
    [
        .. "<s> <pad> </s> <unk> <mask> Ġ d f g i l m o".Split(' '),
    ];

    [Fact]
    public void Accents_go_with_lower_case_unless_the_settings_say_otherwise()
    {
        Tokenizer bert = Bert(
            "\"do_lower_case\": true, \"strip_accents\": null",
            j => j["normalizer"]!["strip_accents"] = false
        );
        Reads(bert, "the café is good", "[CLS] the cafe is good [SEP]");
        Assert.Contains(bert.Notes, n => n.Contains("strip_accents false"));
    }

    [Theory]
    [InlineData("\"tokenizer_class\": \"BertTokenizer\"")]
    [InlineData("\"tokenizer_class\": \"BertTokenizerFast\"")]
    [InlineData("\"tokenizer_class\": \"ElectraTokenizer\"")]
    [InlineData(null)]
    public void A_class_lower_cases_where_only_tokenizer_json_says_no(string? settings)
    {
        Tokenizer bert = Folder(settings, Cased, Config("bert"));
        Reads(bert, "The film is Good", "[CLS] the film is good [SEP]");
        Assert.Contains(bert.Notes, n => n.Contains("lowercase false"));
    }

    [Fact]
    public void The_class_may_stand_in_the_config_and_goes_with_the_tokenizer()
    {
        Tokenizer bert = Folder(
            null,
            Cased,
            "{\"model_type\": \"roberta\", \"tokenizer_class\": \"BertTokenizer\"}"
        );
        Reads(bert, "The", "[CLS] the [SEP]");
        Reads(SmallTokenizer.LoadFiles(bert.Files()), "The", "[CLS] the [SEP]");
    }

    [Theory]
    [InlineData("PreTrainedTokenizerFast")]
    [InlineData("TokenizersBackend")]
    [InlineData("SomebodysTokenizer")]
    public void The_generic_class_obeys_tokenizer_json_alone(string name)
    {
        Tokenizer generic = Folder(
            $"\"tokenizer_class\": \"{name}\", \"do_lower_case\": true",
            Cased,
            Config("bert")
        );
        Reads(generic, "The film is Good", "[CLS] The film is Good [SEP]");
        Assert.Contains(generic.Notes, n => n.Contains("do_lower_case"));
        Assert.Equal(0, generic.LargestType(pair: true));
    }

    [Fact]
    public void Chinese_characters_stand_apart_unless_the_settings_say_otherwise()
    {
        void Together(JsonObject j) => j["normalizer"]!["handle_chinese_chars"] = false;
        Reads(
            Bert("\"do_lower_case\": true", Together),
            "日本 is good",
            "[CLS] 日 本 is good [SEP]"
        );
        Tokenizer told = Bert("\"tokenize_chinese_chars\": false", Together);
        Reads(told, "日本 is good", "[CLS] 日本 is good [SEP]");
        Assert.Empty(told.Notes);
    }

    [Fact]
    public void A_missing_normalizer_or_post_processor_is_the_class_own()
    {
        Tokenizer bert = Bert(
            "\"do_lower_case\": true",
            j => j["normalizer"] = j["post_processor"] = null
        );
        Reads(bert, "The café", "[CLS] the cafe [SEP]");
        Assert.Equal(2, bert.Notes.Count);
        Tokenizer generic = Folder(
            "\"tokenizer_class\": \"PreTrainedTokenizerFast\"",
            j => j["post_processor"] = null
        );
        Reads(generic, "the", "the");
        Assert.Contains(generic.Notes, n => n.Contains("post_processor"));
    }

    [Fact]
    public void The_class_has_its_own_prefix_and_longest_word()
    {
        Tokenizer bert = Bert(
            "\"do_lower_case\": true",
            j => j["model"]!["max_input_chars_per_word"] = 3
        );
        Reads(bert, "film", "[CLS] film [SEP]");
        Assert.Contains(bert.Notes, n => n.Contains("max_input_chars_per_word"));
    }

    [Fact]
    public void Files_and_class_that_agree_need_no_note() =>
        Assert.Empty(Bert("\"do_lower_case\": true, \"model_max_length\": 512").Notes);

    [Fact]
    public void RoBERTa_puts_no_space_in_front_unless_the_settings_say_so()
    {
        Tokenizer roberta = Roberta("\"unk_token\": \"<unk>\"", space: true);
        Reads(roberta, "good film", "<s> g o o d Ġ f i l m </s>");
        Assert.Contains(roberta.Notes, n => n.Contains("add_prefix_space true"));
        Reads(Roberta("\"add_prefix_space\": true", space: false), "good", "<s> Ġ g o o d </s>");
    }

    [Theory]
    [InlineData("0.0")]
    [InlineData("0")]
    [InlineData("null")]
    public void A_dropout_of_nothing_is_none(string dropout) =>
        Reads(
            Roberta("", false, j => j["model"]!["dropout"] = JsonNode.Parse(dropout)),
            "good",
            "<s> g o o d </s>"
        );

    [Fact]
    public void A_class_for_other_files_than_these_leaves_the_word_to_them()
    {
        Tokenizer odd = Folder("\"tokenizer_class\": \"RobertaTokenizer\"", Cased);
        Reads(odd, "The", "[CLS] The [SEP]");
        Assert.Contains(odd.Notes, n => n.Contains("RobertaTokenizer"));
    }

    [Theory]
    [InlineData("\"tokenizer_class\": \"BertTokenizer\"", 1)]
    [InlineData("\"tokenizer_class\": \"DistilBertTokenizer\"", 0)]
    [InlineData("\"tokenizer_class\": \"ElectraTokenizerFast\"", 1)]
    [InlineData("\"tokenizer_class\": \"PreTrainedTokenizerFast\"", 0)]
    [InlineData(
        "\"tokenizer_class\": \"PreTrainedTokenizerFast\", \"model_input_names\": [\"input_ids\", \"token_type_ids\"]",
        1
    )]
    [InlineData(
        "\"tokenizer_class\": \"BertTokenizer\", \"model_input_names\": [\"input_ids\", \"attention_mask\"]",
        0
    )]
    public void Types_are_given_as_the_settings_or_the_class_have_it(string settings, int type)
    {
        Tokenizer tokenizer = Folder(settings);
        Assert.Equal(type, tokenizer.LargestType(pair: true));
        Assert.Equal(0, tokenizer.LargestType(pair: false));
        int[] expected = [0, 0, 0, type, type];
        Assert.Equal(expected, tokenizer.Encode("the", "film").TypeIds);
        Assert.Equal(expected, tokenizer.EncodeIds("the", "film").TypeIds);
        Tokenizer trimmed = SmallTokenizer.LoadFiles(
            tokenizer.Trim(new HashSet<int> { 9, 11 }, out _).Files()
        );
        Assert.Equal(type, trimmed.LargestType(pair: true));
    }

    [Fact]
    public void RoBERTa_gives_no_types_whatever_the_template_says()
    {
        Tokenizer roberta = Roberta(
            "",
            false,
            j =>
                j["post_processor"] = JsonNode.Parse(
                    """
                    { "type": "TemplateProcessing", "single": [ { "Sequence": { "id": "A", "type_id": 0 } } ],
                      "pair": [ { "Sequence": { "id": "A", "type_id": 0 } }, { "Sequence": { "id": "B", "type_id": 1 } } ],
                      "special_tokens": {} }
                    """
                )
        );
        Encoding pair = roberta.Encode("g", "f");
        Assert.Equal("<s> g </s> </s> f </s>", string.Join(' ', pair.Tokens));
        Assert.Equal(new int[6], pair.TypeIds);
    }

    [Fact]
    public void ALBERT_decomposes_strips_accents_and_lower_cases_whatever_the_file_says()
    {
        Tokenizer albert = Unigram("albert", "<pad> <unk> [CLS] [SEP] [MASK]", null);
        Reads(albert, "The  ``Café''", "[CLS] ▁ t h e ▁ \" c a f e \" [SEP]");
        Assert.Contains(albert.Notes, n => n.Contains("AlbertTokenizer"));
        Assert.Equal(0, albert.LargestType(pair: true));
        Reads(
            Unigram("albert", "<pad> <unk> [CLS] [SEP] [MASK]", "\"add_prefix_space\": false"),
            "The",
            "[CLS] t h e [SEP]"
        );
    }

    [Fact]
    public void XLM_RoBERTa_puts_its_own_tokens_around_texts_and_keeps_the_table_of_characters()
    {
        Tokenizer xlm = Unigram(
            "xlm-roberta",
            "<s> <pad> </s> <unk> <mask>",
            null,
            j =>
                j["normalizer"] = new JsonObject
                {
                    ["type"] = "Sequence",
                    ["normalizers"] = new JsonArray(
                        new JsonObject
                        {
                            ["type"] = "Precompiled",
                            ["precompiled_charsmap"] = Reference.SmallCharacterMap.Base64(
                                new Dictionary<string, string> { ["é"] = "e" }
                            ),
                        },
                        new JsonObject { ["type"] = "Lowercase" }
                    ),
                }
        );
        Assert.Equal(
            "<s> ▁ <unk> h e </s> </s> ▁ c a f e </s>",
            string.Join(' ', xlm.Encode("The", "café").Tokens)
        );
        Tokenizer again = SmallTokenizer.LoadFiles(xlm.Trim(new HashSet<int>(), out _).Files());
        Assert.Equal(xlm.Encode("The", "café").Tokens, again.Encode("The", "café").Tokens);
    }

    [Fact]
    public void ModernBERT_obeys_tokenizer_json_whatever_class_is_named() =>
        Reads(
            Folder("\"tokenizer_class\": \"BertTokenizer\"", Cased, Config("modernbert")),
            "The",
            "[CLS] The [SEP]"
        );

    [Fact]
    public void Texts_that_the_file_would_cut_at_their_start_are_refused()
    {
        InvalidDataException e = Assert.Throws<InvalidDataException>(() =>
            Bert(
                "",
                j =>
                    j["truncation"] = JsonNode.Parse(
                        "{\"direction\": \"Left\", \"max_length\": 8, \"strategy\": \"LongestFirst\", \"stride\": 0}"
                    )
            )
        );
        Assert.Contains("truncation.direction", e.Message);
    }

    [Theory]
    [InlineData("\"do_basic_tokenize\": false", "do_basic_tokenize")]
    [InlineData("\"never_split\": [\"the\"]", "never_split")]
    [InlineData("\"padding_side\": \"left\"", "padding_side")]
    public void Settings_that_change_nothing_here_are_told(string setting, string named) =>
        Assert.Contains(named, Assert.Single(Bert(setting).Notes));

    internal static Tokenizer Bert(string settings, Action<JsonObject>? bend = null) =>
        Folder(
            "\"tokenizer_class\": \"BertTokenizer\"" + (settings.Length > 0 ? ", " + settings : ""),
            bend
        );

    static void Cased(JsonObject json) => json["normalizer"]!["lowercase"] = false;

    static string Config(string type) => $"{{\"model_type\": \"{type}\"}}";

    internal static Tokenizer Folder(
        string? settings,
        Action<JsonObject>? bend = null,
        string? config = null
    )
    {
        JsonObject json = SmallTokenizer.WordPieceJson();
        json["added_tokens"] = new JsonArray();
        json["model"]!["vocab"] = new JsonObject(
            Names.Split(' ').Select((name, id) => KeyValuePair.Create(name, (JsonNode?)id))
        );
        bend?.Invoke(json);
        return Load(json, settings, config);
    }

    static Tokenizer Roberta(string settings, bool space, Action<JsonObject>? bend = null)
    {
        JsonObject json = SmallTokenizer.BytePairJson();
        json["added_tokens"] = new JsonArray();
        json["pre_tokenizer"]!["add_prefix_space"] = space;
        json["post_processor"] = JsonNode.Parse(
            $"{{\"type\": \"RobertaProcessing\", \"sep\": [\"</s>\", 2], \"cls\": [\"<s>\", 0], \"trim_offsets\": true, \"add_prefix_space\": {(space ? "true" : "false")}}}"
        );
        json["model"]!["merges"] = new JsonArray();
        json["model"]!["vocab"] = new JsonObject(
            Letters.Select((letter, id) => KeyValuePair.Create(letter, (JsonNode?)id))
        );
        bend?.Invoke(json);
        string named = "\"tokenizer_class\": \"RobertaTokenizer\"";
        return Load(json, settings.Length > 0 ? $"{named}, {settings}" : named, null);
    }

    static Tokenizer Unigram(
        string model,
        string specials,
        string? settings,
        Action<JsonObject>? bend = null
    )
    {
        JsonObject json = SmallTokenizer.UnigramJson();
        json["added_tokens"] = new JsonArray();
        json["normalizer"] = json["post_processor"] = null;
        json["model"]!["unk_id"] = Array.IndexOf(specials.Split(' '), "<unk>");
        json["model"]!["vocab"] = new JsonArray([
            .. $"{specials} ▁ t h e c a f \""
                .Split(' ')
                .Select(piece => new JsonArray(piece, -1.5)),
        ]);
        bend?.Invoke(json);
        return Load(json, settings, Config(model));
    }

    static Tokenizer Load(JsonObject json, string? settings, string? config)
    {
        Dictionary<string, byte[]> files = new()
        {
            ["tokenizer.json"] = SmallTokenizer.Utf8(json.ToJsonString()),
        };
        if (settings is not null)
        {
            files["tokenizer_config.json"] = SmallTokenizer.Utf8($"{{{settings}}}");
        }

        if (config is not null)
        {
            files["config.json"] = SmallTokenizer.Utf8(config);
        }

        return SmallTokenizer.LoadFiles(files);
    }

    internal static void Reads(Tokenizer tokenizer, string text, string tokens)
    {
        Assert.Equal(tokens, string.Join(' ', tokenizer.Encode(text).Tokens));
        Assert.Equal(tokenizer.Encode(text).Ids, tokenizer.EncodeIds(text).Ids);
    }
}
