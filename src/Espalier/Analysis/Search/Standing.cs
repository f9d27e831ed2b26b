using Espalier.Analysis.Choosing;
using Espalier.Data.Metrics;
using Espalier.Measuring;
using Espalier.Tensors;
using MathNet.Numerics.Distributions;

namespace Espalier.Analysis.Search;

/// <summary>A measured pipeline against the other measured ones.</summary>
/// <param name="ChanceBest">That with trainings enough it would be the best that fits the budget, or the nearest where none does.</param>
public sealed record Standing(string Pipeline, double ChanceBest)
{
    const int Samples = 1000;

    /// <summary>Of all measured pipelines, the most likely first.</summary>
    public static IReadOnlyList<Standing> Of(
        IReadOnlyList<Measurement> measurements,
        Budget budget,
        Rng rng
    )
    {
        Contender[] all =
        [
            .. measurements.Select(m => new Contender(m.Pipeline, m.Effort)).Distinct(),
        ];
        Metric metric = measurements[0].Primary.Kind;
        Surface surface = new(measurements, all, budget.Deciding());
        Dictionary<Preference, double[][]> drawn = budget
            .Deciding()
            .Where(surface.Knows)
            .ToDictionary(
                f => f,
                f =>
                    surface.Sample(
                        f,
                        all,
                        Samples,
                        new Draws(rng.Split($"{f}")),
                        otherOriginals: true
                    )
            );
        Dictionary<string, int> won = all.Select(c => c.Pipeline)
            .Distinct()
            .ToDictionary(p => p, _ => 0);
        for (int s = 0; s < Samples; s++)
        {
            won[all[Winner(s)].Pipeline]++;
        }

        return
        [
            .. won.Select(w => new Standing(w.Key, (double)w.Value / Samples))
                .OrderByDescending(w => w.ChanceBest)
                .ThenBy(w => w.Pipeline, StringComparer.Ordinal),
        ];

        int Winner(int s)
        {
            int best = 0;
            (double Excess, double Worth) most = (double.PositiveInfinity, 0);
            for (int i = 0; i < all.Length; i++)
            {
                (double Excess, double Worth) own = (
                    Excess(s, i),
                    budget.Preferred.Worth(metric, drawn[budget.Preferred][s][i])
                );
                if (own.Excess < most.Excess || own.Excess == most.Excess && own.Worth > most.Worth)
                {
                    (best, most) = (i, own);
                }
            }

            return best;
        }

        double Excess(int s, int i)
        {
            double worst = 0;
            foreach (Preference figure in Enum.GetValues<Preference>())
            {
                if (budget.Limit(figure) is { } limit)
                {
                    worst = Math.Max(
                        worst,
                        !drawn.TryGetValue(figure, out double[][]? values) ? double.MaxValue
                            : figure == Preference.Quality ? metric.Behind(values[s][i], limit)
                            : values[s][i] / limit - 1
                    );
                }
            }

            return worst;
        }
    }
}

/// <summary>What to expect of an answer when its recipe is trained and measured once more.</summary>
/// <param name="Expected">With 95 % intervals. Measured figures pulled towards what similar pipelines gave: the winner among many was lucky in part.</param>
/// <param name="ChanceKept">That all limits of the budget are kept.</param>
public sealed record Outlook(Alternative Expected, double ChanceKept)
{
    const double Reach = 1.96;

    public static Outlook Of(
        IReadOnlyList<Measurement> measurements,
        Alternative chosen,
        Budget budget
    )
    {
        Contender own = new(chosen.Pipeline, chosen.Effort);
        Alternative expected = new Surface(
            measurements,
            [.. measurements.Select(m => new Contender(m.Pipeline, m.Effort)).Distinct()],
            budget.Deciding()
        ).Predict([own])[0];
        double kept = 1;
        foreach (Preference figure in Enum.GetValues<Preference>())
        {
            if (budget.Limit(figure) is { } limit)
            {
                kept *= Kept(figure, expected.Metric, expected.Figure(figure), limit);
            }
        }

        return new Outlook(expected, kept);
    }

    /// <summary>Intervals are of logarithms; limits of unlike figures count as independent.</summary>
    static double Kept(Preference figure, Metric metric, Estimate? expected, double limit)
    {
        if (expected is not { Low: { } low, High: { } high, Value: var value })
        {
            return figure == Preference.Quality ? 1 : 0;
        }

        bool adds = figure == Preference.Quality && !metric.HasRatios,
            isUp = figure == Preference.Quality && metric.MoreIsBetter;
        if (!adds && (value <= 0 || limit <= 0))
        {
            return isUp ? 1 : 0;
        }

        // Bounds of the metric cut the interval on one side at most.
        double Apart(double a, double b) => adds ? a - b : Math.Log(a / b);
        double room = Apart(limit, value) * (isUp ? -1 : 1),
            deviation =
                (
                    figure == Preference.Quality && high >= metric.To
                        ? Apart(value, low)
                        : Apart(high, value)
                ) / Reach;
        return deviation > 0 ? Normal.CDF(0, deviation, room)
            : room >= 0 ? 1
            : 0;
    }
}
