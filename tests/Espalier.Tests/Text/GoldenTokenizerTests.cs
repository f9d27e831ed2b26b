using System.Text.Json;
using Espalier.Tests.Goldens;
using Espalier.Text;
using Espalier.Text.Chat;

namespace Espalier.Tests.Text;

/// <summary>Ids, type ids, tokens, offsets and decoded text against Hugging Face's fast tokenizers.</summary>
[Trait("tier", "golden")]
public sealed class GoldenTokenizerTests
{
    [Fact]
    public void WordPiece_gives_what_the_reference_gives() =>
        Compare("wordpiece.jsonl", RealTokenizers.MiniLm, _ => RealTokenizers.MiniLm);

    [Fact]
    public void WordPiece_from_vocab_txt_alone_gives_the_same()
    {
        string folder = Directory.CreateTempSubdirectory("espalier-text").FullName;
        foreach (string name in (string[])["vocab.txt", "tokenizer_config.json"])
        {
            File.Copy(Path.Combine(RealTokenizers.MiniLmFolder, name), Path.Combine(folder, name));
        }

        Tokenizer bare = Tokenizer.Load(folder);
        Directory.Delete(folder, recursive: true);
        Compare("wordpiece.jsonl", bare, _ => bare);
    }

    [Fact]
    public void Byte_level_BPE_of_GPT2_gives_what_the_reference_gives() =>
        Compare("bpe-gpt2.jsonl", RealTokenizers.Gpt2, p => RealTokenizers.Gpt2.WithPrefixSpace(p));

    [Fact]
    public void Byte_level_BPE_of_RoBERTa_gives_what_the_reference_gives() =>
        Compare(
            "bpe-roberta.jsonl",
            RealTokenizers.Roberta,
            p => RealTokenizers.Roberta.WithPrefixSpace(p)
        );

    [Fact]
    public void Byte_level_BPE_of_SmolLM2_gives_what_the_reference_gives() =>
        Compare("smollm2.jsonl", RealTokenizers.SmolLm2, _ => RealTokenizers.SmolLm2);

