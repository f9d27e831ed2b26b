using System.Text.Json;
using Espalier.Checkpoints;

namespace Espalier.Data.Files;

sealed class JsonRows
{
    static readonly JsonDocumentOptions Rules = new() { AllowDuplicateProperties = false };

    readonly string _path;
    readonly IReadOnlyList<string> _columns;
    readonly DataProblems _problems;
    readonly PackedRows _rows;

    JsonRows(string path, IReadOnlyList<string> columns, DataProblems problems)
    {
        (_path, _columns, _problems, _rows) = (path, columns, problems, new(columns.Count));
    }

    /// <summary>
    /// One JSON object a line, or one array of objects; numbers and booleans stand for their text, null for the empty one.
    /// </summary>
    public static PackedRows Read(
        DataText file,
        IReadOnlyList<string> columns,
        DataProblems problems
    )
    {
        JsonRows rows = new(file.Path, columns, problems);
        if (file.Bytes.Span.TrimStart(" \t\r\n"u8).StartsWith((byte)'['))
        {
            rows.ReadArray(file.Bytes);
            return rows._rows;
        }

        foreach (var (line, text) in file.Lines())
        {
            if (text.Span.ContainsAnyExcept(" \t\r"u8))
            {
                rows.ReadObject(line, text);
            }
        }

        return rows._rows;
    }

    void ReadObject(int line, ReadOnlyMemory<byte> text)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(text, Rules);
            Add(line, json.RootElement);
        }
        catch (JsonException e)
        {
            _problems.Add(
                $"{_path}:{line}: not one JSON object a line (byte {e.BytePositionInLine ?? 0} of the line)."
            );
        }
    }

    void ReadArray(ReadOnlyMemory<byte> text)
    {
        try
        {
            JsonFile.EachOf(text, ReadObject);
        }
        catch (JsonException e)
        {
            _problems.Add(
                $"{_path}:{(e.LineNumber ?? 0) + 1}: not valid JSON (byte {e.BytePositionInLine ?? 0} of the line); "
                    + "an array of objects, or one object a line, was expected."
            );
        }
    }

    void Add(int line, JsonElement json)
    {
        string at = $"{_path}:{line}";
        try
        {
            if (Values(at, json) is { } values)
            {
                _rows.Begin(line);
                foreach (string value in values)
                {
                    _rows.Add(value);
                }
            }
        }
        catch (InvalidOperationException)
        {
            _problems.Add(
                $"{at}: a text holds half of a surrogate pair, which is no Unicode text."
            );
        }
    }

    string[]? Values(string at, JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            _problems.Add($"{at}: a JSON {json.ValueKind} where an object was expected.");
            return null;
        }

        string[] values = new string[_columns.Count];
        for (int c = 0; c < values.Length; c++)
        {
            if (!json.TryGetProperty(_columns[c], out JsonElement value))
            {
                string[] names = [.. json.EnumerateObject().Select(property => property.Name)];
                _problems.Add(
                    $"{at}: no '{_columns[c]}'; the object has {DataProblems.QuoteAll(names)}."
                );
                return null;
            }

            if (value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
            {
                _problems.Add(
                    $"{at}: '{_columns[c]}' is a JSON {value.ValueKind}; a text or a number was expected."
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
