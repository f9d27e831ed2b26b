using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Espalier.Cli.Reports;

/// <summary>Results as JSON: names in snake_case, UTF-8, numbers with all their digits.</summary>
static class JsonText
{
    /// <summary>One indented document and a line break.</summary>
    public static void Document(TextWriter output, Action<Utf8JsonWriter> fill) =>
        Write(output, fill, indented: true);

    /// <summary>One object on one line.</summary>
    public static void Line(TextWriter output, Action<Utf8JsonWriter> fill) =>
        Write(output, fill, indented: false);

    public static void Numbers(this Utf8JsonWriter json, string name, ReadOnlySpan<float> numbers)
    {
        json.WriteStartArray(name);
        foreach (float number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }

    public static void Numbers(this Utf8JsonWriter json, string name, ReadOnlySpan<int> numbers)
    {
        json.WriteStartArray(name);
        foreach (int number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }

    public static void Texts(this Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }

    static void Write(TextWriter output, Action<Utf8JsonWriter> fill, bool indented)
    {
        ArrayBufferWriter<byte> bytes = new();
        JsonWriterOptions options = new()
        {
            Indented = indented,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };
        using (Utf8JsonWriter json = new(bytes, options))
        {
            json.WriteStartObject();
            fill(json);
            json.WriteEndObject();
        }

        output.Write(Encoding.UTF8.GetString(bytes.WrittenSpan));
        output.Write('\n');
    }
}
