namespace Espalier.Analysis.Choosing;

/// <summary>A row to weigh, as ratios to the base: perplexity, time, energy.</summary>
public sealed record WeighedRow(string Name, double Quality, double Time, double Energy);

/// <summary>Energy weights from one share to another, with the row that is best there; time has the rest of the weight.</summary>
public sealed record WinnerSpan(double From, double To, string Winner);

/// <summary>
/// P^1.5 · (a · T + b · E), less is better (Wallace et al. 2025, arXiv 2502.00046), on ratios to the base: the base has
/// a + b. P is perplexity; where more quality is better, P is base / quality.
/// </summary>
public sealed record Objective(
    double TimeWeight = 0.5,
    double EnergyWeight = 0.5,
    double Exponent = 1.5
)
{
    public double TimeWeight { get; init; } = Weight(TimeWeight, "time");
    public double EnergyWeight { get; init; } = Weight(EnergyWeight, "energy");

    public double Of(double quality, double time, double energy) =>
        Math.Pow(quality, Exponent) * (TimeWeight * time + EnergyWeight * energy);

    public double Of(WeighedRow row) => Of(row.Quality, row.Time, row.Energy);

    /// <summary>Null where time or energy of either was not measured.</summary>
    /// <param name="lessIsBetter">Of the quality: true for perplexity.</param>
    public static WeighedRow? Row(Alternative a, Alternative @base, bool lessIsBetter) =>
        a.Milliseconds?.Value / @base.Milliseconds?.Value is { } time
        && a.Joules?.Value / @base.Joules?.Value is { } energy
            ? new WeighedRow(
                a.Name,
                lessIsBetter
                    ? a.Quality.Value / @base.Quality.Value
                    : @base.Quality.Value / a.Quality.Value,
                time,
                energy
            )
            : null;

    /// <summary>
    /// The best row for every division of the weight, exactly: each row's value is a straight line in the weight of
    /// energy, so the winners are the lower envelope of lines.
    /// </summary>
    public static IReadOnlyList<WinnerSpan> Winners(
        IReadOnlyList<WeighedRow> rows,
        double exponent = 1.5
    )
    {
        if (rows.Count == 0)
        {
            throw new ArgumentException("There is no row to weigh; give one at least.");
        }

        (string Name, double AtTime, double AtEnergy)[] lines =
        [
            .. rows.Select(r =>
                (r.Name, new Objective(1, 0, exponent).Of(r), new Objective(0, 1, exponent).Of(r))
            ),
        ];
        List<WinnerSpan> spans = [];
        double from = 0;
        // At the start the least value, of equals the one that falls fastest.
        int now = Enumerable
            .Range(0, lines.Length)
            .OrderBy(i => lines[i].AtTime)
            .ThenBy(i => lines[i].AtEnergy)
            .First();
        while (true)
        {
            double slope = lines[now].AtEnergy - lines[now].AtTime,
                next = 1;
            int winner = -1;
            for (int i = 0; i < lines.Length; i++)
            {
                double steeper = slope - (lines[i].AtEnergy - lines[i].AtTime),
                    crossing = (lines[i].AtTime - lines[now].AtTime) / steeper;
                bool better =
                    crossing < next
                    || crossing == next
                        && winner >= 0
                        && lines[i].AtEnergy - lines[i].AtTime
                            < lines[winner].AtEnergy - lines[winner].AtTime;
                if (steeper > 0 && crossing >= from && better)
                {
                    (next, winner) = (crossing, i);
                }
            }

            spans.Add(new WinnerSpan(from, next, lines[now].Name));
            if (winner < 0)
            {
                return spans;
            }

            (from, now) = (next, winner);
        }
    }

    static double Weight(double weight, string what) =>
        weight >= 0 && double.IsFinite(weight)
            ? weight
            : throw new ArgumentException(
                $"The weight of {what} is {weight}; a number from 0 on was expected."
            );
}
