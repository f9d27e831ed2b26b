using System.Text.Json.Nodes;
using Espalier.Text;

namespace Espalier.Tests.Text;

[Trait("tier", "golden")]
public sealed class TokenizerTests
{
    static readonly Tokenizer[] All =
    [
        RealTokenizers.MiniLm,
        RealTokenizers.Gpt2,
        RealTokenizers.Gpt2.WithPrefixSpace(true),
        RealTokenizers.Roberta,
        RealTokenizers.Roberta.WithPrefixSpace(true),
    ];

    [Fact]
    public void Roles_are_found_by_what_the_files_call_them()
    {
        Assert.Equal((0, 100, 101, 102, 103), Bert(RealTokenizers.MiniLm));
        Assert.Equal((50259, 50260, 50257, 50258, 50261), Bert(RealTokenizers.Roberta));
        Assert.Equal((null, 50256, null, null, null), Bert(RealTokenizers.Gpt2));
        Assert.Equal(512, RealTokenizers.MiniLm.ModelMaxLength);
        Assert.Equal(30522, RealTokenizers.MiniLm.VocabularySize);
        Assert.True(RealTokenizers.MiniLm.IsSpecial(101));
        Assert.False(RealTokenizers.MiniLm.IsSpecial(2000));

        static (int?, int?, int?, int?, int?) Bert(Tokenizer t) =>
            (t.PadId, t.UnknownId, t.ClsId, t.SepId, t.MaskId);
    }

    [Fact]
    public void Settings_for_padding_and_truncation_in_the_file_are_not_obeyed()
    {
        string text = string.Join(' ', Enumerable.Repeat("word", 300));
        Assert.Equal(302, RealTokenizers.MiniLm.Encode(text).Ids.Length);
        Assert.Equal(3, RealTokenizers.MiniLm.Encode("word").Ids.Length);
    }

    [Theory]
    [InlineData(5, 4, 1, 1, 0)]
    [InlineData(4, 4, 1, 0, 1)]
    [InlineData(6, 2, 6, 4, 2)]
    [InlineData(2, 6, 6, 2, 4)]
    [InlineData(9, 9, 7, 3, 4)]
    [InlineData(3, 3, 6, 3, 3)]
    [InlineData(9, 9, 0, 0, 0)]
    public void The_longer_text_is_cut_first(
        int first,
        int second,
        int room,
        int keep,
        int keepSecond
    )
    {
        string a = string.Concat(Enumerable.Repeat("a ", first));
        string b = string.Concat(Enumerable.Repeat("b ", second));
        string[] tokens = RealTokenizers.MiniLm.Encode(a, b, room + 3).Tokens;
        Assert.Equal(
            (keep, keepSecond),
            (tokens.Count(t => t == "a"), tokens.Count(t => t == "b"))
        );
    }

    [Fact]
    public void A_length_with_no_room_for_special_tokens_is_the_callers_mistake()
    {
        ArgumentException e = Assert.Throws<ArgumentException>(() =>
            RealTokenizers.MiniLm.EncodeIds("a", "b", maxLength: 2)
        );
        Assert.Contains("3 special tokens", e.Message);
    }

    [Theory]
    [InlineData("a\ud83d")]
    [InlineData("\ude00b\ud83d \ud83d\ude00")]
    [InlineData("\ud800\ud800")]
    public void Half_a_surrogate_pair_reads_as_the_replacement_character(string text)
    {
        string replaced = string.Concat(text.EnumerateRunes());
        foreach (Tokenizer tokenizer in All)
        {
            Encoding found = tokenizer.Encode(text);
            Assert.Equal(tokenizer.Encode(replaced).Ids, found.Ids);
            Assert.Equal(tokenizer.Encode(replaced).Offsets, found.Offsets);
            Assert.Equal(found.Ids, tokenizer.EncodeIds(text).Ids);
        }
    }

    [Theory]
    [InlineData("a")]
    [InlineData("\u0301")]
    [InlineData("!")]
    [InlineData(" ")]
    [InlineData("[")]
    [InlineData("\ud83d\ude00")]
    [InlineData("abcdefghi jklmnop ")]
    public void A_megabyte_of_anything_takes_seconds_not_hours(string unit)
    {
        string text = string.Concat(Enumerable.Repeat(unit, (1 << 20) / unit.Length));
        System.Diagnostics.Stopwatch watch = System.Diagnostics.Stopwatch.StartNew();
        JsonObject unigram = SmallTokenizer.UnigramJson();
        unigram["normalizer"] = JsonNode.Parse(
            """
            { "type": "Sequence", "normalizers": [ { "type": "NFKC" }, { "type": "StripAccents" },
              { "type": "Replace", "pattern": { "Regex": "\\s{2,}|[\\n\\r\\t]" }, "content": " " },
              { "type": "Precompiled", "precompiled_charsmap": "CAAAAAAAAAD/AAAA" }, { "type": "Strip", "strip_left": true, "strip_right": true } ] }
            """
        );
        foreach (
            Tokenizer tokenizer in (Tokenizer[])
                [RealTokenizers.MiniLm, RealTokenizers.Gpt2, SmallTokenizer.Load(unigram)]
        )
        {
            Assert.True(tokenizer.EncodeIds(text, null, 128).Ids.Length <= 128);
        }

        // Quadratic time would be an hour; this is a bound for busy machines, not a benchmark.
        Assert.True(watch.Elapsed < TimeSpan.FromMinutes(10), $"{watch.Elapsed} for a megabyte");
    }