    [Fact]
    public void Bytes_and_random_ids_decode_as_in_the_reference_whole_and_one_by_one()
    {
        List<string> wrong = [];
        foreach (
            (string file, Tokenizer tokenizer) in ((string, Tokenizer)[])
                [
                    ("bpe-gpt2-decode.jsonl", RealTokenizers.Gpt2),
                    ("smollm2-decode.jsonl", RealTokenizers.SmolLm2),
                ]
        )
        {
            foreach (JsonElement row in Rows(file))
            {
                int[] ids = Ints(row, "ids");
                string expected = row.GetProperty("decoded").GetString()!;
                string found = tokenizer.Decode(ids, skipSpecial: false);
                TextDecoder decoder = tokenizer.NewDecoder(skipSpecial: false);
                string streamed = string.Concat(ids.Select(decoder.Add)) + decoder.Finish();
                if (found != expected || streamed != expected)
                {
                    wrong.Add(
                        $"{row.GetProperty("ids")}: '{expected}' expected, '{found}' found, '{streamed}' one by one"
                    );
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join("\n", wrong.Take(10)));
    }

    [Fact]
    public void A_conversation_with_SmolLM2_is_written_and_encoded_as_in_the_reference()
    {
        List<string> wrong = [];
        ChatTemplate template = RealTokenizers.SmolLm2.ReadChatTemplate()!;
        foreach (JsonElement row in Rows("smollm2.jsonl"))
        {
            if (row.GetProperty("group").GetString() != "chat")
            {
                continue;
            }

            ChatMessage[] messages =
            [
                .. row.GetProperty("messages")
                    .EnumerateArray()
                    .Select(m => new ChatMessage(
                        m.GetProperty("role").GetString()!,
                        m.GetProperty("content").GetString()!
                    )),
            ];
            string text = template.Render(
                messages,
                row.GetProperty("add_generation_prompt").GetBoolean()
            );
            int[] ids = RealTokenizers.SmolLm2.EncodeAlone(text);
            if (text != row.GetProperty("text").GetString() || !ids.SequenceEqual(Ints(row, "ids")))
            {
                wrong.Add($"{row}: found {text}, {Join(ids)}");
            }
        }

        Assert.True(wrong.Count == 0, string.Join("\n", wrong.Take(5)));
    }

    static void Compare(string file, Tokenizer plain, Func<bool, Tokenizer> withPrefix)
    {
        List<string> wrong = [];
        Dictionary<bool, Tokenizer> byPrefix = new() { [false] = plain };
        int count = 0;
        foreach (JsonElement row in Rows(file))
        {
            if (row.GetProperty("group").GetString() == "chat")
            {
                continue;
            }

            count++;
            bool prefix =
                row.TryGetProperty("add_prefix_space", out JsonElement p) && p.GetBoolean();
            if (!byPrefix.TryGetValue(prefix, out Tokenizer? tokenizer))
            {
                byPrefix[prefix] = tokenizer = withPrefix(prefix);
            }

            if (Difference(tokenizer, row) is { } difference)
            {
                wrong.Add(
                    $"{row.GetProperty("group")} {row.GetProperty("text").GetRawText()}: {difference}"
                );
            }
        }

        Assert.True(count > 0, $"{file} has no rows");
        Assert.True(
            wrong.Count == 0,
            $"{wrong.Count} of {count}:\n{string.Join("\n", wrong.Take(20))}"
        );
    }

    static string? Difference(Tokenizer tokenizer, JsonElement row)
    {
        string text = row.GetProperty("text").GetString()!;
        string? pair = row.GetProperty("pair").GetString();
        JsonElement limit = row.GetProperty("max_length");
        int? maxLength = limit.ValueKind == JsonValueKind.Null ? null : limit.GetInt32();
        Encoding found = tokenizer.Encode(text, pair, maxLength);
        TokenIds fast = tokenizer.EncodeIds(text, pair, maxLength);
        string Pairs((int Start, int End)[] o) =>
            string.Join(",", o.Select(x => $"[{x.Start}, {x.End}]"));
        (string What, string Expected, string Found)[] sides =
        [
            ("ids", Join(Ints(row, "ids")), Join(found.Ids)),
            ("fast ids", Join(Ints(row, "ids")), Join(fast.Ids)),
            ("type ids", Join(Ints(row, "type_ids")), Join(found.TypeIds)),
            ("fast type ids", Join(Ints(row, "type_ids")), Join(fast.TypeIds)),
            (
                "tokens",
                string.Join(
                    " ",
                    row.GetProperty("tokens").EnumerateArray().Select(t => t.GetString())
                ),
                string.Join(" ", found.Tokens)
            ),
            (
                "offsets",
                Pairs([
                    .. row.GetProperty("offsets")
                        .EnumerateArray()
                        .Select(o => (o[0].GetInt32(), o[1].GetInt32())),
                ]),
                Pairs(found.Offsets)
            ),
            .. Decoded(tokenizer, row, "decoded", skip: false),
            .. Decoded(tokenizer, row, "decoded_without_special", skip: true),
        ];
        foreach ((string what, string expected, string actual) in sides)
        {
            if (expected != actual)
            {
                return $"{what}: {expected} expected, {actual} found";
            }
        }

        return null;
    }

    static IEnumerable<(string, string, string)> Decoded(
        Tokenizer tokenizer,
        JsonElement row,
        string name,
        bool skip
    )
    {
        if (row.TryGetProperty(name, out JsonElement expected))
        {
            yield return (name, expected.GetString()!, tokenizer.Decode(Ints(row, "ids"), skip));
        }
    }

    static IEnumerable<JsonElement> Rows(string file) =>
        File.ReadLines(Golden.Path("tokenizers", file))
            .Where(line => line.Length > 0)
            .Select(line => JsonDocument.Parse(line).RootElement);

    static int[] Ints(JsonElement row, string name) =>
        [.. row.GetProperty(name).EnumerateArray().Select(i => i.GetInt32())];

    static string Join(int[] values) => string.Join(",", values);
}
