using System.CommandLine;
using Espalier.Analysis.Choosing;

namespace Espalier.Cli.Parsing;

/// <summary>What an answer may cost and must give.</summary>
sealed class BudgetFlags
{
    const double Most = 1e12;
    const double Mega = 1e6;

    readonly Option<double> _milliseconds = OptionValues.Number(
        "--max-ms",
        "Most milliseconds for an example, as measured on this machine.",
        1e-6,
        Most
    );
    readonly Option<double> _quality = OptionValues.Number(
        "--min-accuracy",
        "Least value of the task's first metric, such as 0.77; accuracy for most.",
        -1.0,
        1.0
    );
    readonly Option<double> _joules = OptionValues.Number(
        "--max-joules",
        "Most joules for an example, measured or modelled as 'espalier doctor' tells.",
        1e-12,
        Most
    );
    readonly Option<double> _megabytes = OptionValues.Number(
        "--max-mb",
        "Most megabytes (10^6 bytes) of the weights in memory.",
        1e-3,
        Most
    );

    public IReadOnlyList<Option> All => [_milliseconds, _quality, _joules, _megabytes];

    public void Check(ParseResult parse, Problems problems)
    {
        if (!All.Any(parse.Has))
        {
            problems.Usage(
                $"There is no budget; give at least one of {string.Join(", ", All.Select(o => o.Name))}."
            );
        }
    }

    public Budget Of(ParseResult parse) =>
        new(
            Given(parse, _milliseconds),
            Given(parse, _quality),
            Given(parse, _joules),
            Given(parse, _megabytes) * Mega
        );

    static double? Given(ParseResult parse, Option<double> option) =>
        parse.Has(option) ? parse.ValueOf(option) : null;
}
