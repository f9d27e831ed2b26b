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

        try
        {
            using JsonDocument document = JsonDocument.Parse(
                utf8,
                new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = Deepest }
            );
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new JsonFields(name, "", document.RootElement.Clone())
                : throw new InvalidDataException(
                    $"{name}: holds {JsonFields.Show(document.RootElement)}; an object was expected."
                );
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
            throw new InvalidDataException(
                $"{name}: a name holds half a surrogate pair, which is no text; correct the file.",
                e
            );
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

    internal static int FirstInvalid(ReadOnlySpan<byte> utf8)
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
