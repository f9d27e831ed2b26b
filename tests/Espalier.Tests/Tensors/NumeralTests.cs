using Espalier.Tensors;

namespace Espalier.Tests.Tensors;

public sealed class NumeralTests
{
    [Theory]
    [InlineData("3.5", 3.5)]
    [InlineData("-1", -1)]
    [InlineData("+2", 2)]
    [InlineData(" 1e-3 ", 1e-3)]
    [InlineData(".5", 0.5)]
    [InlineData("5.", 5)]
    public void A_number_is_digits_with_a_point_a_sign_and_an_exponent(string text, double value)
    {
        Assert.True(Numeral.TryReal(text, out double read));
        Assert.Equal(value, read);
    }

    [Theory]
    [InlineData("3,5")]
    [InlineData("1,000")]
    [InlineData("1,000.5")]
    [InlineData("1_000")]
    [InlineData("1 000")]
    [InlineData("1'000")]
    [InlineData("0x10")]
    [InlineData("１２")]
    [InlineData("(5)")]
    [InlineData("5-")]
    [InlineData("$5")]
    [InlineData("5%")]
    [InlineData("1e400")]
    [InlineData("-1e400")]
    [InlineData("inf")]
    [InlineData("Infinity")]
    [InlineData("∞")]
    [InlineData("NaN")]
    [InlineData("nan")]
    [InlineData("5\0")]
    [InlineData("")]
    [InlineData(".")]
    public void All_else_is_none_and_a_comma_stands_for_nothing(string text)
    {
        Assert.False(Numeral.TryReal(text, out double real), $"{real}");
        Assert.False(Numeral.TryNumber(text, out double number), $"{number}");
        Assert.False(Numeral.TryNumber(text, out float single), $"{single}");
        Assert.False(Numeral.TryWhole(text, out long whole), $"{whole}");
    }

    [Fact]
    public void Whole_numbers_have_no_fraction_and_fit_their_type()
    {
        Assert.True(Numeral.TryWhole("18446744073709551615", out ulong most));
        Assert.Equal(ulong.MaxValue, most);
        Assert.False(Numeral.TryWhole("-1", out ulong _));
        Assert.False(Numeral.TryWhole("2147483648", out int _));
        Assert.False(Numeral.TryWhole("5.0", out int _));
        Assert.False(Numeral.TryNumber("5e0", out int _));
        Assert.True(Numeral.TryNumber("5e0", out double five));
        Assert.Equal(5, five);
    }
}
