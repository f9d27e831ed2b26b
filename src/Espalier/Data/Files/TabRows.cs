using System.Text;

namespace Espalier.Data.Files;

static class TabRows
{
    /// <summary>
    /// GLUE's form: lines end at LF (a CR before it goes), fields at tabs, and quotes are ordinary
    /// characters. A CSV reader loses a hundred rows of MRPC without a word. A header is given where
    /// the file does not begin with one; skipBroken counts rows with a wrong number of fields in a
    /// warning instead of refusing them. Blank lines are no rows, wherever they stand, as for pandas and CSV.
    /// </summary>
    public static PackedRows Read(
        DataText file,
        IReadOnlyList<string> columns,
        DataProblems problems,
        IReadOnlyList<string>? header = null,
        bool skipBroken = false
    )
    {
        PackedRows rows = new(columns.Count);
        ReadOnlySpan<byte> rest = file.Bytes.Span;
        int line = 0;
        if (header is null)
        {
            header = Fields(Next(ref rest, ref line));
        }

        if (Columns.Find(file.Path, columns, header, problems) is not { } places)
        {
            return rows;
        }

        Range[] fields = new Range[header.Count];
        int broken = 0;
        int firstBroken = 0;
        while (!rest.IsEmpty)
        {
            ReadOnlySpan<byte> text = Next(ref rest, ref line);
            if (IsBlank(text))
            {
                continue;
            }

            int count = text.Count((byte)'\t') + 1;
            if (count == header.Count)
            {
                Split(text, fields);
                rows.Begin(line);
                foreach (int place in places)
                {
                    rows.Add(text[fields[place]]);
                }
            }
            else if (skipBroken)
            {
                firstBroken = broken++ == 0 ? line : firstBroken;
            }
            else
            {
                problems.Add(
                    $"{file.Path}:{line}: {DataProblems.Counted(count, "field")} between tabs where {header.Count} were expected."
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

    static void Split(ReadOnlySpan<byte> text, Span<Range> fields)
    {
        int start = 0;
        for (int field = 0; field < fields.Length; field++)
        {
            int length = text[start..].IndexOf((byte)'\t');
            int end = length < 0 ? text.Length : start + length;
            fields[field] = start..end;
            start = end + 1;
        }
    }

    /// <summary>The fields of the first line.</summary>
    public static string[] Header(DataText file)
    {
        ReadOnlySpan<byte> rest = file.Bytes.Span;
        int line = 0;
        return Fields(Next(ref rest, ref line));
    }

    static ReadOnlySpan<byte> Next(ref ReadOnlySpan<byte> rest, ref int line)
    {
        int end = rest.IndexOf((byte)'\n');
        ReadOnlySpan<byte> text = end < 0 ? rest : rest[..end];
        rest = end < 0 ? default : rest[(end + 1)..];
        line++;
        return text is [.. var before, (byte)'\r'] ? before : text;
    }

    /// <summary>Empty, or spaces alone; a tab separates fields, and so the line has some.</summary>
    static bool IsBlank(ReadOnlySpan<byte> text) => !text.ContainsAnyExcept((byte)' ', (byte)'\r');

    static string[] Fields(ReadOnlySpan<byte> line) => Encoding.UTF8.GetString(line).Split('\t');
}
