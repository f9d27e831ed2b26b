using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;

namespace Espalier.Cli.Reports.Pages;

/// <summary>
/// HTML or SVG. A hole of an interpolated string is text and is escaped unless it is markup itself, so that no name in a
/// file can become markup.
/// </summary>
[InterpolatedStringHandler]
sealed class Markup
{
    readonly StringBuilder _text;

    public Markup(int literalLength, int formattedCount) =>
        _text = new StringBuilder(literalLength + 16 * formattedCount);

    public static Markup Empty { get; } = new(0, 0);

    /// <summary>For what is no user's word: style sheets and scripts of our own, JSON that is escaped already.</summary>
    public static Markup Trusted(string text)
    {
        Markup markup = new(text.Length, 0);
        markup._text.Append(text);
        return markup;
    }

    public static Markup All(IEnumerable<Markup> parts)
    {
        Markup markup = new(0, 16);
        foreach (Markup part in parts)
        {
            markup._text.Append(part._text);
        }

        return markup;
    }

    /// <summary>A part of the page with its heading, which the contents lead to.</summary>
    public static Markup Section(string id, string title, Markup inner) =>
        $"""
            <section id="{id}" aria-labelledby="{id}-title">
            <h2 id="{id}-title">{title}</h2>
            {inner}
            </section>

            """;

    public void AppendLiteral(string text) => _text.Append(text);

    public void AppendFormatted(Markup markup) => _text.Append(markup._text);

    public void AppendFormatted(IEnumerable<Markup> parts)
    {
        foreach (Markup part in parts)
        {
            _text.Append(part._text);
        }
    }

    public void AppendFormatted(string? text) =>
        _text.Append(WebUtility.HtmlEncode(Shown.Whole(text ?? "")));

    public void AppendFormatted(int number) => _text.Append(number);

    /// <summary>A length in the picture: a hundredth of a pixel is more than a screen shows.</summary>
    public void AppendFormatted(double number) =>
        _text.Append(Math.Round(number, 2).ToString(CultureInfo.InvariantCulture));

    public override string ToString() => _text.ToString();
}

static class Parts
{
    /// <summary>A part for each, one behind the other.</summary>
    public static IEnumerable<Markup> Each<T>(this IEnumerable<T> items, Func<T, Markup> of) =>
        items.Select(of);

    /// <inheritdoc cref="Each{T}(IEnumerable{T}, Func{T, Markup})"/>
    public static IEnumerable<Markup> Each<T>(this IEnumerable<T> items, Func<T, int, Markup> of) =>
        items.Select(of);
}
