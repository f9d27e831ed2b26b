using System.Text;
using System.Text.Json;
using Espalier.Checkpoints;

namespace Espalier.Cli.Reports;

/// <summary>Results as JSON: names in snake_case, UTF-8, numbers with all their digits.</summary>
static class JsonText
{
    /// <summary>One indented document and a line break.</summary>
    public static void Document(TextWriter output, Action<Utf8JsonWriter> fill) =>
        Write(output, fill);

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

    static void Write(TextWriter output, Action<Utf8JsonWriter> fill, bool indented = true) =>
        output.Write(Encoding.UTF8.GetString(JsonOutput.Document(fill, indented, readable: true)));
}
