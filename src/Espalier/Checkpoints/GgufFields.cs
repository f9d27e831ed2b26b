using System.Globalization;

namespace Espalier.Checkpoints;

/// <summary>
/// The metadata of a GGUF file, asked for keys of a known kind as <see cref="JsonFields"/> is. A number may be stored in any width;
/// it is its value that counts.
/// </summary>
public sealed class GgufFields
{
    const int LongestShown = 60;
    readonly OrderedDictionary<string, object> _values;

    /// <param name="values">Numbers, booleans and strings, and arrays of them.</param>
    internal GgufFields(string file, OrderedDictionary<string, object> values) =>
        (File, _values) = (file, values);

    public string File { get; }

    /// <summary>In the order of the file.</summary>
    public IEnumerable<string> Names => _values.Keys;

    public bool Has(string key) => _values.ContainsKey(key);

    public bool IsList(string key) => _values.GetValueOrDefault(key) is Array;

    public string String(string key) => OptionalString(key) ?? throw Refuse(key, "a string");

    public string? OptionalString(string key) => As(key, v => v as string, "a string");

    public int Integer(string key, int least, int most) =>
        OptionalInteger(key, least, most) ?? throw Refuse(key, Range(least, most));

    public int? OptionalInteger(string key, int least, int most) =>
        (int?)
            AsStruct<long>(
                key,
                v => Whole(v) is { } whole && whole >= least && whole <= most ? whole : null,
                Range(least, most)
            );

    public double? OptionalNumber(string key, double least, double most) =>
        AsStruct<double>(
            key,
            v => Number(v) is { } number && number >= least && number <= most ? number : null,
            $"a number from {Show(least)} to {Show(most)}"
        );

    public bool? OptionalFlag(string key) => AsStruct<bool>(key, v => v as bool?, "true or false");

    /// <summary>Null: the key is missing.</summary>
    public IReadOnlyList<string>? OptionalStrings(string key) =>
        As(key, v => v as string[], "an array of strings");

    /// <summary>Whole numbers of any width; null: the key is missing.</summary>
    public IReadOnlyList<int>? OptionalIntegers(string key, int least, int most) =>
        As(
            key,
            v =>
                v is Array items and not (string[] or bool[] or float[] or double[])
                && items.Cast<object>().Select(Whole).ToArray() is var all
                && all.All(w => w >= least && w <= most)
                    ? all.Select(w => (int)w!).ToArray()
                    : null,
            $"an array of whole numbers from {least} to {most}"
        );

    /// <summary>Null: the key is missing.</summary>
    public IReadOnlyList<float>? OptionalNumbers(string key) =>
        As(key, v => v as float[], "an array of numbers (F32)");

    /// <summary>The refusal of a value that is of the right kind but cannot be, to be thrown by the caller.</summary>
    public InvalidDataException Refuse(string key, string expected) =>
        new(
            _values.TryGetValue(key, out object? value)
                ? $"{File}: key '{Printable.Escape(key)}' is {Show(value)}; {expected} was expected."
                : $"{File}: key '{Printable.Escape(key)}' is missing; {expected} was expected."
        );

    /// <summary>What is stored: a number, a boolean, a string or an array of them.</summary>
    internal IReadOnlyDictionary<string, object> Values => _values;

    T? As<T>(string key, Func<object, T?> read, string expected)
        where T : class =>
        _values.TryGetValue(key, out object? value)
            ? read(value) ?? throw Refuse(key, expected)
            : null;

    T? AsStruct<T>(string key, Func<object, T?> read, string expected)
        where T : struct =>
        _values.TryGetValue(key, out object? value)
            ? read(value) ?? throw Refuse(key, expected)
            : null;

    static long? Whole(object value) =>
        value switch
        {
            byte v => v,
            sbyte v => v,
            ushort v => v,
            short v => v,
            uint v => v,
            int v => v,
            ulong v => v <= long.MaxValue ? (long)v : null,
            long v => v,
            _ => null,
        };

    static double? Number(object value) =>
        value switch
        {
            float v => v,
            double v => v,
            _ => Whole(value),
        };

    static string Range(int least, int most) =>
        $"a whole number from {least.ToString("N0", null)} to {most.ToString("N0", null)}";

    static string Show(object value) =>
        value switch
        {
            string text => "'"
                + Printable.Escape(text.Length > LongestShown ? text[..LongestShown] + "…" : text)
                + "'",
            bool flag => flag ? "true" : "false",
            Array items => $"an array of {items.Length}",
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => $"{value}",
        };
}
