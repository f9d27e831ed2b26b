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
        "Most milliseconds for an example, or for a token that a language model writes, as measured on this machine.",
        1e-6,
        Most
    );
    readonly Option<double> _quality = Bar(
        "The worst accuracy that will do, such as 0.77; of tasks that are not measured by accuracy the worst value of their first metric: the most where less of it is better."
    );
    readonly Option<double> _perplexity = OptionValues.Number(
        "--max-perplexity",
        "Of a language model the most perplexity on its text that will do, such as 25.",
        1,
        Most
    );
    readonly Option<double> _joules = OptionValues.Number(
        "--max-joules",
        "Most joules for an example, or for a token that a language model writes, measured or modelled as 'espalier doctor' tells.",
        1e-12,
        Most
    );
    readonly Option<double> _megabytes = OptionValues.Number(
        "--max-mb",
        "Most megabytes (10^6 bytes) of the weights in memory.",
        1e-3,
        Most
    );

    public IReadOnlyList<Option> All => [_milliseconds, _quality, _perplexity, _joules, _megabytes];

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
        if (metric is not null && Problem(parse, metric) is { } problem)
        {
            problems.Usage(problem);
        }

        if (parse.Has(_quality) && parse.Has(_perplexity))
        {
            problems.Usage(
                $"{_quality.Name} and {_perplexity.Name} are one bar; give the one of the task's metric."
            );
        }

        if (!All.Any(parse.Has))
        {
            problems.Usage(
                $"There is no budget; give at least one of {string.Join(", ", All.Select(o => o.Name))}."
            );
        }
    }

    /// <summary>What is wrong with the bar of a line for this metric; null: nothing.</summary>
    public string? Problem(ParseResult parse, Metric metric) =>
        parse.Has(_perplexity) && metric != Metric.Perplexity
            ? $"{_perplexity.Name} is of language models, and this task is measured by {metric}; give {_quality.Name}."
            : Problem(Given(parse, _quality), metric);

    public Budget Of(ParseResult parse) =>
        new(
            Given(parse, _milliseconds),
            Given(parse, _quality) ?? Given(parse, _perplexity),
            Given(parse, _joules),
            Given(parse, _megabytes) * Mega
        );

    static double? Given(ParseResult parse, Option<double> option) =>
        parse.Has(option) ? parse.ValueOf(option) : null;
}
