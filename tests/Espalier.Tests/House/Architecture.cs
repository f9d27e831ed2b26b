using System.Text.RegularExpressions;

namespace Espalier.Tests.House;

/// <summary>What ARCHITECTURE.md says.</summary>
/// <param name="Folders">First column of "The map", in order.</param>
/// <param name="Rooms">First column of "Who may use whom", in order.</param>
/// <param name="MayUse">For each room, its second column.</param>
/// <param name="Named">Everything in the text that looks like a path.</param>
sealed partial record Architecture(
    IReadOnlyList<string> Folders,
    IReadOnlyList<string> Rooms,
    IReadOnlyDictionary<string, string[]> MayUse,
    IReadOnlyList<string> Named
)
{
    public const string FileName = "ARCHITECTURE.md";

    public static Architecture Read(string markdown)
    {
        string[][] uses = [.. Table(markdown, "Who may use whom")];
        return new Architecture(
            [.. Table(markdown, "The map").Select(row => row[0])],
            [.. uses.Select(row => row[0])],
            uses.ToDictionary(
                row => row[0],
                row =>
                    row[1]
                        .Split(
                            ',',
                            StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries
                        )
            ),
            [
                .. PathLike()
                    .Matches(markdown)
                    .Select(m => m.Groups["path"].Value)
                    .Distinct(StringComparer.Ordinal),
            ]
        );
    }

    /// <summary>The room that a path below src lies in; null for files of a project itself.</summary>
    public static string? RoomOf(string path) =>
        path.Split('/') switch
        {
            ["src", "Espalier.Cli", ..] => "Cli",
            ["src", "Espalier.Server", ..] => "Server",
            ["src", "Espalier" or "Espalier.Compute", var room, _, ..] => room,
            _ => null,
        };

    /// <summary>Cells of the only table below a heading, without the code marks.</summary>
    static IEnumerable<string[]> Table(string markdown, string heading) =>
        markdown
            .Split('\n')
            .SkipWhile(line => line.Trim() != "## " + heading)
            .Skip(1)
            .TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal))
            .Where(line => line.StartsWith('|'))
            .Skip(2)
            .Select(line =>
                line.Trim().Trim('|').Split('|').Select(cell => cell.Trim().Trim('`')).ToArray()
            );

    // A folder in code marks, and anything that ends like a file of ours; the figure leaves out what stands before a room.
    [GeneratedRegex(
        @"`(?<path>[\w.-]+(?:/[\w.-]*)+)`|(?<![\w./-])(?<path>[\w.-]+(?:/[\w.-]+)*\.(?:cs|md|sh|txt|props|slnx))\b"
    )]
    private static partial Regex PathLike();
}
