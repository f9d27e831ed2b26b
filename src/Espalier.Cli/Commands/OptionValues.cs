using System.CommandLine;
using System.CommandLine.Parsing;

namespace Espalier.Cli.Commands;

/// <summary>Options that say in words what they expected, and values that are safe to ask for in a broken line.</summary>
static class OptionValues
{
    /// <summary>A whole number of a range.</summary>
    public static Option<T> Whole<T>(
        string name,
        string description,
        T least,
        T most,
        string? expected = null
    )
        where T : struct, IComparable<T>, ISpanParsable<T> =>
        new(name)
        {
            Description = description,
            HelpName = "n",
            CustomParser = result =>
            {
                string text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
                if (
                    T.TryParse(text, null, out T value)
                    && value.CompareTo(least) >= 0
                    && value.CompareTo(most) <= 0
                )
                {
                    return value;
                }

                result.AddError(
                    $"{name} is '{text}'; {expected ?? $"a whole number from {least} to {most}"} was expected."
                );
                return default;
            },
        };

    public static Option<string?> Text(
        string name,
        string helpName,
        string description,
        params string[] aliases
    ) => new(name, aliases) { Description = description, HelpName = helpName };

    /// <summary>The option's value; its type's default where the parser refused what stands there.</summary>
    public static T? ValueOf<T>(this ParseResult parse, Option<T> option) =>
        parse.Errors.Any(e => IsOf(e.SymbolResult, option)) ? default : parse.GetValue(option);

    /// <summary>Whether the option stands in the line.</summary>
    public static bool Has(this ParseResult parse, Option option) =>
        parse.GetResult(option) is { Implicit: false };

    static bool IsOf(SymbolResult? result, Option option) =>
        result is OptionResult here && here.Option == option
        || result?.Parent is OptionResult above && above.Option == option;
}
