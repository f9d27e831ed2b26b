using Espalier.Tensors;
using Espalier.Text.Formats;

namespace Espalier.Tests.Text;

/// <summary>Numbers of tokenizer files: the last bit is that of Hugging Face's library.</summary>
public sealed class LibraryNumberTests
{
    [Theory]
    [InlineData("97.45365320034685", 97.45365320034684)] // serde_json says so of itself
    [InlineData("-97.45365320034685", -97.45365320034684)]
    [InlineData("-0.5", -0.5)]
    [InlineData("12", 12)]
    [InlineData("1.5e3", 1500)]
    [InlineData("25E-1", 2.5)]
    [InlineData("1e+2", 100)]
    [InlineData("123456789012345678901234567890", 1.2345678901234568e29)]
    [InlineData("0.00000000000000000000000000001", 1 / 1e29)] // not the nearest
    [InlineData("0e99999999999999999999", 0)]
    [InlineData("1e-99999999999999999999", 0)]
    [InlineData("1e400", double.PositiveInfinity)]
    [InlineData("-1e99999999999999999999", double.NegativeInfinity)]
    public void A_number_is_its_digits_times_a_power_of_ten(string json, double value) =>
        Assert.Equal(value, LibraryNumber.Read(json));

    [Fact]
    public void What_is_written_is_read_as_it_was()
    {
        Rng rng = new(1);
        for (ulong i = 0; i < 100_000; i++)
        {
            string json = $"{-rng.Uniform(i) * 20:R}";
            double read = LibraryNumber.Read(json);
            Assert.Equal(read, LibraryNumber.Read(LibraryNumber.Write(read)));
        }
    }
}
