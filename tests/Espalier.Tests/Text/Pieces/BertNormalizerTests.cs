using Espalier.Text.Pieces;

namespace Espalier.Tests.Text.Pieces;

public sealed class BertNormalizerTests
{
    static readonly BertNormalizer Uncased = new(true, true, true, true);
    static readonly BertNormalizer Cased = new(true, true, false, false);
    static readonly BertNormalizer OnlyLower = new(false, false, false, true);

    [Theory]
    [InlineData("Éàü", "eau")]
    [InlineData("ạ\u0301Z", "az")]
    [InlineData("a\u0000b\u200bc\ufffd\u0085d", "abcd")]
    [InlineData("a\tb\u3000c", "a b c")]
    [InlineData("x中y", "x 中 y")]
    [InlineData("한", "\u1112\u1161\u11ab")]
    [InlineData("가", "\u1100\u1161")]
    [InlineData("İ", "i")]
    [InlineData("\U00010400", "\U00010428")]
    [InlineData("\u1dfb", "\u1dfb")] // a mark of Unicode 9, which the reference does not know
    public void Uncased_cleaning(string text, string expected) =>
        Assert.Equal(expected, Uncased.Apply(AlignedText.Of(text, 0)).Units.ToString());

    [Fact]
    public void Cased_cleaning_leaves_accents_and_case() =>
        Assert.Equal("Éİ a", Cased.Apply(AlignedText.Of("Éİ\na", 0)).Units.ToString());

    [Fact]
    public void Lower_case_may_be_longer_and_knows_no_final_sigma()
    {
        Assert.Equal("i\u0307", OnlyLower.Apply(AlignedText.Of("İ", 0)).Units.ToString());
        Assert.Equal(
            "\u03b1\u03c3",
            OnlyLower.Apply(AlignedText.Of("\u0391\u03a3", 0)).Units.ToString()
        );
    }

    [Fact]
    public void Every_unit_remembers_where_it_came_from()
    {
        AlignedText text = Uncased.Apply(AlignedText.Of("\0É\U00010400中", 10));
        Assert.Equal("e\U00010428 中 ", text.Units.ToString());
        Assert.Equal((11, 12), text.Origin(0, 1));
        Assert.Equal((12, 14), text.Origin(1, 3));
        Assert.Equal((14, 15), text.Origin(3, 6));
    }

    [Fact]
    public void Every_code_point_has_a_decomposition_and_a_lower_case()
    {
        Span<int> parts = stackalloc int[UnicodeTable.MostParts];
        for (int code = 0; code < 0x110000; code++)
        {
            Assert.InRange(UnicodeTable.Decompose(code, compatible: false, parts), 1, 4);
            Assert.InRange(UnicodeTable.Decompose(code, compatible: true, parts), 1, parts.Length);
            if (UnicodeTable.Is(code, CodePoint.Lowers))
            {
                Assert.False(UnicodeTable.Lower(code).IsEmpty);
            }
        }
    }
}
