using Espalier.Analysis.Choosing;
using Espalier.Data.Metrics;
using Espalier.Measuring;
using Espalier.Tensors;

namespace Espalier.Analysis.Search;

/// <summary>A pipeline worth training.</summary>
/// <param name="ProbabilityBest">That it meets the budget and beats the best measured one by the margin.</param>
/// <param name="Predicted">At its most promising effort.</param>
public sealed record Proposal(string Pipeline, double ProbabilityBest, Alternative Predicted);

/// <param name="Answer">From the measured ones.</param>
/// <param name="Next">All that may win, most promising first; empty when settled.</param>
/// <param name="ProbabilityBeaten">That some pipeline not yet trained beats the answer by the margin.</param>
/// <param name="ExpectedLoss">
/// By how much the best of those not yet trained is better, as a share of the figure, expected over what is possible; null
/// where no answer fits.
/// </param>
/// <param name="Margin">What one training differs from another, as a share of the figure.</param>
/// <param name="NotTrained">Why each pipeline that was not trained need not be, from its prediction.</param>
public sealed record PlannerDecision(
    BudgetAnswer Answer,
    IReadOnlyList<Proposal> Next,
    bool Settled,
    double ProbabilityBeaten,
    double? ExpectedLoss,
    double Margin,
    IReadOnlyList<Rejection> NotTrained
);

/// <summary>
/// Decides from what was measured which pipelines to train next. The same measurements and chance give the same
/// decision; training and measuring is the caller's.
/// </summary>
public static class Planner
{
    /// <summary>Chance of winning below which pipelines, all together, are not worth a trial.</summary>
    public const double Floor = 0.05;

    // What stopping is expected to cost may be this share of the margin.
    const double Regret = 0.1;

    const int Samples = 1000;

    // Contenders with the best prospects, which are drawn together.
    const int Finalists = 150;

    // Standard deviations within which a contender still has prospects.
    const double Optimism = 2.5 / 1.96;

    public static PlannerDecision Decide(
        IReadOnlyList<Measurement> measurements,
        IReadOnlyList<Contender> contenders,
        Budget budget,
        Rng rng
    )
    {
        IReadOnlyList<Alternative> measured = Alternatives.Of(measurements);
        BudgetAnswer answer = budget.Answer(measured);
        Preference wish = budget.Preferred;
        HashSet<string> trained = [.. measured.Select(m => m.Pipeline)];
        Surface surface = new(measurements, contenders);
        if (!surface.Knows(wish))
        {
            throw new ArgumentException(
                $"The least {wish.ToString().ToLowerInvariant()} are wished for and were not measured; measure them, or limit a cost."
            );
        }

        double margin = surface.Luck(wish, answer.Best ?? answer.Nearest!);
        Contender[] open = [.. contenders.Where(c => !trained.Contains(c.Pipeline))];
        IReadOnlyList<Alternative> predicted = surface.Predict(open);
        Alternative[] finalists =
        [
            .. predicted
                .Where(p => HasProspects(p, budget))
                .OrderByDescending(p => Prospect(p, wish))
                .Take(Finalists),
        ];
        Dictionary<string, double> wins = [];
        double beaten = 0,
            loss = 0;
        if (finalists.Length > 0)
        {
            (wins, beaten, loss) = Play(surface, finalists, answer, budget, wish, margin, rng);
        }

        Proposal[] next =
        [
            .. finalists
                .GroupBy(f => f.Pipeline)
                .Select(g => new Proposal(
                    g.Key,
                    wins.GetValueOrDefault(g.Key),
                    g.MaxBy(f => Prospect(f, wish))!
                ))
                .OrderByDescending(p => p.ProbabilityBest)
                .ThenBy(p => p.Pipeline, StringComparer.Ordinal),
        ];
        double? expected = answer.Best is null ? null : loss;
        bool settled = beaten < Floor || expected < Regret * margin;
        return new PlannerDecision(
            answer,
            settled ? [] : [.. next.Where(p => p.ProbabilityBest > 0)],
            settled,
            beaten,
            expected,
            margin,
            NotTrained(predicted, answer, budget, wish, wins)
        );
    }

