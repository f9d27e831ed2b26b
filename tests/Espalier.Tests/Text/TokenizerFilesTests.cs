using Espalier.Tests.Goldens;
using Espalier.Text;

namespace Espalier.Tests.Text;

/// <summary>Saving and reading back, unchanged and trimmed.</summary>
[Trait("tier", "golden")]
public sealed class TokenizerFilesTests
{
    static readonly string[] Sentences =
    [
        .. File.ReadLines(Golden.Path("tokenizers", "wordpiece.jsonl"))
            .Select(line =>
                System
                    .Text.Json.JsonDocument.Parse(line)
                    .RootElement.GetProperty("text")
                    .GetString()!
            ),
    ];

    [Fact]
    public void An_unchanged_tokenizer_hands_back_the_bytes_it_was_read_from()
    {
        Same(RealTokenizers.MiniLm, RealTokenizers.MiniLmFolder);
        Same(RealTokenizers.Gpt2, RealTokenizers.Gpt2Folder);
        Same(RealTokenizers.Roberta, RealTokenizers.RobertaFolder);

        static void Same(Tokenizer tokenizer, string folder)
        {
            Assert.NotEmpty(tokenizer.Files());
            foreach ((string name, byte[] bytes) in tokenizer.Files())
            {
                Assert.Equal(File.ReadAllBytes(Path.Combine(folder, name)), bytes);
            }
        }
    }

