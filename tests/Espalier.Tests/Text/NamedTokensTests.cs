using System.Text.Json.Nodes;
using Espalier.Text;

namespace Espalier.Tests.Text;

/// <summary>Tokens that any file names are whole, whichever loader reads.</summary>
public sealed class NamedTokensTests
{
    const string Text = "the film [unused1] was good [unused2]";
    const string Whole = "[CLS] the film [unused1] was good [unused2] [SEP]";

    /// <summary>A file, and what it says.</summary>
    public static TheoryData<string, string> Places =>
        new()
        {
            {
                "tokenizer_config.json",
                "\"additional_special_tokens\": [\"[unused1]\", \"[unused2]\"]"
            },
            { "tokenizer_config.json", "\"extra_special_tokens\": [\"[unused1]\", \"[unused2]\"]" },
            {
                "tokenizer_config.json",
                "\"extra_special_tokens\": {\"x_token\": \"[unused1]\", \"y_token\": \"[unused2]\"}"
            },
            {
                "tokenizer_config.json",
                "\"image_token\": \"[unused1]\", \"pad_token\": \"[unused2]\""
            },
            {
                "tokenizer_config.json",
                "\"added_tokens_decoder\": {\"5\": {\"content\": \"[unused1]\", \"special\": true}, \"6\": {\"content\": \"[unused2]\", \"special\": true}}"
            },
            {
                "special_tokens_map.json",
                "\"additional_special_tokens\": [\"[unused1]\", \"[unused2]\"]"
            },
            {
                "special_tokens_map.json",
                "\"additional_special_tokens\": [{\"content\": \"[unused1]\", \"lstrip\": false}], \"mask_token\": {\"content\": \"[unused2]\", \"normalized\": false}"
            },
            { "added_tokens.json", "\"[unused1]\": 5, \"[unused2]\": 6" },
        };

    [Theory]
    [MemberData(nameof(Places))]
    public void They_are_whole_from_vocab_txt_and_from_tokenizer_json(string file, string said)
    {
        foreach (bool bare in (bool[])[true, false])
        {
            Dictionary<string, byte[]> files = Files(bare);
            files[file] = SmallTokenizer.Utf8($"{{{said}}}");
            Tokenizer tokenizer = SmallTokenizer.LoadFiles(files);
            TokenizerClassTests.Reads(tokenizer, Text, Whole);
            Tokenizer trimmed = tokenizer.Trim(Enumerable.Range(0, 25).ToHashSet(), out _);
            TokenizerClassTests.Reads(SmallTokenizer.LoadFiles(trimmed.Files()), Text, Whole);
        }
    }

    [Fact]
    public void A_name_that_the_vocabulary_lacks_gets_the_next_id()
    {
        Tokenizer bert = TokenizerClassTests.Bert(
            "\"extra_special_tokens\": [\"<new>\", \"<newer>\"]"
        );
        Assert.Equal([2, 25, 9, 26, 3], bert.Encode("<new> the <newer>").Ids);
        Assert.Equal(["<new>", "<newer>"], bert.TokensFrom(25));
    }

    [Fact]
    public void An_id_that_the_library_would_not_give_is_refused()
    {
        InvalidDataException e = Assert.Throws<InvalidDataException>(() =>
            TokenizerClassTests.Bert("\"added_tokens_decoder\": {\"40\": {\"content\": \"<new>\"}}")
        );
        Assert.Contains("added_tokens_decoder.40", e.Message);
        Assert.Contains("25", e.Message);
    }

    [Fact]
    public void Special_tokens_are_split_where_the_settings_ask()
    {
        Tokenizer bert = TokenizerClassTests.Bert(
            "\"split_special_tokens\": true, \"extra_special_tokens\": [\"[unused1]\"]"
        );
        TokenizerClassTests.Reads(bert, "[unused1]", "[CLS] [ unused ##1 ] [SEP]");
    }

    [Fact]
    public void An_empty_added_tokens_json_adds_nothing()
    {
        Dictionary<string, byte[]> files = Files(bare: true);
        files["added_tokens.json"] = "{}"u8.ToArray();
        TokenizerClassTests.Reads(
            SmallTokenizer.LoadFiles(files),
            "the film is good",
            "[CLS] the film is good [SEP]"
        );
    }

    [Fact]
    public void White_space_that_a_token_took_with_it_may_be_a_token_again()
    {
        Tokenizer bert = TokenizerClassTests.Bert(
            "",
            j =>
                j["added_tokens"] = JsonNode.Parse(
                    "[{\"id\": 25, \"content\": \"\\t\", \"rstrip\": true, \"special\": true}]"
                )
        );
        Encoding found = bert.Encode("\t\tgood");
        Assert.Equal([2, 25, 25, 14, 3], found.Ids);
        Assert.Equal([(0, 0), (0, 2), (1, 2), (2, 6), (0, 0)], found.Offsets);
        Assert.Equal(found.Ids, bert.EncodeIds("\t\tgood").Ids);
    }

    static Dictionary<string, byte[]> Files(bool bare)
    {
        Tokenizer bert = TokenizerClassTests.Bert("");
        Dictionary<string, byte[]> files = new()
        {
            ["config.json"] = "{\"model_type\": \"bert\"}"u8.ToArray(),
        };
        if (bare)
        {
            files["vocab.txt"] = SmallTokenizer.Utf8(
                string.Concat(
                    Enumerable.Range(0, bert.VocabularySize).Select(id => bert.TokenOf(id) + "\r\n")
                )
            );
        }
        else
        {
            files["tokenizer.json"] = bert.Files()["tokenizer.json"];
        }

        return files;
    }
}
