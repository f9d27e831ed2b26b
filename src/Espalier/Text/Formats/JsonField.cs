using System.Text.Json;
using Espalier.Checkpoints;

namespace Espalier.Text.Formats;

/// <summary>A value in a JSON file that knows its place, so that whatever is refused is named.</summary>
readonly struct JsonField
{
    const int LargestFile = 512 << 20;
    readonly string _file;
    readonly string _place;
    readonly JsonElement _value;

    JsonField(string file, string place, JsonElement value)
    {
        _file = file;
        _place = place;
        _value = value;
    }

    public bool IsNull => _value.ValueKind == JsonValueKind.Null;
    public bool IsObject => _value.ValueKind == JsonValueKind.Object;
    public bool IsArray => _value.ValueKind == JsonValueKind.Array;
    public bool IsText => _value.ValueKind == JsonValueKind.String;

    /// <summary>The document that a file holds.</summary>
    public static JsonField Of(string file, byte[] bytes)
    {
        JsonDocumentOptions options = new() { AllowDuplicateProperties = false, MaxDepth = 32 };
        try
        {
            ReadOnlyMemory<byte> json = bytes.AsSpan().StartsWith("\uFEFF"u8)
                ? bytes.AsMemory(3)
                : bytes;
            return new JsonField(
                file,
                "the document",
                JsonDocument.Parse(json, options).RootElement
            );
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException(
                $"{file}: this is not JSON that can be read: {e.Message}",
                e
            );
        }
    }

    /// <summary>A value that does not stand in the file, but follows from it.</summary>
    public JsonField Derived(string json) =>
        new(_file, "the document", JsonDocument.Parse(json).RootElement);

    /// <summary>The JSON of this value, as it was written.</summary>
    public string Raw => Guard(_value.GetRawText);

    /// <summary>Whether two values say the same.</summary>
    public static bool Same(JsonField? left, JsonField? right) =>
        left is { } l && right is { } r
            ? JsonElement.DeepEquals(l._value, r._value)
            : left is null && right is null;

    /// <summary>A text and a finite number, as <see cref="LibraryNumber"/> has it, in an array of their own.</summary>
    public (string Text, double Number) Scored()
    {
        bool pair =
            IsArray
            && _value.GetArrayLength() == 2
            && _value[0].ValueKind == JsonValueKind.String
            && _value[1].ValueKind == JsonValueKind.Number;
        double number = pair ? LibraryNumber.Read(_value[1].GetRawText()) : double.NaN;
        if (!double.IsFinite(number))
        {
            throw Refuse($"a text and a finite number are expected, not {Short(Raw)}.");
        }

        JsonElement text = _value[0];
        return (Guard(() => text.GetString()!), number);
    }

    /// <summary>Reads a file, refusing one that is missing or absurdly large.</summary>
    public static byte[] ReadBytes(string file) =>
        RegularFile.ReadAll(file, "a file of a tokenizer", LargestFile);

    public InvalidDataException Refuse(string why) => new(Remark(why));

    /// <summary>A sentence about this field, with its place.</summary>
    public string Remark(string what) => $"{_file}: {_place}: {what}";

    /// <summary>A field that must be there.</summary>
    public JsonField this[string name] =>
        Optional(name) ?? throw Refuse($"the field '{name}' is missing.");

    /// <summary>A field, or null where it is missing or null.</summary>
    public JsonField? Optional(string name)
    {
        Demand(IsObject, "an object");
        return
            _value.TryGetProperty(name, out JsonElement value)
            && value.ValueKind != JsonValueKind.Null
            ? new JsonField(_file, Inside(name), value)
            : null;
    }

    /// <summary>Refuses every field that has no meaning here, by name.</summary>
    public void AllowOnly(params ReadOnlySpan<string> names)
    {
        foreach ((string name, JsonField field) in Members())
        {
            if (!names.Contains(name))
            {
                throw field.Refuse("this field is not known to Espalier, so it cannot be obeyed.");
            }
        }
    }

    public IEnumerable<(string Name, JsonField Value)> Members()
    {
        Demand(IsObject, "an object");
        foreach (JsonProperty member in _value.EnumerateObject())
        {
            string name = Guard(() => member.Name);
            yield return (name, new JsonField(_file, Inside(name), member.Value));
        }
    }

    public IEnumerable<JsonField> Items()
    {
        Demand(IsArray, "an array");
        int index = 0;
        foreach (JsonElement item in _value.EnumerateArray())
        {
            yield return new JsonField(_file, $"{_place}[{index++}]", item);
        }
    }

    public string Text()
    {
        Demand(IsText, "a string");
        JsonElement value = _value;
        return Guard(() => value.GetString()!);
    }

    public bool Flag()
    {
        Demand(_value.ValueKind is JsonValueKind.True or JsonValueKind.False, "true or false");
        return _value.GetBoolean();
    }

    /// <summary>A whole number from 0 up to, not including, <paramref name="limit"/>.</summary>
    public int Number(int limit)
    {
        Demand(_value.ValueKind == JsonValueKind.Number, "a number");
        return _value.TryGetInt32(out int number) && number >= 0 && number < limit
            ? number
            : throw Refuse(
                $"{Short(_value.GetRawText())} is not a whole number from 0 to {limit - 1}."
            );
    }

    public bool IsZero =>
        _value.ValueKind == JsonValueKind.Number && _value.TryGetDouble(out double n) && n == 0;

    /// <summary>The number if it is a whole one of 64 bits, else null.</summary>
    public long? Long() =>
        _value.ValueKind == JsonValueKind.Number && _value.TryGetInt64(out long number)
            ? number
            : null;

    string Inside(string name) => _place == "the document" ? name : $"{_place}.{Short(name)}";

    static string Short(string text) => text.Length <= 60 ? text : $"{text.AsSpan(0, 60)}…";

    void Demand(bool holds, string what)
    {
        if (!holds)
        {
            throw Refuse(
                $"{what} is expected, not {_value.ValueKind.ToString().ToLowerInvariant()}."
            );
        }
    }

    // Half of a surrogate pair, written as an escape, is only found when the string is taken.
    string Guard(Func<string> take)
    {
        try
        {
            return take();
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidDataException($"{_file}: {_place}: a string is not valid Unicode.", e);
        }
    }
}
