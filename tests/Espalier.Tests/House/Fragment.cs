namespace Espalier.Tests.House;

/// <summary>A fenced block of a page.</summary>
/// <param name="Path">The file that the paragraph before it consists of, in code marks; null where there is no such.</param>
/// <param name="Language">What is written behind the fence; empty for pictures.</param>
/// <param name="Line">Of its first line in the page, from 1.</param>
/// <param name="Lines">As they stand in the page.</param>
sealed record Fragment(string? Path, string Language, int Line, IReadOnlyList<string> Lines)
{
    const string Fence = "```";

    public static IEnumerable<Fragment> Of(string markdown)
    {
        string[] lines = markdown.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith(Fence, StringComparison.Ordinal))
            {
                continue;
            }

            string before = i < 2 ? "" : lines[i - 1] + lines[i - 2];
            bool named = before.Length > 2 && before.Trim('`').Length == before.Length - 2;
            string[] inside = [.. lines.Skip(i + 1).TakeWhile(line => line != Fence)];
            yield return new(named ? before.Trim('`') : null, lines[i][3..], i + 2, inside);
            i += inside.Length + 1;
        }
    }

    /// <summary>A sentence for each fragment that is not in its file, line for line, indented all alike.</summary>
    /// <param name="read">Lines of a file; null where there is none.</param>
    public static IEnumerable<string> Drifted(
        string markdown,
        Func<string, IReadOnlyList<string>?> read
    ) =>
        Of(markdown)
            .Where(fragment => fragment.Path is not null || fragment.Language.Length > 0)
            .Select(fragment => fragment.Problem(read))
            .OfType<string>();

    string? Problem(Func<string, IReadOnlyList<string>?> read)
    {
        if (Path is null)
        {
            return $"The fragment of line {Line} names no file in the paragraph before it.";
        }

        if (Lines.Count == 0)
        {
            return $"The fragment of line {Line} is empty.";
        }

        return read(Path) is not { } file ? $"{Path}, named before line {Line}, does not exist."
            : Enumerable.Range(0, file.Count).Any(at => StandsAt(file, at)) ? null
            : $"The fragment that on line {Line} begins '{Lines[0]}' is not in {Path}; copy it anew.";
    }

    bool StandsAt(IReadOnlyList<string> file, int at)
    {
        string indent = file[at][..^file[at].TrimStart().Length];
        indent = indent[
            ..Math.Max(0, indent.Length - Lines[0].Length + Lines[0].TrimStart().Length)
        ];
        return at + Lines.Count <= file.Count
            && Lines
                .Select((line, i) => file[at + i] == (line.Length == 0 ? "" : indent + line))
                .All(same => same);
    }
}
