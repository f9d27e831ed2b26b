using System.Text.Json.Nodes;
using Espalier.Tests.Goldens;
using Espalier.Text;

namespace Espalier.Tests.Text;

/// <summary>What is Unigram's own: the best sum of scores, unknown characters, trimming and writing.</summary>
[Trait("tier", "golden")]
public sealed class UnigramTests
{
    [Theory]
    [InlineData("ab", "<s> ▁ab </s>")]
    [InlineData("abc", "<s> ▁ a bc </s>")] // ▁ab and nothing for c would be worse
    [InlineData("AB ab", "<s> ▁ab ▁ab </s>")]
    [InlineData("a?!b", "<s> ▁ a <unk> b </s>")]
    [InlineData("", "<s> </s>")]
    [InlineData(" ", "<s> ▁ </s>")]
    public void The_best_sum_of_scores_wins_and_unknown_characters_are_one_token(
        string text,
        string tokens
    )
    {
        Tokenizer tokenizer = SmallTokenizer.Load(SmallTokenizer.UnigramJson());
        Assert.Equal(tokens, string.Join(' ', tokenizer.Encode(text).Tokens));
        Assert.Equal(tokenizer.Encode(text).Ids, tokenizer.EncodeIds(text).Ids);
    }

    [Fact]
    public void A_mark_that_was_put_in_front_has_the_place_of_the_first_character()
    {
        Tokenizer tokenizer = SmallTokenizer.Load(SmallTokenizer.UnigramJson());
        Assert.Equal(
            [(0, 0), (0, 1), (0, 1), (1, 2), (2, 3), (3, 4), (0, 0)],
            tokenizer.Encode("😀a b").Offsets
        );
    }

    [Fact]
    public void Unknown_characters_are_spelt_in_bytes_where_the_file_asks()
    {
        JsonObject json = SmallTokenizer.UnigramJson();
        JsonArray pieces = json["model"]!["vocab"]!.AsArray();
        json["model"]!["byte_fallback"] = true;
        json["added_tokens"]!.AsArray().RemoveAt(2);
        for (int value = 0; value < 256; value++)
        {
            pieces.Add(new JsonArray($"<0x{value:X2}>", -20));
        }

        Tokenizer tokenizer = SmallTokenizer.Load(json);
        Encoding found = tokenizer.Encode("aéa");
        Assert.Equal(["<s>", "▁", "a", "<0xC3>", "<0xA9>", "a", "</s>"], found.Tokens);
        Assert.Equal([(1, 2), (1, 2)], found.Offsets[3..5]);
        Tokenizer trimmed = tokenizer.Trim(new HashSet<int>(), out _);
        Assert.Equal(found.Tokens, SmallTokenizer.LoadFiles(trimmed.Files()).Encode("aéa").Tokens);
    }

    [Fact]
    public void A_trimmed_vocabulary_reads_kept_texts_as_before_and_so_does_what_is_written_of_it()
    {
        int folders = 0,
            kept = 0;
        foreach (string line in File.ReadLines(Golden.Own("tokenizers", "unigram.jsonl")))
        {
            JsonNode folder = JsonNode.Parse(line)!;
            Tokenizer full = SmallTokenizer.LoadFiles(
                folder["files"]!
                    .AsObject()
                    .ToDictionary(f => f.Key, f => SmallTokenizer.Utf8(f.Value!.ToJsonString()))
            );
            string[] texts =
            [
                .. folder["rows"]!.AsArray().Select(r => r!["text"]!.GetValue<string>()),
            ];
            HashSet<int> keep = [.. texts.Take(6).SelectMany(t => full.EncodeIds(t).Ids)];
            Tokenizer trimmed = full.Trim(keep, out int[] oldIds);
            Tokenizer again = SmallTokenizer.LoadFiles(trimmed.Files());
            folders++;
            foreach (string text in texts)
            {
                Encoding before = full.Encode(text, "the end"),
                    after = trimmed.Encode(text, "the end"),
                    read = again.Encode(text, "the end");
                Assert.Equal(after.Ids, read.Ids);
                Assert.Equal(after.TypeIds, read.TypeIds);
                Assert.Equal(after.Offsets, read.Offsets);
                Assert.Equal(trimmed.Decode(after.Ids, true), again.Decode(after.Ids, true));
                if (full.EncodeIds(text, "the end").Ids.All(oldIds.Contains))
                {
                    kept++;
                    Assert.Equal(before.Ids, after.Ids.Select(id => oldIds[id]));
                    Assert.Equal(before.Offsets, after.Offsets);
                    Assert.Equal(before.TypeIds, after.TypeIds);
                }
            }
        }

        Assert.True(folders > 50 && kept > 100, $"{folders} folders, {kept} texts kept whole");
    }
}
