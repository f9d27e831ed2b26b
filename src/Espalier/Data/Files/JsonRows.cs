using System.Text.Json;

namespace Espalier.Data.Files;

static class JsonRows
{
    /// <summary>One JSON object a line; numbers and booleans stand for their text, null for the empty one.</summary>
    public static List<Row> Read(
        DataText file,
        IReadOnlyList<string> columns,
        DataProblems problems
    )
    {
        List<Row> rows = [];
        string[] lines = file.Text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(lines[i]))
            {
                continue;
            }

            string at = $"{file.Path}:{i + 1}";
            try
            {
                using JsonDocument json = JsonDocument.Parse(
                    lines[i],
                    new JsonDocumentOptions { AllowDuplicateProperties = false }
                );
                if (Values(at, json.RootElement, columns, problems) is { } values)
                {
                    rows.Add(new Row(i + 1, values));
                }
            }
            catch (JsonException e)
            {
                problems.Add(
                    $"{at}: not one JSON object a line (byte {e.BytePositionInLine ?? 0} of the line)."
                );
            }
            catch (InvalidOperationException)
            {
                problems.Add(
                    $"{at}: a text holds half of a surrogate pair, which is no Unicode text."
                );
            }
        }

        return rows;
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