    public static TheoryData<string> Kinds => ["wordpiece", "gpt2", "roberta"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Written_and_read_back_it_tokenizes_the_same(string kind)
    {
        Tokenizer changed = Changed(kind);
        IReadOnlyDictionary<string, byte[]> files = changed.Files();
        Tokenizer whole = SmallTokenizer.LoadFiles(files);
        Tokenizer bare = SmallTokenizer.LoadFiles(
            files.Where(f => f.Key != "tokenizer.json").ToDictionary()
        );
        foreach (string text in Sentences)
        {
            AssertSame(changed.Encode(text, "pair"), whole.Encode(text, "pair"));
            AssertSame(changed.Encode(text, "pair"), bare.Encode(text, "pair"));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Written_twice_it_is_the_same_bytes(string kind)
    {
        IReadOnlyDictionary<string, byte[]> first = Changed(kind).Files();
        IReadOnlyDictionary<string, byte[]> second = Changed(kind).Files();
        Assert.Equal(first.Keys, second.Keys);
        Assert.All(first, f => Assert.Equal(f.Value, second[f.Key]));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_trimmed_vocabulary_reads_kept_texts_as_before(string kind)
    {
        Tokenizer full = Full(kind);
        HashSet<int> keep = [.. Sentences.Take(200).SelectMany(s => full.EncodeIds(s).Ids)];
        Tokenizer trimmed = full.Trim(keep, out int[] oldIds);
        Assert.True(trimmed.VocabularySize < full.VocabularySize / 2, $"{trimmed.VocabularySize}");
        Assert.Equal(oldIds.Length, trimmed.VocabularySize);
        Assert.Equal(oldIds.Order().Distinct(), oldIds);
        int kept = 0;
        foreach (string text in Sentences)
        {
            Encoding before = full.Encode(text, "a");
            Encoding after = trimmed.Encode(text, "a");
            Assert.All(
                after.Ids,
                (id, i) => Assert.Equal(full.TokenOf(oldIds[id]), after.Tokens[i])
            );
            // A word that was unknown may become readable; everything else must not move.
            if (before.Ids.All(id => keep.Contains(id) && id != full.UnknownId))
            {
                kept++;
                Assert.Equal(before.Tokens, after.Tokens);
                Assert.Equal(before.Offsets, after.Offsets);
                Assert.Equal(before.Ids, after.Ids.Select(id => oldIds[id]));
            }
        }

        Assert.True(kept > 100, $"only {kept} texts were kept whole");
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Trimming_to_nothing_leaves_every_text_readable(string kind)
    {
        Tokenizer full = Full(kind);
        Tokenizer bare = full.Trim(new HashSet<int>(), out _);
        Assert.Equal(full.PadId is null, bare.PadId is null);
        foreach (string text in (string[])["unbelievably readable", "naïve 中 x"])
        {
            Assert.DoesNotContain(bare.UnknownId ?? -1, bare.Encode(text).Ids);
            Assert.Equal(
                full.Decode(full.Encode(text).Ids, true),
                bare.Decode(bare.Encode(text).Ids, true)
            );
        }
    }

    [Fact]
    public void A_word_that_greed_made_unknown_may_become_readable_when_its_trap_is_trimmed()
    {
        // "abcé": the longest start "ab" leaves "cé", and so on; without "ab" it is a + ##bc + ##é.
        System.Text.Json.Nodes.JsonObject json = SmallTokenizer.WordPieceJson();
        json["model"]!["vocab"] = System.Text.Json.Nodes.JsonNode.Parse(
            "{\"[PAD]\":0,\"[UNK]\":1,\"[CLS]\":2,\"[SEP]\":3,\"a\":4,\"ab\":5,\"##bc\":6}"
        );
        Tokenizer full = SmallTokenizer.Load(json);
        Assert.Equal(["[CLS]", "[UNK]", "[SEP]"], full.Encode("abc").Tokens);
        Tokenizer trimmed = full.Trim(new HashSet<int> { 6 }, out int[] oldIds);
        Assert.Equal([0, 1, 2, 3, 4, 6], oldIds);
        Assert.Equal(["[CLS]", "a", "##bc", "[SEP]"], trimmed.Encode("abc").Tokens);
    }

    [Fact]
    public void A_kept_token_keeps_the_merges_that_make_it()
    {
        Tokenizer trimmed = SmallTokenizer
            .Load(SmallTokenizer.BytePairJson())
            .Trim(new HashSet<int> { 6 }, out int[] oldIds);
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 8], oldIds); // "bc" alone is gone
        Assert.Equal(["abcd"], trimmed.Encode("abcd").Tokens);
        Assert.Equal(["b", "c"], trimmed.Encode("bc").Tokens);
    }

    [Fact]
    public void Keeping_an_id_that_no_token_has_is_the_callers_mistake() =>
        Assert.Throws<ArgumentException>(() =>
            RealTokenizers.MiniLm.Trim(new HashSet<int> { 30522 }, out _)
        );

    static Tokenizer Full(string kind) =>
        kind switch
        {
            "wordpiece" => RealTokenizers.MiniLm,
            "gpt2" => RealTokenizers.Gpt2,
            _ => RealTokenizers.Roberta.WithPrefixSpace(true),
        };

    static Tokenizer Changed(string kind)
    {
        Tokenizer full = Full(kind);
        return full.Trim(
            Sentences.Take(100).SelectMany(s => full.EncodeIds(s).Ids).ToHashSet(),
            out _
        );
    }

    static void AssertSame(Encoding expected, Encoding found)
    {
        Assert.Equal(expected.Ids, found.Ids);
        Assert.Equal(expected.TypeIds, found.TypeIds);
        Assert.Equal(expected.Tokens, found.Tokens);
        Assert.Equal(expected.Offsets, found.Offsets);
    }

    [Fact]
    public void A_token_that_begins_each_text_is_put_there_as_OPT_has_it_and_stays_when_saved()
    {
        Tokenizer tokenizer = SmallTokenizer.LoadFiles(
            new Dictionary<string, byte[]>
            {
                ["vocab.json"] = """{"<pad>":0,"</s>":1,"a":2,"b":3,"ab":4}"""u8.ToArray(),
                ["merges.txt"] = "#version: 0.2\na b\n"u8.ToArray(),
                ["tokenizer_config.json"] =
                    """{"tokenizer_class":"GPT2Tokenizer","add_bos_token":true,"bos_token":"</s>","eos_token":"</s>","pad_token":"<pad>","unk_token":"</s>"}"""u8.ToArray(),
            }
        );
        Tokenizer again = SmallTokenizer.LoadFiles(
            tokenizer.Trim(new HashSet<int>(), out _).Files()
        );
        Assert.Equal([1, 4, 2], tokenizer.EncodeIds("aba").Ids);
        Assert.Equal([1, 4, 1, 3], tokenizer.EncodeIds("ab", "b").Ids);
        Assert.Equal(["</s>", "a", "b"], again.Encode("ab").Tokens);
        Assert.Equal([1, 1, 4], tokenizer.EncodeIds("</s>ab").Ids);
    }
}
