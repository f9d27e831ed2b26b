using CsvHelper;

namespace Espalier.Data.Files;

static class CsvRows
{
    /// <summary>
    /// RFC 4180: quotes wrap fields, are doubled inside, and let line breaks through. A quote amid an
    /// unquoted field is text, as nothing else can be meant; what else breaks the rules is refused.
    /// </summary>
    public static PackedRows Read(
        DataText file,
        char separator,
        IReadOnlyList<string> columns,
        DataProblems problems
    )
    {
        PackedRows rows = new(columns.Count);
        string? why = null;
        CsvReaderOptions rules = CsvReaderOptions.Default with
        {
            Separator = separator,
            HasHeader = false,
            TrackLineNumbers = true,
            OnMalformedRecord = record => why = Why(record.Reason),
        };
        using CsvReader reader = CsvReader.Create(file.Bytes, rules);
        int expected = 0;
        int[]? places = null;
        while (reader.Read())
        {
            string at = $"{file.Path}:{reader.LineNumber}";
            if (why is not null)
            {
                problems.Add(
                    $"{at}: {why} (GLUE's files, whose quotes are literal, are read as tasks)."
                );
                if (places is null)
                {
                    return rows;
                }

                why = null;
            }
            else if (places is null)
            {
                string[] header =
                [
                    .. Enumerable.Range(0, reader.FieldCount).Select(reader.GetString),
                ];
                expected = header.Length;
                places = Columns.Find(file.Path, columns, header, problems);
                if (places is null)
                {
                    return rows;
                }
            }
            else if (reader.FieldCount != expected)
            {
                problems.Add(
                    $"{at}: {DataProblems.Counted(reader.FieldCount, "field")} where the header has {expected}."
                );
            }
            else
            {
                rows.Begin((int)reader.LineNumber);
                foreach (int place in places)
                {
                    rows.Add(reader.GetString(place));
                }
            }
        }

        return rows;
    }

    /// <summary>The fields of the first row.</summary>
    public static string[] Header(DataText file, char separator)
    {
        using CsvReader reader = CsvReader.Create(
            file.Bytes,
            CsvReaderOptions.Default with
            {
                Separator = separator,
                HasHeader = false,
                OnMalformedRecord = _ => { },
            }
        );
        return reader.Read()
            ? [.. Enumerable.Range(0, reader.FieldCount).Select(reader.GetString)]
            : [];
    }

    static string? Why(CsvMalformedReason reason) =>
        reason switch
        {
            CsvMalformedReason.StrayQuote => null,
            CsvMalformedReason.UnterminatedQuote =>
                "a quoted field that begins in this row is never closed; close it, and double quotes inside it",
            _ => "text after the closing quote of a field; double quotes inside a quoted field",
        };
}
