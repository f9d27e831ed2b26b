using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Espalier.Checkpoints;

/// <summary>
/// JSON files of others: bounded in size and depth, valid UTF-8, no name twice (two programs that keep
/// different ones would see different files).
/// </summary>
public static class JsonFile
{
    const int Deepest = 64;

    /// <summary>The fields of a file that must hold one object.</summary>
    public static JsonFields Read(string path, long mostBytes = 64 << 20) =>
        Parse(path, RegularFile.ReadAll(path, "a JSON file", mostBytes));

    /// <summary>As <see cref="Read"/>; the name stands for the file in messages.</summary>
    public static JsonFields Parse(string name, ReadOnlyMemory<byte> utf8)
    {
        using JsonDocument document = ParseAny(name, utf8);
        return Fields(name, document.RootElement.Clone());
    }

    /// <summary>The fields of an element that must be an object.</summary>
    public static JsonFields Fields(string name, JsonElement element) =>
        element.ValueKind == JsonValueKind.Object
            ? new JsonFields(name, "", element)
            : throw new InvalidDataException(
                $"{name}: holds {JsonFields.Show(element)}; an object was expected."
            );

    /// <summary>A file of any kind of JSON value.</summary>
    public static JsonDocument ReadAny(string path, long mostBytes) =>
        ParseAny(path, RegularFile.ReadAll(path, "a JSON file", mostBytes));

    /// <summary>As <see cref="ReadAny"/>; every name and text of the document can be taken afterwards.</summary>
    public static JsonDocument ParseAny(string name, ReadOnlyMemory<byte> utf8)
    {
        if (!Utf8.IsValid(utf8.Span))
        {
            throw new InvalidDataException(
                $"{name} at byte {FirstInvalid(utf8.Span)}: not valid UTF-8; save the file as UTF-8."
            );
        }

        if (utf8.Span.StartsWith(Encoding.UTF8.Preamble))
        {
            throw new InvalidDataException(
                $"{name} at byte 0: starts with a byte order mark; save the file as UTF-8 without one."
            );
        }

        JsonDocument? document = null;
        try
        {
            document = JsonDocument.Parse(
                utf8,
                new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = Deepest }
            );
            if (utf8.Span.IndexOf("\\ud"u8) >= 0 || utf8.Span.IndexOf("\\uD"u8) >= 0)
            {
                CheckTexts(name, "", document.RootElement);
            }

            return document;
        }
        catch (JsonException e)
        {
            string where = e.LineNumber is { } line
                ? $" at line {line + 1}, byte {e.BytePositionInLine}"
                : "";
            throw new InvalidDataException(
                $"{name}{where}: not valid JSON ({Reason(e)}); correct or fetch the file again.",
                e
            );
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            document?.Dispose();
            throw new InvalidDataException(
                $"{name}: a name holds half a surrogate pair, which is no text; correct the file.",
                e
            );
        }
        catch (InvalidDataException)
        {
            document?.Dispose();
            throw;
        }
    }

    /// <summary>Half of a surrogate pair, written as an escape, is only found when the text is taken.</summary>
    static void CheckTexts(string name, string way, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    string inside = Printable.Escape(property.Name);
                    CheckTexts(name, way.Length == 0 ? inside : $"{way}.{inside}", property.Value);
                }

                break;
            case JsonValueKind.Array:
                int i = 0;
                foreach (JsonElement item in element.EnumerateArray())
                {
                    CheckTexts(name, $"{way}[{i++}]", item);
                }

                break;
            case JsonValueKind.String:
                try
                {
                    _ = element.GetString();
                }
                catch (InvalidOperationException e)
                {
                    throw new InvalidDataException(
                        $"{name}: field '{way}' holds half a surrogate pair, which is no text; correct the file.",
                        e
                    );
                }

                break;
        }
    }

    /// <summary>What is wrong, without the position that the message ends with.</summary>
    internal static string Reason(JsonException e)
    {
        string reason = e.Message;
        foreach (string end in (ReadOnlySpan<string>)[" Path: $", " LineNumber:"])
        {
            int at = reason.IndexOf(end, StringComparison.Ordinal);
            reason = at < 0 ? reason : reason[..at];
        }

        return Printable.Escape(reason.TrimEnd('.'));
    }

    /// <summary>
    /// The elements of an array and the lines that they begin in, one at a time, so that the whole is never in memory as a tree.
    /// </summary>
    /// <exception cref="JsonException">It is no JSON, or not an array alone.</exception>
    public static void EachOf(ReadOnlyMemory<byte> array, Action<int, ReadOnlyMemory<byte>> read)
    {
        Utf8JsonReader reader = new(array.Span);
        int line = 1,
            counted = 0;
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            int start = (int)reader.TokenStartIndex;
            line += array.Span[counted..start].Count((byte)'\n');
            counted = start;
            reader.Skip();
            read(line, array[start..(int)reader.BytesConsumed]);
        }

        // What stands behind the array.
        reader.Read();
    }

    /// <summary>Place of the first byte that is not UTF-8.</summary>
    public static int FirstInvalid(ReadOnlySpan<byte> utf8)
    {
        int at = 0;
        while (
            at < utf8.Length
            && Rune.DecodeFromUtf8(utf8[at..], out _, out int used)
                == System.Buffers.OperationStatus.Done
        )
        {
            at += used;
        }

        return at;
    }
}
