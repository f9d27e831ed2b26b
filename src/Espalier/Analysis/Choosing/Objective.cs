using Espalier.Data.Metrics;

namespace Espalier.Analysis.Choosing;

/// <summary>A row to weigh, as ratios to the base: perplexity, time, energy.</summary>
/// <param name="Energy">Null where it was not measured: then only time can be weighed.</param>
public sealed record WeighedRow(string Name, double Quality, double Time, double? Energy);

/// <summary>From one weight to another, with the row that is best there.</summary>
public sealed record WinnerSpan(double From, double To, string Winner);

/// <summary>
/// P^1.5 · (a · T + b · E), less is better (Wallace et al. 2025, arXiv 2502.00046), on ratios to the base: the base has
/// a + b. P is perplexity; where more quality is better, P is base / quality.
/// </summary>
public sealed record Objective(
    double TimeWeight = 0.5,
    double EnergyWeight = 0.5,
    double Exponent = Objective.UsualExponent
)
{
    public const double UsualExponent = 1.5;

    public double TimeWeight { get; init; } = Weight(TimeWeight, "time");
    public double EnergyWeight { get; init; } = Weight(EnergyWeight, "energy");

    public double Of(WeighedRow row) =>
        Math.Pow(row.Quality, Exponent)
        * (TimeWeight * row.Time + (EnergyWeight > 0 ? EnergyWeight * Energy(row) : 0));

    /// <summary>P as a ratio to the base's: of a metric that less is better of it is the quality itself, else its reciprocal.</summary>
    public static double Ratio(Metric metric, double quality, double @base) =>
        metric.MoreIsBetter ? @base / quality : quality / @base;

    /// <summary>Null where it or the base has no time or no quality above 0.</summary>
    public static WeighedRow? Row(Alternative a, Alternative @base) =>
        a.Milliseconds?.Value / @base.Milliseconds?.Value is { } time
        && a.Quality.Value > 0
        && @base.Quality.Value > 0
            ? new WeighedRow(
                a.Name,
                Ratio(a.Metric, a.Quality.Value, @base.Quality.Value),
                time,
                a.Joules?.Value / @base.Joules?.Value
            )
            : null;

    /// <summary>
    /// The best row for every division of the weight between time and energy, from 0 (time alone) to 1 (energy alone):
    /// each row's value is a straight line in the weight of energy.
    /// </summary>
    public static IReadOnlyList<WinnerSpan> Winners(IReadOnlyList<WeighedRow> rows) =>
        Envelope(
            [
                .. rows.Select(r => new Line(
                    r.Name,
                    new Objective(1, 0).Of(r),
                    new Objective(0, 1).Of(r) - new Objective(1, 0).Of(r)
                )),
            ],
            1
        );

    /// <summary>
    /// The best row by P^x · T for every exponent x from 0 (time alone) on without end: the logarithm of each row's value
    /// is a straight line in x.
    /// </summary>
    public static IReadOnlyList<WinnerSpan> WinnersByExponent(IReadOnlyList<WeighedRow> rows) =>
        Envelope(
            [.. rows.Select(r => new Line(r.Name, Math.Log(r.Time), Math.Log(r.Quality)))],
            double.PositiveInfinity
        );

    readonly record struct Line(string Name, double Start, double Slope);

    /// <summary>The lowest of straight lines, exactly, from 0 to an end.</summary>
    static List<WinnerSpan> Envelope(Line[] lines, double end)
    {
        if (lines.Length == 0)
        {
            throw new ArgumentException("There is no row to weigh; give one at least.");
        }

        List<WinnerSpan> spans = [];
        double from = 0;
        // At the start the least value, of equals the one that falls fastest.
        Line now = lines.OrderBy(l => l.Start).ThenBy(l => l.Slope).First();
        while (true)
        {
            double next = end;
            Line? winner = null;
            foreach (Line line in lines.Where(l => l.Slope < now.Slope))
            {
                double crossing = Math.Max(
                    from,
                    (line.Start - now.Start) / (now.Slope - line.Slope)
                );
                if (
                    crossing < next
                    || crossing == next && winner is { } other && line.Slope < other.Slope
                )
                {
                    (next, winner) = (crossing, line);
                }
            }

            if (next > from || winner is null)
            {
                spans.Add(new WinnerSpan(from, next, now.Name));
            }

            if (winner is not { } then)
            {
                return spans;
            }

            (from, now) = (next, then);
        }
    }

    static double Energy(WeighedRow row) =>
        row.Energy
        ?? throw new ArgumentException(
            $"The energy of {row.Name} was not measured; weigh only time, or leave it out."
        );

    static double Weight(double weight, string what) =>
        weight >= 0 && double.IsFinite(weight)
            ? weight
            : throw new ArgumentException(
                $"The weight of {what} is {weight}; a number from 0 on was expected."
            );
}
