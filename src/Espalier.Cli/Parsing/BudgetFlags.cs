using System.CommandLine;
using Espalier.Analysis.Choosing;
using Espalier.Data.Metrics;

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
    readonly Option<double> _quality = Bar(
        "The worst accuracy that will do, such as 0.77; of tasks that are not measured by accuracy the worst value of their first metric: the most where less of it is better."
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

    public static Option<double> Bar(string description) =>
        OptionValues.Number("--min-accuracy", description, -Most, Most);

    /// <summary>What is wrong with a bar of this metric; null: nothing.</summary>
    public static string? Problem(double? bar, Metric metric) =>
        bar is { } value && metric.Within(value) != value
            ? $"--min-accuracy is '{value}', and {metric} {(double.IsInfinity(metric.To) ? $"is {metric.From} or more" : $"lies between {metric.From} and {metric.To}")}."
            : null;

    /// <param name="metric">That the bar is of; null where only the data tell.</param>
    public void Check(ParseResult parse, Metric? metric, Problems problems)
    {
        if (metric is not null && Problem(Given(parse, _quality), metric) is { } problem)
        {
            problems.Usage(problem);
        }

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
