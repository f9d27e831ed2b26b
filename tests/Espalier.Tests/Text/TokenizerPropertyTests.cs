using Espalier.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Espalier.Tests.Text;

/// <summary>What holds for every text, however strange.</summary>
[Trait("tier", "golden")]
public sealed class TokenizerPropertyTests
{
    static readonly string[] Bits =
    [
        " ",
        "  ",
        "\n",
        "word",
        "Don't",
        "é",
        "e\u0301",
        "\u0323\u0301",
        "İ",
        "中",
        "한",
        "😀",
        "\ud800",
        "\0",
        "\ufffd",
        "[SEP]",
        "<mask>",
        "</s>",
        "123",
        "...",
        "\u00a0",
    ];

    static readonly Gen<string> Texts = Gen.Elements(Bits)
        .Or(ArbMap.Default.GeneratorFor<string>().Select(s => s ?? ""))
        .ListOf()
        .Select(parts => string.Concat(parts));

    static readonly Tokenizer[] All =
    [
        RealTokenizers.MiniLm,
        RealTokenizers.Gpt2,
        RealTokenizers.Roberta.WithPrefixSpace(true),
    ];

    [Fact]
    public void Ids_are_in_range_offsets_are_in_the_text_and_both_ways_agree() =>
        Check(
            (tokenizer, text) =>
            {
                int codePoints = text.EnumerateRunes().Count();
                Encoding found = tokenizer.Encode(text);
                Assert.Equal(found.Ids, tokenizer.EncodeIds(text).Ids);
                Assert.Equal(found.TypeIds, tokenizer.EncodeIds(text).TypeIds);
                Assert.All(found.Ids, id => Assert.InRange(id, 0, tokenizer.VocabularySize - 1));
                foreach ((int start, int end) in found.Offsets)
                {
                    Assert.InRange(start, 0, end);
                    Assert.InRange(end, start, codePoints);
                }
            }
        );

    [Fact]
    public void A_length_is_kept_and_what_is_kept_is_the_beginning() =>
        Check(
            (tokenizer, text) =>
            {
                int specials = tokenizer.SpecialCount(pair: false);
                int[] whole = tokenizer.EncodeIds(text).Ids;
                int[] cut = tokenizer.EncodeIds(text, null, specials + 3).Ids;
                Assert.Equal(Math.Min(whole.Length, specials + 3), cut.Length);
                Assert.Equal(
                    whole.Take(cut.Length - specials / 2),
                    cut.Take(cut.Length - specials / 2)
                );
            }
        );

    [Fact]
    public void Byte_level_BPE_loses_nothing() =>
        Check(
            (tokenizer, text) =>
            {
                if (tokenizer == RealTokenizers.Gpt2)
                {
                    Assert.Equal(
                        string.Concat(text.EnumerateRunes()),
                        tokenizer.Decode(tokenizer.EncodeIds(text).Ids, skipSpecial: false)
                    );
                }
            }
        );

    static void Check(Action<Tokenizer, string> holds) =>
        Prop.ForAll(
                Texts.ToArbitrary(),
                text =>
                {
                    foreach (Tokenizer tokenizer in All)
                    {
                        holds(tokenizer, text);
                    }
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(300).WithReplay(20261, 1));
}
