using System.Text;
using System.Text.Json;
using Espalier.Checkpoints;

namespace Espalier.Cli.Input;

/// <summary>
/// Texts from a file or stdin: one a line as they are, or JSON lines with <c>text</c> and <c>text_pair</c>. Which of the two
/// is decided once, by the file's name or else by the first line that is not blank: it is a JSON object, or it is not. An empty line of text is an empty text
/// and is answered, so that answer n belongs to line n; blank lines between JSON objects are passed over.
/// </summary>
/// <param name="fields">Of the objects; what was asked for by name must be there.</param>
/// <param name="isJson">Null: the first line tells.</param>
sealed class TextInput(ByteLines lines, TextFields fields, bool? isJson) : TextSource
{
    const int Deepest = 64;

    readonly bool _mustBeJson = isJson == true;
    bool? _isJson = isJson;

    // Empty lines that came before it was known what they are.
    long _emptyBefore;
    InputText? _firstText;

    /// <summary>Whether the next text can be had without waiting for the sender.</summary>
    public override bool IsWaiting => _emptyBefore > 0 || _firstText is not null || lines.IsWaiting;

    public override bool TryNext(out InputText text)
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
                        $"{why}; one object a line was expected{(_mustBeJson ? "" : ", as in the lines before")}"
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

            if (IsArray(line))
            {
                throw Refused(
                    "a JSON array begins here; one object or text a line was expected, or an array in a file whose name ends with .json"
                );
            }

            using JsonDocument? document = line.TrimStart((byte)' ').StartsWith((byte)'{')
                ? Parse(line, out _)
                : null;
            _isJson = document is not null;
            if (document is null && fields.WereAsked)
            {
                throw Refused(
                    $"the line is a text and no JSON object, so it has no '{fields.Text}'; leave out --text, or give a table or JSON lines"
                );
            }

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

    /// <summary>An array of objects, or the beginning of one over several lines; in brackets alone stand texts, too.</summary>
    static bool IsArray(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> text = line.Trim(" \t"u8);
        if (text is not [(byte)'[', ..])
        {
            return false;
        }

        text = text[1..].TrimStart(" \t"u8);
        return text.IsEmpty || text is [(byte)'{', (byte)'"', ..] or [(byte)'{'];
    }

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

            why = $"the line holds {TextFields.Kind(document.RootElement)}";
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

    InputText FromJson(JsonElement json) => fields.Of(json, lines.Name, lines.Number);

    string Utf8(ReadOnlySpan<byte> line)
    {
        if (System.Text.Unicode.Utf8.IsValid(line))
        {
            return Encoding.UTF8.GetString(line);
        }

        int at = JsonFile.FirstInvalid(line);
        throw Refused($"byte {at + 1} (0x{line[at]:x2}) is not UTF-8; save the texts as UTF-8");
    }

    InvalidDataException Refused(string why) => new($"{lines.Name}, line {lines.Number}: {why}.");
}
