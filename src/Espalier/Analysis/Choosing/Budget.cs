using System.Globalization;
using Espalier.Data.Metrics;
using Espalier.Measuring;

namespace Espalier.Analysis.Choosing;

/// <summary>A figure of an alternative; of several that fit, the quality or a cost decides.</summary>
public enum Preference
{
    Quality,
    Milliseconds,
    Joules,
    Bytes,
}

public static class Preferences
{
    /// <summary>More is better, whatever is wished for.</summary>
    public static double Worth(this Preference wish, Metric metric, double value) =>
        wish == Preference.Quality && metric.MoreIsBetter ? value : -value;

    /// <summary>By how much a value is worse than another, as a share of that; of a metric without ratios in its units.</summary>
    public static double Behind(this Preference wish, Metric metric, double value, double other) =>
        wish == Preference.Quality
            ? metric.Behind(value, other)
            : (value - other) / Math.Abs(other);
}

/// <summary>A limit that an alternative breaks.</summary>
/// <param name="Excess">By how much, as a share of the limit.</param>
/// <param name="IsCertain">The whole interval lies beyond the limit.</param>
public sealed record Violation(string Limit, double Excess, bool IsCertain, string Sentence);

/// <summary>Why an alternative was not chosen.</summary>
/// <param name="Violations">None where it fits and another is better.</param>
public sealed record Rejection(
    Alternative Alternative,
    IReadOnlyList<Violation> Violations,
    string Sentence
);

/// <param name="Best">Null where none fits.</param>
/// <param name="Nearest">Where none fits: the one whose worst excess is least.</param>
/// <param name="Rejected">All others, in the order given.</param>
public sealed record BudgetAnswer(
    Alternative? Best,
    Alternative? Nearest,
    IReadOnlyList<Rejection> Rejected,
    string Sentence
);

