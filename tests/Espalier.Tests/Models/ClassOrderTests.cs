using Espalier.Models;

namespace Espalier.Tests.Models;

public sealed class ClassOrderTests
{
    [Theory]
    [InlineData("a b c", "c a b", "2 0 1")]
    [InlineData("NEG NEU POS", "neg neu pos", "0 1 2")]
    [InlineData("Good good", "good Good", "1 0")]
    [InlineData("Good good", "Good good", "0 1")]
    [InlineData("a b", "a b c", null)]
    [InlineData("a b c", "a b", null)]
    [InlineData("a b", "a c", null)]
    [InlineData("1 2", "1.0 2.0", null)]
    [InlineData("Good good", "GOOD good", null)]
    public void Names_are_found_exactly_before_case_is_ignored(
        string outputs,
        string wanted,
        string? order
    ) =>
        Assert.Equal(
            order,
            ClassOrder.Of(outputs.Split(' '), wanted.Split(' ')) is { } found
                ? string.Join(' ', found)
                : null
        );

    [Fact]
    public void Only_the_names_that_transformers_gives_are_none()
    {
        Assert.True(ClassOrder.AreUnnamed(["LABEL_0", "LABEL_10"]));
        Assert.False(ClassOrder.AreUnnamed(["LABEL_0", "LABEL_"]));
        Assert.False(ClassOrder.AreUnnamed(["LABEL_0", "good"]));
        Assert.False(ClassOrder.AreUnnamed(["label_0"]));
    }
}
