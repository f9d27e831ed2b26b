using System.Text.Json;

namespace Espalier.Data.Files;

static class JsonRows
{
    static readonly JsonDocumentOptions Rules = new() { AllowDuplicateProperties = false };

    /// <summary>
    /// One JSON object a line, or one array of objects; numbers and booleans stand for their text, null for the empty one.
    /// </summary>
    public static PackedRows Read(
        DataText file,
        IReadOnlyList<string> columns,
        DataProblems problems
    )
    {
        PackedRows rows = new(columns.Count);
        if (file.Bytes.Span.TrimStart(" \t\r\n"u8).StartsWith((byte)'['))
        {
            ReadArray(file, columns, problems, rows);
            return rows;
        }

        foreach (var (line, text) in file.Lines())
        {
            if (text.Span.ContainsAnyExcept(" \t\r"u8))
            {
                ReadObject(file.Path, line, text, columns, problems, rows);
            }
        }

        return rows;
    }

    static void ReadObject(
        string path,
        int line,
        ReadOnlyMemory<byte> text,
        IReadOnlyList<string> columns,
        DataProblems problems,
        PackedRows rows
    )
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(text, Rules);
            Add(path, line, json.RootElement, columns, problems, rows);
        }
        catch (JsonException e)
        {
            problems.Add(
                $"{path}:{line}: not one JSON object a line (byte {e.BytePositionInLine ?? 0} of the line)."
            );
        }
    }

    /// <summary>An object at a time, so that the whole array is never in memory as a tree.</summary>
    static void ReadArray(
        DataText file,
        IReadOnlyList<string> columns,
        DataProblems problems,
        PackedRows rows
    )
    {
        ReadOnlySpan<byte> text = file.Bytes.Span;
        Utf8JsonReader reader = new(text);
        int line = 1,
            counted = 0;
        try
        {
            reader.Read();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                int start = (int)reader.TokenStartIndex;
                line += text[counted..start].Count((byte)'\n');
                counted = start;
                reader.Skip();
                ReadObject(
                    file.Path,
                    line,
                    file.Bytes[start..(int)reader.BytesConsumed],
                    columns,
                    problems,
                    rows
                );
            }

            // What stands behind the array.
            reader.Read();
        }
        catch (JsonException e)
        {
            problems.Add(
                $"{file.Path}:{(e.LineNumber ?? 0) + 1}: not valid JSON (byte {e.BytePositionInLine ?? 0} of the line); "
                    + "an array of objects, or one object a line, was expected."
            );
        }
    }

    static void Add(
        string path,
        int line,
        JsonElement json,
        IReadOnlyList<string> columns,
        DataProblems problems,
        PackedRows rows
    )
    {
        string at = $"{path}:{line}";
        try
        {
            if (Values(at, json, columns, problems) is { } values)
            {
                rows.Begin(line);
                foreach (string value in values)
                {
                    rows.Add(value);
                }
            }
        }
        catch (InvalidOperationException)
        {
            problems.Add($"{at}: a text holds half of a surrogate pair, which is no Unicode text.");
        }
    }

    static string[]? Values(
        string at,
        JsonElement json,
        IReadOnlyList<string> columns,
        DataProblems problems
    )
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            problems.Add($"{at}: a JSON {json.ValueKind} where an object was expected.");
            return null;
        }

        string[] values = new string[columns.Count];
        for (int c = 0; c < values.Length; c++)
        {
            if (!json.TryGetProperty(columns[c], out JsonElement value))
            {
                string[] names = [.. json.EnumerateObject().Select(property => property.Name)];
                problems.Add(
                    $"{at}: no '{columns[c]}'; the object has {DataProblems.QuoteAll(names)}."
                );
                return null;
            }

            if (value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
            {
                problems.Add(
                    $"{at}: '{columns[c]}' is a JSON {value.ValueKind}; a text or a number was expected."
                );
                return null;
            }

            values[c] = value.ValueKind switch
            {
                JsonValueKind.String => value.GetString()!,
                JsonValueKind.Null => "",
                _ => value.GetRawText(),
            };
        }

        return values;
    }
}
