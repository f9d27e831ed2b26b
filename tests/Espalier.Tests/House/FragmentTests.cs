namespace Espalier.Tests.House;

/// <summary>Code that a page shows is code that is there.</summary>
public sealed class FragmentTests
{
    const string Source = "src/Made.cs";

    static readonly string[] Lines =
    [
        "sealed class Made",
        "{",
        "    int sum = 0;",
        "",
        "    sum += 2;",
        "}",
    ];

    [Theory]
    [InlineData("docs/a-kernel-from-scratch.md", 12)]
    [InlineData("docs/an-operator-from-scratch.md", 6)]
    public void Every_fragment_of_a_page_stands_in_the_file_named_above_it(string name, int least)
    {
        string page = Checkout.Read(name).Text;
        Assert.InRange(Fragment.Of(page).Count(f => f.Path is not null), least, 40);
        Found.Nothing(
            Fragment.Drifted(
                page,
                path =>
                    File.Exists(Checkout.Full(path)) ? Checkout.Read(path).Text.Split('\n') : null
            )
        );
    }

    [Theory]
    [InlineData("`src/Made.cs`\n\n```csharp\nint sum = 0;\n\nsum += 2;\n```", null)]
    [InlineData("`src/Made.cs`\n\n```csharp\n    int sum = 0;\n```", null)]
    [InlineData("a picture\n\n```\nint sum = 7;\n```", null)]
    [InlineData("`src/Made.cs`\n\n```csharp\nint sum = 1;\n```", "on line 4 begins")]
    [InlineData("`src/Made.cs`\n\n```csharp\nsum = 0;\n```", "on line 4 begins")]
    [InlineData("`src/Made.cs`\n\n```csharp\nint sum = 0;\nsum += 2;\n```", "on line 4 begins")]
    [InlineData("`src/Made.cs`\n\n```csharp\nint sum = 0;\n\n  sum += 2;\n```", "on line 4 begins")]
    [InlineData("`src/Made.cs`\n\n```csharp\n}\n}\n```", "on line 4 begins")]
    [InlineData("`src/Gone.cs`\n\n```csharp\nint sum = 0;\n```", "does not exist")]
    [InlineData("some text\n\n```csharp\nint sum = 0;\n```", "names no file")]
    [InlineData("`src/Made.cs`\n\n```csharp\n```", "is empty")]
    public void A_fragment_that_drifted_from_its_file_is_reported(string page, string? expected)
    {
        string[] drifted = [.. Fragment.Drifted(page, path => path == Source ? Lines : null)];
        if (expected is null)
        {
            Found.Nothing(drifted);
        }
        else
        {
            Assert.Contains(expected, Assert.Single(drifted));
        }
    }
}