/// <summary>What a pipeline may cost and must give; null is no limit.</summary>
/// <param name="MinQuality">The worst that will do: a least accuracy, a most perplexity.</param>
/// <param name="MaxBytes">Of weights in memory.</param>
public sealed record Budget(
    double? MaxMilliseconds = null,
    double? MinQuality = null,
    double? MaxJoules = null,
    double? MaxBytes = null
)
{
    const double Mega = 1e6;

    public double? MaxMilliseconds { get; init; } = Positive(MaxMilliseconds, "milliseconds");
    public double? MinQuality { get; init; } = MinQuality;
    public double? MaxJoules { get; init; } = Positive(MaxJoules, "joules");
    public double? MaxBytes { get; init; } = Positive(MaxBytes, "bytes");

    /// <summary>Figures that decide: quality, time and what else is limited.</summary>
    public IReadOnlyList<Preference> Deciding() =>
        [
            .. Enum.GetValues<Preference>()
                .Where(f =>
                    f is Preference.Quality or Preference.Milliseconds || Limit(f) is not null
                ),
        ];

    /// <summary>Of a figure, in the unit of its estimate; null where it has none.</summary>
    public double? Limit(Preference figure) =>
        figure switch
        {
            Preference.Quality => MinQuality,
            Preference.Milliseconds => MaxMilliseconds,
            Preference.Joules => MaxJoules,
            _ => MaxBytes,
        };

    /// <summary>The best that meets the budget, or the nearest, and why each other was rejected.</summary>
    public BudgetAnswer Answer(IReadOnlyList<Alternative> alternatives)
    {
        if (alternatives.Count == 0)
        {
            throw new ArgumentException("There is no alternative to choose from; measure one.");
        }

        Preference wish = Preferred;
        (Alternative Alternative, IReadOnlyList<Violation> Violations)[] judged =
        [
            .. alternatives.Select(a => (a, Violations(a))),
        ];
        Alternative? best = judged
            .Where(j => j.Violations.Count == 0)
            .Select(j => j.Alternative)
            .MaxBy(a => a.Worth(wish));
        Alternative? nearest = best is null
            ? judged.MinBy(j => j.Violations.Max(v => v.Excess)).Alternative
            : null;
        Rejection[] rejected =
        [
            .. judged
                .Where(j => j.Alternative != best)
                .Select(j => new Rejection(
                    j.Alternative,
                    j.Violations,
                    j.Violations.Count > 0
                        ? $"{j.Alternative.Name}: {string.Join("; ", j.Violations.Select(v => v.Sentence))}."
                        : Beaten(j.Alternative, best!, wish)
                )),
        ];
        string sentence = best is not null
            ? $"{best.Name} is the best of {alternatives.Count} by {wish.ToString().ToLowerInvariant()}: {Text(best)}."
            : $"None of {alternatives.Count} meets the budget; nearest is {nearest!.Name}: "
                + $"{string.Join("; ", Violations(nearest).Select(v => v.Sentence))}.";
        return new BudgetAnswer(best, nearest, rejected, sentence);
    }

    /// <summary>What is wished for where nothing is said: the best quality within the costs, or the least time for a quality.</summary>
    public Preference Preferred =>
        MaxMilliseconds is null && MaxJoules is null && MaxBytes is null && MinQuality is not null
            ? Preference.Milliseconds
            : Preference.Quality;

    /// <summary>The limits that it breaks; one whose figure is not known counts as broken.</summary>
    public IReadOnlyList<Violation> Violations(Alternative a) =>
        [
            .. new[]
            {
                Above("ms", MaxMilliseconds, a.Milliseconds),
                Worse(MinQuality, a),
                Above("J", MaxJoules, a.Joules),
                Above("MB", MaxBytes / Mega, InMegabytes(a.Bytes)),
            }.OfType<Violation>(),
        ];

    static Estimate? InMegabytes(Estimate? bytes) =>
        bytes is null
            ? null
            : bytes with
            {
                Value = bytes.Value / Mega,
                Low = bytes.Low / Mega,
                High = bytes.High / Mega,
            };

    static string Beaten(Alternative a, Alternative best, Preference wish) =>
        $"{a.Name}: fits, and {best.Name} is better by {wish.ToString().ToLowerInvariant()} "
        + $"({Number(Math.Abs(best.Worth(wish)))} against {Number(Math.Abs(a.Worth(wish)))}).";

    static string Text(Alternative a) =>
        string.Join(
            ", ",
            new[]
            {
                $"quality {Number(a.Quality.Value)}",
                a.Milliseconds is { } ms ? $"{Number(ms.Value)} ms" : null,
                a.Joules is { } joules ? $"{Number(joules.Value)} J" : null,
                a.Bytes is { } bytes ? $"{Number(bytes.Value / Mega)} MB" : null,
            }.OfType<string>()
        );

    static Violation? Above(string unit, double? limit, Estimate? figure)
    {
        if (limit is not { } most || figure?.Value <= most)
        {
            return null;
        }

        return figure is null
            ? new Violation(
                unit,
                double.PositiveInfinity,
                false,
                $"{unit} are limited to {Number(most)} and were not measured"
            )
            : new Violation(
                unit,
                figure.Value / most - 1,
                figure.Low > most,
                $"{Number(figure.Value)} {unit} are above {Number(most)}{Doubt(figure.Low <= most)}"
            );
    }

    static Violation? Worse(double? limit, Alternative a)
    {
        if (limit is not { } bar || a.Metric.Worth(a.Quality.Value) >= a.Metric.Worth(bar))
        {
            return null;
        }

        double? luckiest = a.Metric.MoreIsBetter ? a.Quality.High : a.Quality.Low;
        bool? isDoubtful = luckiest is { } end ? a.Metric.Worth(end) >= a.Metric.Worth(bar) : null;
        return new Violation(
            "quality",
            a.Metric.Behind(a.Quality.Value, bar),
            isDoubtful == false,
            $"{(a.Metric.MoreIsBetter ? "quality" : a.Metric.Name)} {Number(a.Quality.Value)} is {(a.Metric.MoreIsBetter ? "below" : "above")} {Number(bar)}{Doubt(isDoubtful == true)}"
        );
    }

    static string Doubt(bool within) => within ? " (within its interval)" : "";

    static string Number(double value) => value.ToString("G4", CultureInfo.InvariantCulture);

    static double? Positive(double? limit, string what) =>
        limit is null || limit > 0 && double.IsFinite(limit.Value)
            ? limit
            : throw new ArgumentException(
                $"The limit of {what} is {limit}; a number above 0 was expected."
            );
}