    [Fact]
    public void A_long_word_is_merged_as_a_short_one_is()
    {
        string word = string.Concat(Enumerable.Range(0, 40).Select(i => "tokenizers"[i % 10]));
        string doubled = word + " " + word;
        Assert.Equal(word, RealTokenizers.Gpt2.Decode(RealTokenizers.Gpt2.Encode(word).Ids, false));
        Assert.Equal(
            RealTokenizers.Gpt2.Encode(word).Ids,
            RealTokenizers
                .Gpt2.Encode(doubled)
                .Ids.Take(RealTokenizers.Gpt2.Encode(word).Ids.Length)
        );
    }

    [Fact]
    public void Two_merges_that_make_one_token_keep_the_order_of_their_ranks()
    {
        // "ab"+"c" and "a"+"bc" both make "abc": the queue must be used, and gives one token.
        JsonObject json = SmallTokenizer.BytePairJson();
        json["model"]!["vocab"]!["abc"] = 9;
        json["model"]!["merges"] = JsonNode.Parse("[\"b c\", \"a b\", \"ab c\", \"a bc\"]");
        Assert.Equal(["abc"], SmallTokenizer.Load(json).Encode("abc").Tokens);
    }

    [Fact]
    public void Many_threads_share_one_tokenizer()
    {
        string[] texts =
        [
            .. Enumerable.Range(0, 400).Select(i => $"word{i} naïve {i * 7919} {i % 13}"),
        ];
        int[][] expected = [.. texts.Select(t => RealTokenizers.MiniLm.Encode(t).Ids)];
        Tokenizer shared = Tokenizer.Load(RealTokenizers.MiniLmFolder);
        Parallel.For(
            0,
            4 * texts.Length,
            i =>
                Assert.Equal(
                    expected[i % texts.Length],
                    shared.EncodeIds(texts[i % texts.Length]).Ids
                )
        );
    }

    [Theory]
    [InlineData("Don't.", "[CLS] don't. [SEP]", "don't.")]
    public void Decoding_tidies_as_the_file_asks(string text, string whole, string bare)
    {
        int[] ids = RealTokenizers.MiniLm.Encode(text).Ids;
        // Token by token, so that an apostrophe keeps the spaces around it.
        Assert.Equal(whole.Replace("don't", "don ' t"), RealTokenizers.MiniLm.Decode(ids, false));
        Assert.Equal(bare.Replace("don't", "don ' t"), RealTokenizers.MiniLm.Decode(ids, true));
    }

    [Fact]
    public void What_tokenizer_config_says_overrules_tokenizer_json_as_in_transformers()
    {
        Dictionary<string, byte[]> files = new()
        {
            ["tokenizer.json"] = SmallTokenizer.Utf8(SmallTokenizer.WordPieceJson().ToJsonString()),
            ["tokenizer_config.json"] = SmallTokenizer.Utf8("{\"do_lower_case\": false}"),
        };
        Assert.Equal([2, 1, 3], SmallTokenizer.LoadFiles(files).Encode("A").Ids);
        files.Remove("tokenizer_config.json");
        Assert.Equal([2, 4, 3], SmallTokenizer.LoadFiles(files).Encode("A").Ids);
    }

    [Fact]
    public void Added_tokens_obey_their_flags()
    {
        JsonObject json = SmallTokenizer.WordPieceJson();
        JsonArray added = json["added_tokens"]!.AsArray();
        added.Add(JsonNode.Parse("{\"id\":12,\"content\":\"<L>\",\"lstrip\":true}"));
        added.Add(JsonNode.Parse("{\"id\":13,\"content\":\"one\",\"single_word\":true}"));
        added.Add(
            JsonNode.Parse("{\"id\":14,\"content\":\"Éa b\",\"normalized\":true,\"rstrip\":true}")
        );
        Tokenizer tokenizer = SmallTokenizer.Load(json);
        Check("a  <L> a", [4, 12, 4], [(0, 1), (1, 6), (7, 8)]);
        Check("one onei one", [13, 1, 13], [(0, 3), (4, 8), (9, 12)]);
        Check("a eA B  i", [4, 14, 11], [(0, 1), (2, 8), (8, 9)]);

        void Check(string text, int[] ids, (int, int)[] offsets)
        {
            Encoding found = tokenizer.Encode(text);
            Assert.Equal(ids, found.Ids[1..^1]);
            Assert.Equal(offsets, found.Offsets[1..^1]);
            Assert.Equal(found.Ids, tokenizer.EncodeIds(text).Ids);
        }
    }

    [Fact]
    public void Bytes_without_a_token_vanish_unless_there_is_one_for_the_unknown()
    {
        JsonObject json = SmallTokenizer.BytePairJson();
        Assert.Equal([4, 2], SmallTokenizer.Load(json).Encode("ab!c").Ids);
        json["model"]!["unk_token"] = "<|end|>";
        Assert.Equal([4, 8, 2], SmallTokenizer.Load(json).Encode("ab!c").Ids);
    }

    [Fact]
    public void Digits_are_split_where_the_file_asks_and_saved_so()
    {
        JsonObject json = SmallTokenizer.BytePairJson();
        json["model"]!["vocab"]!["1"] = 9;
        json["model"]!["vocab"]!["11"] = 10;
        json["model"]!["merges"]!.AsArray().Add("1 1");
        Assert.Equal([4, 10], SmallTokenizer.Load(json).Encode("ab11").Ids);
        json["pre_tokenizer"] = JsonNode.Parse(
            """
            { "type": "Sequence", "pretokenizers": [ { "type": "Digits", "individual_digits": true },
              { "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true } ] }
            """
        );
        Tokenizer splits = SmallTokenizer.Load(json);
        Assert.Equal([4, 9, 9], splits.Encode("ab11").Ids);
        Tokenizer again = SmallTokenizer.LoadFiles(
            splits.Trim(new HashSet<int> { 4, 10 }, out _).Files()
        );
        Assert.Equal(["ab", "1", "1"], again.Encode("ab11").Tokens);
    }
}
