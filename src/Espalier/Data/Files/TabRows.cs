namespace Espalier.Data.Files;

static class TabRows
{
    /// <summary>
    /// GLUE's form: lines end at LF (a CR before it goes), fields at tabs, and quotes are ordinary
    /// characters. A CSV reader loses a hundred rows of MRPC without a word. A header is given where
    /// the file does not begin with one; skipBroken counts rows with a wrong number of fields in a
    /// warning instead of refusing them.
    /// </summary>
    public static List<Row> Read(
        DataText file,
        IReadOnlyList<string> columns,
        DataProblems problems,
        IReadOnlyList<string>? header = null,
        bool skipBroken = false
    )
    {
        List<Row> rows = [];
        string[] lines = file.Text.Split('\n');
        int end = lines[^1].Length == 0 ? lines.Length - 1 : lines.Length;
        int first = header is null ? 1 : 0;
        header ??= Fields(lines[0]);
        if (Columns.Find(file.Path, columns, header, problems) is not { } places)
        {
            return rows;
        }

        int broken = 0;
        int firstBroken = 0;
        for (int i = first; i < end; i++)
        {
            string[] fields = Fields(lines[i]);
            if (fields.Length == header.Count)
            {
                rows.Add(new Row(i + 1, [.. places.Select(place => fields[place])]));
            }
            else if (skipBroken)
            {
                firstBroken = broken++ == 0 ? i + 1 : firstBroken;
            }
            else
            {
                problems.Add(
                    $"{file.Path}:{i + 1}: {DataProblems.Counted(fields.Length, "field")} between tabs where {header.Count} were expected."
                );
            }
        }

        if (broken > 0)
        {
            problems.Warn(
                $"{file.Path}: {DataProblems.Counted(broken, "row")} with a wrong number of fields skipped, the first at line {firstBroken}."
            );
        }

        return rows;
    }

    /// <summary>The fields of the first line.</summary>
    public static string[] Header(DataText file) => Fields(file.Text.Split('\n', 2)[0]);

    static string[] Fields(string line) => (line.EndsWith('\r') ? line[..^1] : line).Split('\t');
}
