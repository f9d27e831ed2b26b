using System.Globalization;
using Espalier.Tensors;

namespace Espalier.Operators;

/// <summary>One option of an operator: its name, and how it is read and written.</summary>
/// <param name="Meaning">A sentence for <c>espalier operators</c>.</param>
/// <param name="Expected">Which values it takes, in words.</param>
/// <param name="With">The operator with this value; an <see cref="ArgumentException"/> for a value it does not take.</param>
public sealed record Option(
    string Name,
    string Meaning,
    string Expected,
    Func<Operator, string> Get,
    Func<Operator, string, Operator> With
)
{
    /// <summary>Came when stages were finished without it: it is no part of their keys where it has its default.</summary>
    public bool Later { get; init; }

    public static Option Number<T>(
        string name,
        string meaning,
        double least,
        double most,
        Func<T, double> get,
        Func<T, double, T> with
    )
        where T : Operator
    {
        string expected = string.Create(
            CultureInfo.InvariantCulture,
            $"a number from {least} to {most}"
        );
        return new Option(
            name,
            meaning,
            expected,
            o => get((T)o).ToString("R", CultureInfo.InvariantCulture),
            (o, text) =>
                Numeral.TryReal(text, out double value) && value >= least && value <= most
                    ? with((T)o, value)
                    : throw Refused(name, text, expected)
        );
    }

    /// <summary>One of an enumeration, written in lower case with hyphens between words.</summary>
    public static Option Choice<T, TEnum>(
        string name,
        string meaning,
        Func<T, TEnum> get,
        Func<T, TEnum, T> with
    )
        where T : Operator
        where TEnum : struct, Enum
    {
        (string Text, TEnum Value)[] choices =
        [
            .. Enum.GetValues<TEnum>().Select(v => (Hyphenated($"{v}"), v)),
        ];
        string expected = string.Join(" or ", choices.Select(c => c.Text));
        return new Option(
            name,
            meaning,
            expected,
            o => Hyphenated($"{get((T)o)}"),
            (o, text) =>
                choices.Any(c => c.Text == text)
                    ? with((T)o, choices.First(c => c.Text == text).Value)
                    : throw Refused(name, text, expected)
        );
    }

    public static Option Text<T>(
        string name,
        string meaning,
        string expected,
        Func<T, string> get,
        Func<T, string, T?> with
    )
        where T : Operator =>
        new(
            name,
            meaning,
            expected,
            o => get((T)o),
            (o, text) => with((T)o, text) ?? throw Refused(name, text, expected)
        );

    /// <param name="example">A count that is usual.</param>
    public static Option Amount<T>(
        string name,
        string meaning,
        int example,
        Func<T, Amount> get,
        Func<T, Amount, T> with
    )
        where T : Operator =>
        Text<T>(
            name,
            meaning,
            $"a count ({example}) or a share (0.5)",
            o => $"{get(o)}",
            (o, text) => Operators.Amount.TryParse(text) is { } amount ? with(o, amount) : null
        );

    static ArgumentException Refused(string name, string text, string expected) =>
        new($"{name} is '{text}'; {expected} was expected");

    static string Hyphenated(string name) =>
        string.Concat(
            name.Select(
                (c, i) => char.IsUpper(c) ? (i > 0 ? "-" : "") + char.ToLowerInvariant(c) : $"{c}"
            )
        );
}
