using System.Text;
using System.Text.Json;
using Espalier.Checkpoints;

namespace Espalier.Cli.Input;

/// <summary>The texts of a JSON array: texts as they are, or objects with a field for them.</summary>
static class JsonArray
{
    const long Largest = 1L << 30;

    static readonly JsonDocumentOptions Rules = new() { AllowDuplicateProperties = false };

    /// <summary>The content of the file if an array is all there is in it; null: something else begins there.</summary>
    public static ReadOnlyMemory<byte>? Of(string path)
    {
        byte[] bytes = RegularFile.ReadAll(path, "a JSON file", Largest);
        int start = bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? 3 : 0;
        return bytes.AsSpan(start).TrimStart(" \t\r\n"u8).StartsWith((byte)'[')
            ? new ReadOnlyMemory<byte>(bytes)[start..]
            : default(ReadOnlyMemory<byte>?); // null alone would become an empty memory
    }

    /// <exception cref="InvalidDataException">It is no array of texts or objects; the line is named.</exception>
    public static List<InputText> Texts(ReadOnlyMemory<byte> json, string place, TextFields fields)
    {
        List<InputText> texts = [];
        try
        {
            JsonFile.EachOf(
                json,
                (line, text) =>
                {
                    using JsonDocument element = JsonDocument.Parse(text, Rules);
                    texts.Add(Text(element.RootElement, place, line, fields));
                }
            );
        }
        catch (JsonException e)
        {
            throw new InvalidDataException(
                $"{place}, line {(e.LineNumber ?? 0) + 1}: not valid JSON ({e.Message.Split(" LineNumber:")[0].TrimEnd('.')}).",
                e
            );
        }

        return texts;
    }

    static InputText Text(JsonElement json, string place, int line, TextFields fields)
    {
        if (json.ValueKind == JsonValueKind.Object)
        {
            return fields.Of(json, place, line);
        }

        try
        {
            return json.ValueKind == JsonValueKind.String && !fields.WereAsked
                ? new InputText(json.GetString()!, null, line)
                : throw new InvalidDataException(
                    $"{place}, line {line}: the array holds {TextFields.Kind(json)}; {(fields.WereAsked ? "objects" : "texts or objects")} were expected."
                );
        }
        catch (InvalidOperationException)
        {
            throw new InvalidDataException(
                $"{place}, line {line}: a text holds half a surrogate pair, which is no text."
            );
        }
    }
}
