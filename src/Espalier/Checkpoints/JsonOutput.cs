using System.Text.Encodings.Web;
using System.Text.Json;

namespace Espalier.Checkpoints;

/// <summary>JSON as we write it by hand: names in the order in which they are written.</summary>
public static class JsonOutput
{
    /// <summary>One object and a line break.</summary>
    /// <param name="readable">Letters beyond ASCII, quotes and the like as they are.</param>
    public static byte[] Document(
        Action<Utf8JsonWriter> fill,
        bool indented = true,
        bool readable = false
    ) => Bytes(json => json.Object(() => fill(json)), indented, readable);

    /// <summary>One array and a line break.</summary>
    public static byte[] List<T>(
        IEnumerable<T> items,
        Action<Utf8JsonWriter, T> write,
        bool indented = true
    ) => Bytes(json => json.Array(items, item => write(json, item)), indented);

    static byte[] Bytes(Action<Utf8JsonWriter> fill, bool indented, bool readable = false)
    {
        using MemoryStream stream = new();
        JsonWriterOptions options = new()
        {
            Indented = indented,
            Encoder = readable ? JavaScriptEncoder.UnsafeRelaxedJsonEscaping : null,
        };
        using (Utf8JsonWriter json = new(stream, options))
        {
            fill(json);
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    /// <summary>An object of an array.</summary>
    public static void Object(this Utf8JsonWriter json, Action fill)
    {
        json.WriteStartObject();
        fill();
        json.WriteEndObject();
    }

    public static void Object(this Utf8JsonWriter json, string name, Action fill)
    {
        json.WritePropertyName(name);
        json.Object(fill);
    }

    public static void Array<T>(
        this Utf8JsonWriter json,
        string name,
        IEnumerable<T> items,
        Action<T> write
    )
    {
        json.WritePropertyName(name);
        json.Array(items, write);
    }

    static void Array<T>(this Utf8JsonWriter json, IEnumerable<T> items, Action<T> write)
    {
        json.WriteStartArray();
        foreach (T item in items)
        {
            write(item);
        }

        json.WriteEndArray();
    }

    /// <summary>An array of objects.</summary>
    public static void Objects<T>(
        this Utf8JsonWriter json,
        string name,
        IEnumerable<T> items,
        Action<T> write
    ) => json.Array(name, items, item => json.Object(() => write(item)));
}
