using System.CommandLine;
using System.CommandLine.Parsing;
using System.Numerics;
using Espalier.Data;
using Espalier.Tensors;

namespace Espalier.Cli.Parsing;

/// <summary>Options that say in words what they expected, and values that are safe to ask for in a broken line.</summary>
static class OptionValues
{
    /// <summary>A number of a range; a whole one where the type has no others.</summary>
    public static Option<T> Number<T>(string name, string description, T least, T most)
        where T : struct, INumber<T> =>
        new(name)
        {
            Description = description,
            HelpName = "n",
            CustomParser = result =>
            {
                string text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
                if (Numeral.TryNumber(text, out T value) && value >= least && value <= most)
                {
                    return value;
                }

                result.AddError(
                    $"{name} is '{text}'; a {(T.One / (T.One + T.One) == T.Zero ? "whole " : "")}number from {least} to {most} was expected."
                );
                return default;
            },
        };

    /// <summary>Values that a shell completes, and one of which is meant.</summary>
    public static Option<T> Among<T>(this Option<T> option, IEnumerable<string> values)
    {
        option.CompletionSources.Add([.. values]);
        return option;
    }

    /// <inheritdoc cref="Among{T}(Option{T}, IEnumerable{string})"/>
    public static Argument<T> Among<T>(this Argument<T> argument, IEnumerable<string> values)
    {
        argument.CompletionSources.Add([.. values]);
        return argument;
    }

    /// <summary>What is wrong with the choice, and what was likely meant.</summary>
    public static string NoneOf(string name, string value, IReadOnlyList<string> values)
    {
        string all =
            values.Count == 1
                ? values[0]
                : $"{string.Join(", ", values.Take(values.Count - 1))} or {values[^1]}";
        return Nearest.Likely(value, values) is { } meant
            ? $"{name} is '{value}'; did you mean '{meant}'? {all} was expected."
            : $"{name} is '{value}'; {all} was expected.";
    }

    public static Option<string?> Text(
        string name,
        string helpName,
        string description,
        params string[] aliases
    ) => new(name, aliases) { Description = description, HelpName = helpName };

    /// <summary>The option's value; its type's default where the parser refused what stands there.</summary>
    public static T? ValueOf<T>(this ParseResult parse, Option<T> option) =>
        parse.Errors.Any(e => IsOf(e.SymbolResult, option)) ? default : parse.GetValue(option);

    /// <summary>The argument's value; its type's default where it is missing.</summary>
    public static T? ValueOf<T>(this ParseResult parse, Argument<T> argument) =>
        parse.Errors.Any(e => e.SymbolResult is ArgumentResult here && here.Argument == argument)
            ? default
            : parse.GetValue(argument);

    /// <summary>Whether the option stands in the line.</summary>
    public static bool Has(this ParseResult parse, Option option) =>
        parse.GetResult(option) is { Implicit: false };

    static bool IsOf(SymbolResult? result, Option option) =>
        result is OptionResult here && here.Option == option
        || result?.Parent is OptionResult above && above.Option == option;
}
