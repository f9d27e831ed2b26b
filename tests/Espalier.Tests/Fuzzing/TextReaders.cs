using Espalier.Checkpoints;
using Espalier.Tests.Text;
using Espalier.Text;
using Espalier.Text.Chat;

namespace Espalier.Tests.Fuzzing;

/// <summary>Tokenizers of all files; ids to decode, and templates of conversations.</summary>
static partial class Readers
{
    const string BertConfig = """
        {"tokenizer_class":"BertTokenizer","do_lower_case":true,"model_max_length":512,"cls_token":"[CLS]",
         "unk_token":{"content":"[UNK]","lstrip":false,"rstrip":false,"normalized":true,"single_word":false},
         "added_tokens_decoder":{"0":{"content":"[PAD]","special":true}},"additional_special_tokens":["[MASK]"],
         "strip_accents":null,"tokenize_chinese_chars":true}
        """;
    const string RobertaConfig = """
        {"tokenizer_class":"RobertaTokenizer","model_max_length":512,"cls_token":"<s>","bos_token":"<s>",
         "mask_token":{"content":"<mask>","lstrip":true,"rstrip":false,"normalized":true,"single_word":false},
         "added_tokens_decoder":{"7":{"content":"<mask>","special":true}},"add_prefix_space":false}
        """;

    static string[] TokenizerFiles =>
        [
            SmallTokenizer.WordPieceJson().ToJsonString(),
            SmallTokenizer.BytePairJson().ToJsonString(),
            SmallTokenizer.MappedUnigramJson().ToJsonString(),
            SmallTokenizer.SplitBytePairJson().ToJsonString(),
            SmallTokenizer.CharacterPairJson().ToJsonString(),
        ];

    static string[] ChatTemplates =>
        [
            """
                {%- if messages[0]['role'] == 'system' %}{% set s = messages[0].content|trim %}{% set rest = messages[1:] %}
                {%- else %}{% set rest = messages %}{% endif %}
                {{- bos_token }}{% for m in rest %}
                    {%- if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('order') }}{% endif %}
                    {{- '<|' + m.role ~ '|>\n' + (s if loop.first and s is defined else '') + m['content'].strip() + eos_token }}
                {%- endfor %}
                {% if add_generation_prompt -%} {{ "<|assistant|>" }} {%- endif %}
                """,
            """
                {# c #}{%- macro turn(r, t='x') %}[{{ r | upper }}]{{ t | replace('é', 'e') | indent(2) }}{% endmacro %}
                {% set ns = namespace(n=0, l=[]) %}{% for m in messages[::-1] if m.content is string and not m.content.startswith('<') %}
                {% set ns.n = ns.n + 1 %}{{ turn(m.role, t=m.content) }}{% if loop.last %}{% break %}{% endif %}{% else %}none{% endfor %}
                {{ messages | selectattr('role', 'equalto', 'user') | map(attribute='content') | join(', ') }}
                {{ {'a': [1, 2.5, none]} | tojson(indent=2) }}{% raw %}{{ x }}{% endraw %}{{ 'a' if ns.n > 1 else -3 // 2 ** 2 }}
                """,
        ];

    static IEnumerable<Reader> Conversations()
    {
        Tokenizer[] decoders = [.. TokenizerFiles.Select(SmallTokenizer.LoadText)];
        yield return new(
            "ids to decode",
            [
                .. decoders.Select(d =>
                    d.EncodeIds("ab é漢 \U0001F642 <s> ab")
                        .Ids.SelectMany(BitConverter.GetBytes)
                        .ToArray()
                ),
            ],
            (bytes, _) =>
            {
                int[] ids = System
                    .Runtime.InteropServices.MemoryMarshal.Cast<byte, int>(
                        bytes.AsSpan(0, bytes.Length / 4 * 4)
                    )
                    .ToArray();
                foreach (Tokenizer tokenizer in decoders)
                {
                    TextDecoder decoder = tokenizer.NewDecoder(skipSpecial: true);
                    Assert.Equal(
                        tokenizer.Decode(ids, skipSpecial: true),
                        string.Concat(ids.Select(decoder.Add)) + decoder.Finish()
                    );
                }
            }
        );
        yield return new(
            "tokenizer of a gguf",
            [GgufTokenizerTests.Bytes()],
            (bytes, folder) =>
            {
                using GgufFile file = GgufFile.Open(Put(folder, "any.gguf", bytes));
                Tokenizer tokenizer = Tokenizer.Load(file.Fields);
                _ = tokenizer.Decode(tokenizer.EncodeIds("ab é <s>").Ids, skipSpecial: true);
                _ = tokenizer
                    .ReadChatTemplate()
                    ?.Render([new("user", "x")], addGenerationPrompt: true);
            }
        )
        {
            Cost = 8,
        };
        yield return new(
            "chat template",
            [.. ChatTemplates.Select(Utf8)],
            (bytes, _) =>
            {
                ChatTemplate template = ChatTemplate.Parse(
                    Plain(bytes),
                    "here",
                    new Dictionary<string, string> { ["bos_token"] = "<s>", ["eos_token"] = "</s>" }
                );
                Assert.NotNull(
                    template.Render(
                        [new("system", " x "), new("user", "é\n"), new("assistant", "")],
                        true
                    )
                );
            }
        )
        {
            Cost = 4,
        };
    }

    static IEnumerable<Reader> Tokenizers()
    {
        yield return InFolder("tokenizer.json", [.. TokenizerFiles.Select(Utf8)], null, Encode);
        Dictionary<string, byte[]> pieces = new()
        {
            ["vocab.txt"] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\nab\n"u8.ToArray(),
        };
        Dictionary<string, byte[]> pairs = new()
        {
            ["vocab.json"] =
                """{"<s>":0,"<pad>":1,"</s>":2,"<unk>":3,"a":4,"b":5,"ab":6,"<mask>":7}"""u8.ToArray(),
            ["merges.txt"] = "#version: 0.2\na b\n"u8.ToArray(),
        };
        yield return InFolder("vocab.txt", pieces["vocab.txt"], pieces, Encode);
        yield return InFolder("vocab.json", pairs["vocab.json"], pairs, Encode);
        yield return InFolder("merges.txt", pairs["merges.txt"], pairs, Encode);
        foreach (Dictionary<string, byte[]> files in (Dictionary<string, byte[]>[])[pieces, pairs])
        {
            string of = files.Keys.First();
            yield return InFolder(
                "tokenizer_config.json",
                files == pieces ? BertConfig : RobertaConfig,
                files,
                Encode
            ) with
            {
                Name = "tokenizer_config.json with " + of,
            };
            yield return InFolder(
                "special_tokens_map.json",
                files == pieces
                    ? """{"unk_token":"[UNK]","cls_token":{"content":"[CLS]"},"additional_special_tokens":["[MASK]"]}"""
                    : """{"unk_token":"<unk>","cls_token":{"content":"<s>"},"additional_special_tokens":["<mask>"]}""",
                files,
                Encode
            ) with
            {
                Name = "special_tokens_map.json with " + of,
            };
        }
    }

    static void Encode(string folder)
    {
        Tokenizer tokenizer = Tokenizer.Load(folder);
        _ = tokenizer.Decode(tokenizer.EncodeAlone("ab é漢 \U0001F642"), skipSpecial: true);
        Assert.NotNull(tokenizer.EncodeIds("ab [MASK] é漢 \U0001F642 <s> x").Ids);
        Assert.NotNull(tokenizer.Encode("abab", "b a").Ids);
    }
}
