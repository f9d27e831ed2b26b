using System.Text.RegularExpressions;

namespace Espalier.Tests.House;

/// <summary>Compares source files with the table of who may use whom.</summary>
static partial class Layers
{
    /// <summary>One sentence for each line that uses what its room may not use.</summary>
    /// <param name="sources">All of src: a name such as <c>Models.Model</c> counts where that room has a file of the type.</param>
    public static IReadOnlyList<string> Violations(
        Architecture architecture,
        IReadOnlyList<TextFile> sources
    )
    {
        HashSet<(string, string)> types =
        [
            .. sources
                .Where(s => Architecture.RoomOf(s.Path) is not null)
                .Select(s =>
                    (Architecture.RoomOf(s.Path)!, Path.GetFileNameWithoutExtension(s.Path))
                ),
        ];
        return [.. sources.SelectMany(source => Violations(architecture, types, source))];
    }

    static IEnumerable<string> Violations(
        Architecture architecture,
        HashSet<(string, string)> types,
        TextFile source
    )
    {
        string? room = Architecture.RoomOf(source.Path);
        if (room is null || !architecture.MayUse.TryGetValue(room, out string[]? allowed))
        {
            yield return $"{source.Path} lies in no room of the table in {Architecture.FileName}; "
                + "move it into one or add its room.";
            yield break;
        }

        string[] lines = source.Text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].TrimStart().StartsWith("//", StringComparison.Ordinal))
            {
                continue;
            }

            IEnumerable<string> used = Qualified()
                .Matches(lines[i])
                .Select(m => m.Groups[1].Value)
                .Concat(
                    Relative()
                        .Matches(lines[i])
                        .Where(m => types.Contains((m.Groups[1].Value, m.Groups[2].Value)))
                        .Select(m => m.Groups[1].Value)
                );
            foreach (string other in used.Distinct().Where(o => o != room && !allowed.Contains(o)))
            {
                yield return $"{source.Path} line {i + 1}: {room} uses {other}, and may use "
                    + $"{(allowed.Length == 0 ? "no room" : string.Join(", ", allowed))}.";
            }

            if (room != "Cli" && Prints().IsMatch(lines[i]))
            {
                yield return $"{source.Path} line {i + 1}: {room} uses the console, which is Cli's.";
            }
        }
    }

    [GeneratedRegex(@"\bEspalier\.([A-Z]\w*)")]
    private static partial Regex Qualified();

    [GeneratedRegex(@"(?<![\w.])([A-Z]\w*)\.([A-Z]\w*)")]
    private static partial Regex Relative();

    [GeneratedRegex(@"\bConsole\b")]
    private static partial Regex Prints();
}
