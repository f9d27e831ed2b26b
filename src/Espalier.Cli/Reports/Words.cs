using System.Text;
using System.Text.RegularExpressions;
using Spectre.Console.Rendering;

namespace Espalier.Cli.Reports;

/// <summary>Text broken at words. What stands in square brackets, an interval, is one word.</summary>
static partial class Words
{
    /// <summary>Lines of at most so many columns; a word that is wider stands alone and is left whole.</summary>
    /// <param name="indent">In front of all lines but the first.</param>
    public static IReadOnlyList<string> Wrap(string text, int width, string indent = "")
    {
        if (Width(text) <= width)
        {
            return [text];
        }

        // What stands in front of the first word, an indentation, stays there.
        StringBuilder line = new(text[..^text.TrimStart().Length]);
        indent = line + indent;
        List<string> lines = [];
        bool empty = true;
        int end = text.Length - text.TrimStart().Length;
        foreach (Match match in Word().Matches(text))
        {
            string gap = text[end..match.Index];
            if (!empty && Width($"{line}{gap}{match.Value}") > width)
            {
                lines.Add($"{line}");
                line.Clear().Append(indent);
                empty = true;
            }

            line.Append(empty ? "" : gap).Append(match.Value);
            (empty, end) = (false, match.Index + match.Length);
        }

        lines.Add($"{line}");
        return lines;
    }

    public static int Widest(string text) =>
        Word().Matches(text).Select(m => Width(m.Value)).DefaultIfEmpty(0).Max();

    /// <summary>Columns of a terminal: a Chinese character takes two.</summary>
    public static int Width(string text) => new Segment(text).CellCount();

    [GeneratedRegex(@"(?:\[[^\]]{0,40}\]|\S)+")]
    private static partial Regex Word();
}
