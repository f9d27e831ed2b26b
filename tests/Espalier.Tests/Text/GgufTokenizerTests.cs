using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Tests.Goldens;
using Espalier.Text;

namespace Espalier.Tests.Text;

/// <summary>Tokenizers that the metadata of a GGUF file describes.</summary>
[Trait("tier", "golden")]
public sealed class GgufTokenizerTests
{
    [Fact]
    public void The_metadata_of_SmolLM2_give_the_ids_and_the_texts_of_its_tokenizer()
    {
        string file = Golden.Path(
            "..",
            "models",
            "SmolLM2-135M-Instruct",
            "SmolLM2-135M-Instruct.Q4_1.gguf"
        );
        GgufFields fields = SmolLm2();
        if (File.Exists(file))
        {
            using GgufFile real = GgufFile.Open(file);
            fields = real.Fields;
        }

        Tokenizer found = Tokenizer.Load(fields),
            again = SmallTokenizer.LoadFiles(found.Files());
        List<string> wrong = [];
        foreach (string line in File.ReadLines(Golden.Path("tokenizers", "smollm2.jsonl")))
        {
            using JsonDocument row = JsonDocument.Parse(line);
            string text = row.RootElement.GetProperty("text").GetString()!;
            int[] expected = RealTokenizers.SmolLm2.EncodeAlone(text);
            if (
                !found.EncodeIds(text).Ids.SequenceEqual(expected)
                || !again.EncodeIds(text).Ids.SequenceEqual(expected)
                || found.Decode(expected, true) != RealTokenizers.SmolLm2.Decode(expected, true)
            )
            {
                wrong.Add(text);
            }
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count}: {string.Join("\n", wrong.Take(10))}");
        Assert.Equal((1, 2, 0), (found.BosId, found.EosId, found.UnknownId));
        Assert.StartsWith(
            "{% for message in messages %}",
            found.ReadChatTemplate()!.Source,
            StringComparison.Ordinal
        );
        Assert.Equal(found.ReadChatTemplate()!.Source, again.ReadChatTemplate()!.Source);
    }

    [Fact]
    public void Scores_decide_what_SentencePiece_merges_and_the_rest_is_bytes()
    {
        Tokenizer tokenizer = Tokenizer.Load(Fields(Llama()));
        Assert.Equal("SentencePiece BPE", tokenizer.ModelName);
        Assert.Equal(
            ["<s>", "▁a", "bc", "▁", "▁a", "b", "<0xC3>", "<0xA9>", "</s>", "▁", "▁", "b"],
            [.. tokenizer.Encode("abc  abé</s> b").Tokens]
        );
        Assert.Equal(
            "abc abé  b",
            tokenizer.Decode(tokenizer.EncodeIds("abc abé</s> b").Ids, true)
        );
        Assert.Equal([(0, 0), (0, 1), (1, 2), (1, 2)], tokenizer.Encode("aé").Offsets);
    }

    [Fact]
    public void What_is_written_is_read_again_as_the_same_tokenizer()
    {
        Tokenizer llama = Tokenizer.Load(Fields(Llama()));
        foreach (Tokenizer tokenizer in (Tokenizer[])[RealTokenizers.SmolLm2, llama])
        {
            Tokenizer again = Tokenizer.Load(tokenizer.ToGguf());
            foreach (
                string text in (string[])["abc  ab é\n\n 12 don't <s>x<|im_end|>", "", " b", "日本"]
            )
            {
                Assert.Equal(tokenizer.EncodeIds(text).Ids, again.EncodeIds(text).Ids);
            }

            Assert.Equal(tokenizer.ReadChatTemplate()?.Source, again.ReadChatTemplate()?.Source);
            Assert.Equal(tokenizer.EosId, again.EosId);
            Assert.Equal(tokenizer.VocabularySize, again.VocabularySize);
        }

        Assert.Contains(
            "WordPiece is none of a language model",
            Assert.Throws<InvalidDataException>(() => RealTokenizers.MiniLm.ToGguf()).Message
        );
    }

