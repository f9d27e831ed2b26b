using System.Globalization;
using System.Text;

namespace Espalier.Text.Chat;

/// <summary>Texts as Python has them, whose rules templates rely on: white space, code points, how values are written.</summary>
static class PythonText
{
    /// <summary>What Python's strip() takes off.</summary>
    public static readonly char[] Spaces =
    [
        .. Enumerable.Range(0, 0x10000).Select(code => (char)code).Where(IsSpace),
    ];

    public static bool IsSpace(char unit) =>
        char.IsWhiteSpace(unit) || unit is >= '\u001C' and <= '\u001F';

    /// <summary>The code points of a text, each as a text of its own.</summary>
    public static List<object?> Characters(string text) =>
        [.. text.EnumerateRunes().Select(r => (object?)r.ToString())];

    /// <summary>Whether each unit is a code point.</summary>
    public static bool IsPlain(string text) =>
        !text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF');

    public static long Length(string text)
    {
        long length = text.Length;
        foreach (char unit in text)
        {
            length -= char.IsLowSurrogate(unit) ? 1 : 0;
        }

        return length;
    }

    /// <summary>str(): how a value is put into the output.</summary>
    public static string Str(object? value, TemplateRun run)
    {
        switch (value)
        {
            case string text:
                return text;
            case Undefined:
                return "";
            default:
                StringBuilder made = new();
                Repr(value, made, run);
                return made.ToString();
        }
    }

    // repr(): how a value is written inside of another.
    static void Repr(object? value, StringBuilder text, TemplateRun run)
    {
        run.Descend();
        switch (value)
        {
            case string words:
                Quoted(run.Made(words), text);
                break;
            case List<object?> list:
                Between("[", list, "]", item => Repr(item, text, run));
                break;
            case Dictionary<string, object?> map:
                Between(
                    "{",
                    map,
                    "}",
                    pair =>
                    {
                        Quoted(run.Made(pair.Key), text);
                        text.Append(": ");
                        Repr(pair.Value, text, run);
                    }
                );
                break;
            default:
                text.Append(
                    value switch
                    {
                        null => "None",
                        bool flag => flag ? "True" : "False",
                        long number => number.ToString(CultureInfo.InvariantCulture),
                        double number => Float(number),
                        Undefined => "Undefined",
                        _ => throw run.Refuse(
                            $"{Values.NameOf(value)} cannot be written as a text."
                        ),
                    }
                );
                break;
        }

        void Between<T>(string open, IEnumerable<T> items, string close, Action<T> write)
        {
            text.Append(open);
            bool first = true;
            foreach (T item in items)
            {
                text.Append(first ? "" : ", ");
                write(item);
                first = false;
            }

            text.Append(close);
        }
    }

    static string Float(double number)
    {
        if (!double.IsFinite(number))
        {
            return double.IsNaN(number) ? "nan"
                : number > 0 ? "inf"
                : "-inf";
        }

        string written = number.ToString("R", CultureInfo.InvariantCulture);
        if (Math.Abs(number) is >= 1e15 and < 1e16)
        {
            written = ((decimal)number).ToString(CultureInfo.InvariantCulture);
        }

        return written.AsSpan().IndexOfAny('.', 'E') < 0
            ? written + ".0"
            : written.Replace('E', 'e');
    }

    /// <summary>json.dumps() without ASCII escapes.</summary>
    public static void Json(
        object? value,
        int? indent,
        int depth,
        StringBuilder text,
        TemplateRun run
    )
    {
        run.Descend();
        switch (value)
        {
            case null:
                text.Append("null");
                break;
            case bool flag:
                text.Append(flag ? "true" : "false");
                break;
            case string words:
                run.Made(words.Length);
                JsonText(words, text);
                break;
            case long or double:
                Repr(value, text, run);
                break;
            case List<object?> list:
                Items(list, ('[', ']'), item => Json(item, indent, depth + 1, text, run));
                break;
            case Dictionary<string, object?> map:
                Items(
                    [.. map],
                    ('{', '}'),
                    pair =>
                    {
                        JsonText(pair.Key, text);
                        text.Append(": ");
                        Json(pair.Value, indent, depth + 1, text, run);
                    }
                );
                break;
            default:
                throw run.Refuse($"tojson: {Values.NameOf(value)} cannot be written as JSON.");
        }

        void Items<T>(List<T> items, (char Open, char Close) sides, Action<T> write)
        {
            text.Append(sides.Open);
            for (int i = 0; i < items.Count; i++)
            {
                text.Append(
                    i == 0 ? ""
                    : indent is null ? ", "
                    : ","
                );
                Break(depth + 1);
                write(items[i]);
            }

            if (items.Count > 0)
            {
                Break(depth);
            }

            text.Append(sides.Close);
        }

        void Break(int by)
        {
            if (indent is { } width)
            {
                run.Made(width * by);
                text.Append('\n').Append(' ', width * by);
            }
        }
    }

    static void JsonText(string words, StringBuilder text)
    {
        text.Append('"');
        foreach (char unit in words)
        {
            _ = unit switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                '\b' => text.Append("\\b"),
                '\f' => text.Append("\\f"),
                < ' ' => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}"),
                _ => text.Append(unit),
            };
        }

        text.Append('"');
    }

    static void Quoted(string text, StringBuilder result)
    {
        char quote = text.Contains('\'') && !text.Contains('"') ? '"' : '\'';
        result.Append(quote);
        foreach (char unit in text)
        {
            _ = unit switch
            {
                '\n' => result.Append("\\n"),
                '\r' => result.Append("\\r"),
                '\t' => result.Append("\\t"),
                '\\' => result.Append("\\\\"),
                _ when unit == quote => result.Append('\\').Append(unit),
                < ' ' or '\u007F' => result.Append(
                    CultureInfo.InvariantCulture,
                    $"\\x{(int)unit:x2}"
                ),
                _ => result.Append(unit),
            };
        }

        result.Append(quote);
    }
}
