using System.Text.RegularExpressions;

namespace Espalier.Tests.House;

public sealed partial class HouseTests
{
    const int MostLines = 500;
    const int MostReadmeLines = 160;
    const long MostBytes = 30_000_000;

    // Weights, and texts that others wrote: what looks like a path in them is no place of ours.
    static readonly string[] Foreign = [".safetensors", ".csv", ".jsonl", ".tsv", ".txt"];

    [Fact]
    public void No_source_file_has_more_than_500_lines()
    {
        Found.Nothing(
            Checkout
                .Sources("")
                .Select(s => (s.Path, Lines: s.Text.Split('\n').Length - 1))
                .Where(s => s.Lines > MostLines)
        );
    }

    [Fact]
    public void No_file_is_larger_than_30_MB()
    {
        Found.Nothing(
            Checkout
                .Paths.Select(p => (p, Bytes: new FileInfo(Checkout.Full(p)).Length))
                .Where(f => f.Bytes > MostBytes)
        );
    }

    [Fact]
    public void No_file_names_a_place_on_somebodys_machine()
    {
        Found.Nothing(
            Checkout
                .Paths.Where(p => !Foreign.Contains(Path.GetExtension(p)))
                .SelectMany(p => Places(Checkout.Read(p).Text).Select(place => (p, place)))
        );
    }

    [Theory]
    [InlineData("root", "cd /{0}/espalier", 1)]
    [InlineData("home", "\"/{0}/ann/models\"", 1)]
    [InlineData("Users", "C:\\\\{0}\\\\ann", 1)]
    [InlineData("Users", "file:///{0}/ann", 1)]
    [InlineData("work", "../{0}/espalier and https://example.org/{0}/ann", 0)]
    public void A_place_on_a_machine_is_told_from_a_relative_path(
        string folder,
        string text,
        int places
    )
    {
        Assert.Equal(places, Places(string.Format(text, folder)).Count());
    }

    [Fact]
    public void The_README_has_at_most_160_lines()
    {
        Assert.InRange(Checkout.Read("README.md").Text.Split('\n').Length - 1, 1, MostReadmeLines);
    }

    [Fact]
    public void Src_has_at_most_so_many_lines()
    {
        // Growth is a visible change of one line; deleting makes it smaller.
        const int most = 97_000;
        Assert.InRange(Checkout.Sources("src").Sum(s => s.Text.Split('\n').Length - 1), 1, most);
    }

    [Fact]
    public void The_READMEs_test_command_is_a_line_of_the_continuous_integration()
    {
        string command = Assert.Single(
            Checkout.Read("README.md").Text.Split('\n'),
            line => line.StartsWith("dotnet test", StringComparison.Ordinal)
        );
        Assert.Contains(
            command,
            Checkout.Read(".ci/run").Text.Split('\n').Select(line => line.Trim())
        );
    }

    [Fact]
    public void The_NOTICE_names_everything_that_is_redistributed()
    {
        string notice = Checkout.Read("NOTICE").Text;
        string[] shipped =
        [
            .. Directory
                .EnumerateDirectories(Checkout.Full("src/Espalier/Data/Shipped"))
                .Select(folder => Path.GetFileName(folder)),
        ];
        Assert.NotEmpty(shipped);
        Found.Nothing(shipped.Where(name => !notice.Contains(name)));
    }

    [Fact]
    public void The_NOTICE_names_every_package_and_lies_beside_the_program_with_the_licences()
    {
        string notice = Checkout.Read("NOTICE").Text;
        string[] packages =
        [
            .. Package()
                .Matches(Checkout.Read("Directory.Packages.props").Text)
                .Select(match => match.Groups[1].Value),
        ];
        Assert.Contains("Iced", packages);
        Found.Nothing(packages.Where(name => !notice.Contains(name)));
        foreach (string name in (string[])["NOTICE", "LICENSE"])
        {
            Assert.Equal(
                Checkout.Read(name).Text,
                File.ReadAllText(Path.Combine(AppContext.BaseDirectory, name))
            );
        }

        Assert.True(File.Exists(Path.Combine(AppContext.BaseDirectory, "THIRD-PARTY-NOTICES.TXT")));
    }

    static IEnumerable<string> Places(string text) =>
        Absolute().Matches(text).Select(match => match.Value);

    [GeneratedRegex(@"<(?:Global)?Package(?:Version|Reference) Include=""([^""]+)""")]
    private static partial Regex Package();

    [GeneratedRegex(@"(?<![\w.])/(?:home|Users|root|work|mnt)/\w+|\b[A-Z]:\\{1,2}Users\\")]
    private static partial Regex Absolute();
}