    [Theory]
    [InlineData("model", "bert", "'gpt2', which is byte-level BPE, or 'llama'")]
    [InlineData("model", 7u, "a string")]
    [InlineData("token_type", new[] { 1, 2 }, "a type for each")]
    [InlineData("scores", new[] { 1f, 2f }, "a score for each")]
    [InlineData("tokens", new[] { "a", "a" }, "a vocabulary of tokens that all differ")]
    [InlineData("tokens", new string[0], "a vocabulary of tokens that all differ")]
    [InlineData("bos_token_id", 1_000_000u, "bos_token_id")]
    [InlineData("add_bos_token", "yes", "true or false")]
    [InlineData("remove_extra_whitespaces", true, "remove_extra_whitespaces")]
    public void Metadata_that_cannot_be_obeyed_are_refused_by_name(
        string key,
        object value,
        string named
    )
    {
        OrderedDictionary<string, object> values = Llama();
        values[$"tokenizer.ggml.{key}"] = value;
        string found = Assert
            .Throws<InvalidDataException>(() => Tokenizer.Load(Fields(values)))
            .Message;
        Assert.Contains(named, found);
        Assert.StartsWith("x.gguf", found, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pattern_that_is_not_known_is_refused_by_name()
    {
        OrderedDictionary<string, object> values = Llama();
        values["tokenizer.ggml.model"] = "gpt2";
        values["tokenizer.ggml.pre"] = "tekken";
        Assert.Contains(
            "'tokenizer.ggml.pre' is 'tekken'",
            Assert.Throws<InvalidDataException>(() => Tokenizer.Load(Fields(values))).Message
        );
    }

    /// <summary>A file that has a tokenizer and a template, and nothing else.</summary>
    internal static byte[] Bytes()
    {
        GgufWriter writer = new();
        foreach ((string key, object value) in Llama())
        {
            writer.Add(key, value);
        }

        writer.Add(
            "tokenizer.chat_template",
            "{% for m in messages %}{{ '<|' + m.role + '|>' + m.content }}{% endfor %}"
        );
        using MemoryStream file = new();
        writer.WriteTo(file);
        return file.ToArray();
    }

    internal static GgufFields Fields(OrderedDictionary<string, object> values) =>
        new("x.gguf", values);

    internal static OrderedDictionary<string, object> Llama()
    {
        (string Token, int Type, float Score)[] rows =
        [
            ("<unk>", 2, 0),
            ("<s>", 3, 0),
            ("</s>", 3, 0),
            .. Enumerable.Range(0, 256).Select(v => ($"<0x{v:X2}>", 6, 0f)),
            ("▁a", 1, -2),
            ("bc", 1, -1),
            ("ab", 1, -3),
            ("▁", 1, -9),
            ("a", 1, -9),
            ("b", 1, -9),
            ("c", 1, -9),
        ];
        return new OrderedDictionary<string, object>
        {
            ["tokenizer.ggml.model"] = "llama",
            ["tokenizer.ggml.tokens"] = rows.Select(r => r.Token).ToArray(),
            ["tokenizer.ggml.token_type"] = rows.Select(r => r.Type).ToArray(),
            ["tokenizer.ggml.scores"] = rows.Select(r => r.Score).ToArray(),
            ["tokenizer.ggml.bos_token_id"] = 1u,
            ["tokenizer.ggml.eos_token_id"] = 2u,
            ["tokenizer.ggml.unknown_token_id"] = 0u,
        };
    }

    // What the model's own file says, of the tokenizer.json that was made of it.
    static GgufFields SmolLm2()
    {
        using JsonDocument json = JsonDocument.Parse(
            File.ReadAllBytes(Path.Combine(RealTokenizers.SmolLm2Folder, "tokenizer.json"))
        );
        JsonElement model = json.RootElement.GetProperty("model");
        string[] tokens =
        [
            .. model
                .GetProperty("vocab")
                .EnumerateObject()
                .OrderBy(t => t.Value.GetInt32())
                .Select(t => t.Name),
        ];
        HashSet<int> special =
        [
            .. json
                .RootElement.GetProperty("added_tokens")
                .EnumerateArray()
                .Select(t => t.GetProperty("id").GetInt32()),
        ];
        return Fields(
            new OrderedDictionary<string, object>
            {
                ["tokenizer.ggml.model"] = "gpt2",
                ["tokenizer.ggml.pre"] = "smollm",
                ["tokenizer.ggml.tokens"] = tokens,
                ["tokenizer.ggml.token_type"] = tokens
                    .Select((_, id) => special.Contains(id) ? 3 : 1)
                    .ToArray(),
                ["tokenizer.ggml.merges"] = model
                    .GetProperty("merges")
                    .EnumerateArray()
                    .Select(m =>
                        m.ValueKind == JsonValueKind.String
                            ? m.GetString()!
                            : string.Join(' ', m.EnumerateArray().Select(s => s.GetString()))
                    )
                    .ToArray(),
                ["tokenizer.ggml.bos_token_id"] = 1u,
                ["tokenizer.ggml.eos_token_id"] = 2u,
                ["tokenizer.ggml.unknown_token_id"] = 0u,
                ["tokenizer.ggml.padding_token_id"] = 2u,
                ["tokenizer.ggml.add_bos_token"] = false,
                ["tokenizer.ggml.add_space_prefix"] = false,
                ["tokenizer.chat_template"] = RealTokenizers.SmolLm2.ReadChatTemplate()!.Source,
            }
        );
    }
}
