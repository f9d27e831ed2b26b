using System.Text;
using System.Text.Json;

namespace Espalier.Cli.Input;

/// <summary>A text, or a pair, and the line it came from.</summary>
sealed record InputText(string Text, string? Pair, long Line);

/// <summary>
/// Texts from a file or stdin: one a line as they are, or JSON lines with <c>text</c> and <c>text_pair</c>. Which of the two
/// is decided once: the first line that is not blank is a JSON object, or it is not. An empty line of text is an empty text
/// and is answered, so that answer n belongs to line n; blank lines between JSON objects are passed over.
/// </summary>
sealed class TextInput(ByteLines lines)
{
    const int Deepest = 64;

    bool? _isJson;

    // Empty lines that came before it was known what they are.
    long _emptyBefore;
    InputText? _firstText;

    /// <summary>Whether the next text can be had without waiting for the sender.</summary>
    public bool IsWaiting => _emptyBefore > 0 || _firstText is not null || lines.IsWaiting;

    public bool TryNext(out InputText text)
    {
        if (_isJson is null)
        {
            Decide();
        }

        if (_emptyBefore > 0 || _firstText is not null)
        {
            text = Remembered();
            return true;
        }

        while (lines.TryNext(out ReadOnlySpan<byte> line))
        {
            if (_isJson == false)
            {
                text = new InputText(Utf8(line), null, lines.Number);
                return true;
            }

            if (!IsBlank(line))
            {
                using JsonDocument document =
                    Parse(line, out string why)
                    ?? throw Refused(
                        $"{why}; one object a line was expected, as in the lines before"
                    );
                text = FromJson(document.RootElement);
                return true;
            }
        }

        text = new InputText("", null, 0);
        return false;
    }

    void Decide()
    {
        _isJson = false;
        long blank = 0;
        while (lines.TryNext(out ReadOnlySpan<byte> line))
        {
            if (line.IsEmpty)
            {
                blank++;
                continue;
            }

            using JsonDocument? document = line.TrimStart((byte)' ').StartsWith((byte)'{')
                ? Parse(line, out _)
                : null;
            _isJson = document is not null;
            _firstText = document is null
                ? new InputText(Utf8(line), null, lines.Number)
                : FromJson(document.RootElement);
            break;
        }

        _emptyBefore = _isJson == true ? 0 : blank;
    }

    InputText Remembered()
    {
        if (_emptyBefore > 0)
        {
            long line = (_firstText?.Line ?? lines.Number + 1) - _emptyBefore--;
            return new InputText("", null, line);
        }

        InputText text = _firstText!;
        _firstText = null;
        return text;
    }

    static string Kind(JsonElement json) =>
        json.ValueKind switch
        {
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "an array",
            JsonValueKind.String => "a text",
            JsonValueKind.Number => "a number",
            _ => json.GetRawText(),
        };

    static bool IsBlank(ReadOnlySpan<byte> line) => line.Trim(" \t"u8).IsEmpty;

    JsonDocument? Parse(ReadOnlySpan<byte> line, out string why)
    {
        why = "";
        Utf8(line);
        try
        {
            JsonDocument document = JsonDocument.Parse(
                line.ToArray(),
                new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = Deepest }
            );
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            why = $"the line holds {Kind(document.RootElement)}";
            document.Dispose();
        }
        catch (JsonException e)
        {
            why = $"not valid JSON ({e.Message.Split(" LineNumber:")[0].TrimEnd('.')})";
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            why = "a name holds half a surrogate pair, which is no text";
        }

        return null;
    }

    InputText FromJson(JsonElement json) =>
        new(
            Field(json, "text")
                ?? throw Refused("the object has no field 'text'; a text was expected in it"),
            Field(json, "text_pair"),
            lines.Number
        );

    string? Field(JsonElement json, string name)
    {
        if (
            !json.TryGetProperty(name, out JsonElement value)
            || value.ValueKind == JsonValueKind.Null
        )
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.String)
        {
            throw Refused($"field '{name}' holds {Kind(value)}; a text was expected");
        }

        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            throw Refused($"field '{name}' holds half a surrogate pair, which is no text");
        }
    }

    string Utf8(ReadOnlySpan<byte> line)
    {
        if (System.Text.Unicode.Utf8.IsValid(line))
        {
            return Encoding.UTF8.GetString(line);
        }

        int at = 0;
        while (
            Rune.DecodeFromUtf8(line[at..], out _, out int length)
            == System.Buffers.OperationStatus.Done
        )
        {
            at += length;
        }

        throw Refused($"byte {at + 1} (0x{line[at]:x2}) is not UTF-8; save the texts as UTF-8");
    }

    InvalidDataException Refused(string why) => new($"{lines.Name}, line {lines.Number}: {why}.");
}
