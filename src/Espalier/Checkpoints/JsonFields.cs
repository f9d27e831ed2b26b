using System.Numerics;
using System.Text.Json;

namespace Espalier.Checkpoints;

/// <summary>
/// One object of a JSON file, asked for fields of a known kind. A field that is missing or of another kind
/// is refused by the name of the file and the way to it: "config.json: field 'rope.theta' is …". A field
/// that is null counts as missing.
/// </summary>
public sealed class JsonFields
{
    const int LongestShown = 60;
    readonly string _way;
    readonly JsonElement _object;

    internal JsonFields(string file, string way, JsonElement element)
    {
        File = file;
        _way = way;
        _object = element;
    }

    public string File { get; }

    /// <summary>Every name, also of fields that are null, in the order of the file.</summary>
    public IEnumerable<string> Names
    {
        get
        {
            foreach (JsonProperty property in _object.EnumerateObject())
            {
                yield return Text(() => property.Name, _way);
            }
        }
    }

    public bool Has(string field) => Optional(field) is not null;

    /// <summary>The field as it is; missing or null gives null.</summary>
    public JsonElement? Optional(string field) =>
        _object.TryGetProperty(field, out JsonElement value)
        && value.ValueKind != JsonValueKind.Null
            ? value
            : null;

    public JsonElement Required(string field, string expected = "a value") =>
        Optional(field)
        ?? throw new InvalidDataException(
            $"{File}: field '{Way(field)}' is missing; {expected} was expected."
        );

    public string String(string field) => AsString(Required(field, "a string"), Way(field));

    public string? OptionalString(string field) =>
        Optional(field) is { } value ? AsString(value, Way(field)) : null;

    public int Integer(string field, int least, int most) =>
        (int)AsWhole(Required(field, Range<long>(least, most)), Way(field), least, most);

    public int? OptionalInteger(string field, int least, int most) =>
        Optional(field) is { } value ? (int)AsWhole(value, Way(field), least, most) : null;

    public long Long(string field, long least, long most) =>
        AsWhole(Required(field, Range(least, most)), Way(field), least, most);

    public long? OptionalLong(string field, long least, long most) =>
        Optional(field) is { } value ? AsWhole(value, Way(field), least, most) : null;

    public double Number(string field, double least, double most) =>
        AsNumber(Required(field, Range(least, most)), Way(field), least, most);

    public double? OptionalNumber(string field, double least, double most) =>
        Optional(field) is { } value ? AsNumber(value, Way(field), least, most) : null;

    public bool Flag(string field) => AsFlag(Required(field, "true or false"), Way(field));

    public bool? OptionalFlag(string field) =>
        Optional(field) is { } value ? AsFlag(value, Way(field)) : null;

    public JsonFields Object(string field) => AsObject(Required(field, "an object"), Way(field));

    public JsonFields? OptionalObject(string field) =>
        Optional(field) is { } value ? AsObject(value, Way(field)) : null;

    public IReadOnlyList<string> Strings(string field) => List(field, "strings", AsString);

    public IReadOnlyList<int> Integers(string field, int least, int most) =>
        List(field, "whole numbers", (value, way) => (int)AsWhole(value, way, least, most));

    public IReadOnlyList<double> Numbers(string field, double least, double most) =>
        List(field, "numbers", (value, way) => AsNumber(value, way, least, most));

    public IReadOnlyList<JsonFields> Objects(string field) => List(field, "objects", AsObject);

    /// <summary>The refusal of a field that is of the right kind but cannot be, to be thrown by the caller.</summary>
    public InvalidDataException Refuse(string field, string expected) =>
        Optional(field) is { } value
            ? Refusal(value, Way(field), expected)
            : new($"{File}: field '{Way(field)}' is missing; {expected} was expected.");

    internal static string Show(JsonElement value)
    {
        string raw = value.GetRawText();
        return value.ValueKind switch
        {
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => $"an array of {value.GetArrayLength()}",
            _ => Printable.Escape(raw.Length > LongestShown ? raw[..LongestShown] + "…" : raw),
        };
    }

    List<T> List<T>(string field, string what, Func<JsonElement, string, T> read)
    {
        JsonElement value = Required(field, $"an array of {what}");
        if (value.ValueKind != JsonValueKind.Array)
        {
            throw Refusal(value, Way(field), $"an array of {what}");
        }

        List<T> items = new(value.GetArrayLength());
        foreach (JsonElement item in value.EnumerateArray())
        {
            items.Add(read(item, $"{Way(field)}[{items.Count}]"));
        }

        return items;
    }

    string AsString(JsonElement value, string way) =>
        value.ValueKind == JsonValueKind.String
            ? Text(() => value.GetString()!, way)
            : throw Refusal(value, way, "a string");

    /// <summary>1e3 and 5.0 are refused: a whole number is written as one.</summary>
    long AsWhole(JsonElement value, string way, long least, long most) =>
        value.ValueKind == JsonValueKind.Number
        && value.TryGetInt64(out long number)
        && !value.GetRawText().AsSpan().ContainsAny(".eE")
        && number >= least
        && number <= most
            ? number
            : throw Refusal(value, way, Range(least, most));

    double AsNumber(JsonElement value, string way, double least, double most) =>
        value.ValueKind == JsonValueKind.Number
        && value.TryGetDouble(out double number)
        && double.IsFinite(number)
        && number >= least
        && number <= most
            ? number
            : throw Refusal(value, way, Range(least, most));

    bool AsFlag(JsonElement value, string way) =>
        value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean()
            : throw Refusal(value, way, "true or false");

    JsonFields AsObject(JsonElement value, string way) =>
        value.ValueKind == JsonValueKind.Object
            ? new JsonFields(File, way + ".", value)
            : throw Refusal(value, way, "an object");

    string Text(Func<string> read, string way)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidDataException(
                $"{File}: field '{way}' holds half a surrogate pair, which is no text; correct the file.",
                e
            );
        }
    }

    string Way(string field) => _way + Printable.Escape(field);

    InvalidDataException Refusal(JsonElement value, string way, string expected) =>
        new($"{File}: field '{way}' is {Show(value)}; {expected} was expected.");

    static string Range<T>(T least, T most)
        where T : INumber<T>, IMinMaxValue<T>
    {
        bool whole = typeof(T) == typeof(long);
        string kind = whole ? "a whole number" : "a number";
        string format = whole ? "N0" : "R";
        string from = least.ToString(format, null);
        return most == T.MaxValue ? $"{kind} of at least {from}"
            : least == T.MinValue ? $"{kind} of at most {most.ToString(format, null)}"
            : $"{kind} from {from} to {most.ToString(format, null)}";
    }
}
