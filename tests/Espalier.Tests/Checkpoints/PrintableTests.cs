using Espalier.Checkpoints;

namespace Espalier.Tests.Checkpoints;

public sealed class PrintableTests
{
    [Theory]
    [InlineData("bert.encoder.0 größe 層 😀", "bert.encoder.0 größe 層 😀")]
    [InlineData("a\nb\0c\u001b[2J", "a\\u000Ab\\u0000c\\u001B[2J")]
    [InlineData("\u202Etxt\u200F\u2028", "\\u202Etxt\\u200F\\u2028")]
    [InlineData("\U000E0041", "\\U000E0041")]
    public void Hidden_characters_are_shown_by_number(string text, string shown)
    {
        Assert.Equal(shown, Printable.Escape(text));
        Assert.Equal(text == shown, Printable.IsPlain(text));
    }

    [Fact]
    public void Half_a_surrogate_pair_is_shown_by_number()
    {
        Assert.Equal("a\\uD83D", Printable.Escape("a\uD83D"));
        Assert.False(Printable.IsPlain("a\uD83D"));
    }

    [Fact]
    public void Long_text_is_cut() =>
        Assert.Equal(new string('x', 120) + "…", Printable.Escape(new string('x', 5000)));
}
