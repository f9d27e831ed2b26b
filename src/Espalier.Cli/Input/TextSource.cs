using System.Text.Json;

namespace Espalier.Cli.Input;

/// <summary>A text, or a pair, and the line it came from.</summary>
sealed record InputText(string Text, string? Pair, long Line);

/// <summary>Texts one after the other.</summary>
abstract class TextSource
{
    /// <summary>Whether the next text can be had without waiting for the sender.</summary>
    public abstract bool IsWaiting { get; }

    public abstract bool TryNext(out InputText text);
}

/// <summary>Texts of a file that was read whole: a table's, or a JSON array's.</summary>
sealed class ListedTexts(IEnumerable<InputText> texts) : TextSource
{
    readonly IEnumerator<InputText> _texts = texts.GetEnumerator();

    public override bool IsWaiting => true;

    public override bool TryNext(out InputText text)
    {
        bool has = _texts.MoveNext();
        text = has ? _texts.Current : new InputText("", null, 0);
        return has;
    }
}

/// <summary>In which fields or columns the texts stand.</summary>
/// <param name="WereAsked">The user named them; else they are called so where there are any.</param>
sealed record TextFields(string Text, string? Pair, bool WereAsked)
{
    public static TextFields Of(string? text, string? pair) =>
        new(text ?? "text", pair ?? (text is null ? "text_pair" : null), text is not null);

    /// <param name="place">Of the file, for messages.</param>
    public InputText Of(JsonElement json, string place, long line)
    {
        string At(string why) => $"{place}, line {line}: {why}.";
        return new(
            Field(json, Text, At)
                ?? throw new InvalidDataException(
                    At(
                        $"the object has no field '{Text}'; a text was expected in it{(WereAsked ? "" : " (--text names another field)")}"
                    )
                ),
            Pair is null ? null : Field(json, Pair, At),
            line
        );
    }

    public static string Kind(JsonElement json) =>
        json.ValueKind switch
        {
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "an array",
            JsonValueKind.String => "a text",
            JsonValueKind.Number => "a number",
            _ => json.GetRawText(),
        };

    static string? Field(JsonElement json, string name, Func<string, string> at)
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
            throw new InvalidDataException(
                at($"field '{name}' holds {Kind(value)}; a text was expected")
            );
        }

        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            throw new InvalidDataException(
                at($"field '{name}' holds half a surrogate pair, which is no text")
            );
        }
    }
}