    /// <summary>Draws all figures of the finalists, and counts who is the best that fits and beats the answer.</summary>
    static (Dictionary<string, double> Wins, double Beaten, double Loss) Play(
        Surface surface,
        Alternative[] finalists,
        BudgetAnswer answer,
        Budget budget,
        Preference wish,
        double margin,
        Rng rng
    )
    {
        Metric metric = finalists[0].Metric;
        Contender[] places = [.. finalists.Select(f => new Contender(f.Pipeline, f.Effort))];
        // The answer is drawn as well: its own figures are luck in part.
        Contender[] all = answer.Best is { } best
            ? [.. places, new Contender(best.Pipeline, best.Effort)]
            : places;
        Dictionary<Preference, double[][]> drawn = Enum.GetValues<Preference>()
            .Where(surface.Knows)
            .ToDictionary(
                f => f,
                f => surface.Sample(f, all, Samples, new Draws(rng.Split($"{f}")))
            );
        Dictionary<string, double> wins = [];
        int beaten = 0;
        double loss = 0;
        for (int s = 0; s < Samples; s++)
        {
            int winner = -1;
            double own = answer.Best is null
                    ? double.NegativeInfinity
                    : wish.Worth(metric, drawn[wish][s][^1]),
                any = own,
                most = own + margin * Size(own);
            for (int i = 0; i < places.Length; i++)
            {
                double worth = wish.Worth(metric, drawn[wish][s][i]);
                if (worth > any && Fits(budget, metric, drawn, s, i))
                {
                    any = worth;
                    (winner, most) = worth > most ? (i, worth) : (winner, most);
                }
            }

            if (any > own)
            {
                loss += (any - own) / Size(own) / Samples;
            }

            if (winner >= 0)
            {
                string name = places[winner].Pipeline;
                wins[name] = wins.GetValueOrDefault(name) + 1.0 / Samples;
                beaten++;
            }
        }

        return (wins, (double)beaten / Samples, loss);

        // What a share is of; of a metric without ratios the margin is a difference.
        double Size(double worth) =>
            !double.IsFinite(worth) ? 0
            : wish == Preference.Quality && !metric.HasRatios ? 1
            : Math.Abs(worth);
    }

    static bool Fits(
        Budget b,
        Metric metric,
        Dictionary<Preference, double[][]> drawn,
        int s,
        int i
    )
    {
        return (
                b.MinQuality is not { } bar
                || metric.Behind(drawn[Preference.Quality][s][i], bar) <= 0
            )
            && Within(Preference.Milliseconds, b.MaxMilliseconds)
            && Within(Preference.Joules, b.MaxJoules)
            && Within(Preference.Bytes, b.MaxBytes);

        bool Within(Preference figure, double? limit) =>
            limit is null
            || drawn.TryGetValue(figure, out double[][]? values) && values[s][i] <= limit;
    }

    /// <summary>Whether the good ends of all intervals would fit.</summary>
    static bool HasProspects(Alternative a, Budget budget) =>
        budget
            .Violations(
                a with
                {
                    Quality = Luckier(a, Preference.Quality)!,
                    Milliseconds = Luckier(a, Preference.Milliseconds),
                    Joules = Luckier(a, Preference.Joules),
                    Bytes = Luckier(a, Preference.Bytes),
                }
            )
            .Count == 0;

    static double Prospect(Alternative a, Preference wish) =>
        Luckier(a, wish)?.Value is { } value ? wish.Worth(a.Metric, value) : -double.MaxValue;

    /// <summary>The better end of the interval, moved out to the prospects' width; intervals are of logarithms.</summary>
    static Estimate? Luckier(Alternative a, Preference figure)
    {
        if (a.Figure(figure) is not { } e)
        {
            return null;
        }

        bool isUp = figure == Preference.Quality && a.Metric.MoreIsBetter;
        double end = (isUp ? e.High : e.Low) ?? e.Value;
        return e with
        {
            Value = end <= 0 || e.Value <= 0 ? end : e.Value * Math.Pow(end / e.Value, Optimism),
        };
    }

    static Rejection[] NotTrained(
        IReadOnlyList<Alternative> predicted,
        BudgetAnswer answer,
        Budget budget,
        Preference wish,
        Dictionary<string, double> wins
    ) =>
        [
            .. predicted
                .GroupBy(p => p.Pipeline)
                .Select(g =>
                {
                    // Of the efforts that fit the most preferred one, else the one nearest to the budget.
                    var judged = g.Select(a => (Alternative: a, Violations: budget.Violations(a)))
                        .ToArray();
                    var fitting = judged.Where(j => j.Violations.Count == 0).ToArray();
                    var (a, violations) =
                        fitting.Length > 0
                            ? fitting.MaxBy(j => j.Alternative.Worth(wish))
                            : judged.MinBy(j => j.Violations.Max(v => v.Excess));
                    string chance =
                        $"chance of beating the answer {100 * wins.GetValueOrDefault(g.Key):0.#} %";
                    string why =
                        violations.Count > 0
                            ? $"predicted: {string.Join("; ", violations.Select(v => v.Sentence))}"
                        : answer.Best is { } best
                            ? $"predicted to fit, with {a.Figure(wish)?.Value:G4} against {best.Figure(wish)?.Value:G4} of {best.Name}"
                        : "predicted to fit";
                    return new Rejection(a, violations, $"{a.Name}: {why}; {chance}.");
                }),
        ];
}
