using System.Text.RegularExpressions;

namespace Espalier.Tests.House;

public sealed class GoldenTierTests
{
    const string Tier = "[Trait(\"tier\", \"golden\")]";

    [Fact]
    public void Every_test_class_that_reads_reference_numbers_is_of_the_golden_tier()
    {
        Found.Nothing(Untiered([.. Checkout.Sources("tests/")]));
    }

    [Theory]
    [InlineData("[Fact] void A() => Numbers.Of(1);", "", 1)]
    [InlineData("[Theory] void A() => Golden" + ".Path(a);", "", 1)]
    [InlineData("[Fact] void A() => Numbers.Of(1);", Tier, 0)]
    [InlineData("[Fact] void A() => Assert.True(1 < 2);", "", 0)]
    public void A_class_that_reads_them_through_another_is_found(
        string test,
        string trait,
        int found
    )
    {
        TextFile[] files =
        [
            new("tests/Numbers.cs", "static class Numbers { Of(int n) => Golden" + ".Path(n); }"),
            new("tests/MadeTests.cs", $"{trait} class MadeTests {{ {test} }}"),
        ];
        Assert.Equal(found, Untiered(files).Count);
    }

    /// <summary>Files with tests that mention the goldens, or a class of the tests' own that does, and lack the trait.</summary>
    static IReadOnlyList<string> Untiered(IReadOnlyList<TextFile> files)
    {
        HashSet<string> readers = ["Golden"];
        int before;
        do
        {
            before = readers.Count;
            readers.UnionWith(
                files
                    .Where(f => !HasTests(f) && Mentions(f, readers))
                    .Select(f => Path.GetFileNameWithoutExtension(f.Path))
            );
        } while (readers.Count > before);
        return
        [
            .. files
                .Where(f => HasTests(f) && Mentions(f, readers) && !f.Text.Contains(Tier))
                .Select(f => f.Path),
        ];
    }

    static bool HasTests(TextFile file) =>
        file.Text.Contains("[Fact") || file.Text.Contains("[Theory");

    static bool Mentions(TextFile file, IEnumerable<string> types) =>
        types.Any(type => Regex.IsMatch(file.Text, $@"(?<![\w.]){type}\.[A-Z]"));
}
