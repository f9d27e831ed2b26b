using Espalier.Analysis.Choosing;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Planning;

namespace Espalier.Cli.Reports;

/// <summary>The answer to a budget for a person: what was chosen, why the others were not, and what was saved.</summary>
static class PlanReport
{
    const int NamesShown = 4;
    const double Mega = 1e6;

    public static void Write(Terminal terminal, PlanResult result, PlanFacts facts, string? output)
    {
        Measurement one = result.Measurements[0];
        string metric = one.Metrics[0].Metric;
        int seeds = result.Measurements.Select(m => m.Seeds[0]).Distinct().Count();
        terminal.Say(
            $"{Shown.Whole(one.Task)}: {Limits(result.Budget, metric)}; {one.Examples} examples of the {one.Split} split, "
                + $"time at batch {one.BatchSize}, {seeds} {(seeds == 1 ? "seed" : "seeds")}"
        );
        WriteAnswer(terminal, result, facts, metric);
        WriteTried(terminal, result, metric);
        WriteRejected(terminal, result);
        WriteSaved(terminal, result, facts);
        terminal.Say(result.ChosenOn());
        if (output is not null)
        {
            terminal.Say(
                $"{Shown.Whole(Path.Combine(output, PlanJson.FileName))}: all of this, and why each of {result.Rejected().Count} was rejected."
            );
        }
    }

    static void WriteAnswer(Terminal terminal, PlanResult result, PlanFacts facts, string metric)
    {
        Alternative chosen = result.Chosen;
        terminal.Say(
            result.MeetsBudget
                ? $"Answer: {chosen.Name} ({Figures(chosen, metric)})"
                : $"Nothing meets the budget. Nearest: {chosen.Name} ({Figures(chosen, metric)})"
        );
        if (facts.Model is { } model)
        {
            string effort = chosen.Effort == Effort.Full ? "" : $" --effort {chosen.Effort}";
            terminal.Out.WriteLine($"  espalier predict --model {Shown.Whole(model)}{effort}");
        }

        string loss = result.Decision.ExpectedLoss is { } cost
            ? $", and stopping is expected to cost {100 * cost:0.##} %"
            : "";
        terminal.Say(
            (result.Decision.Settled ? "Settled" : "Not settled")
                + $": a pipeline not tried is better by more than {100 * result.Decision.Margin:0.##} %, which trainings differ by, with a chance of {100 * result.Decision.ProbabilityBeaten:0.#} %{loss}."
        );
        foreach (FailedTrial failed in result.Failures)
        {
            terminal.Tell($"{failed.Pipeline} failed and is left out: {failed.Why}");
        }
    }

    /// <summary>Each pipeline that was tried, at the effort that serves the budget best.</summary>
    static void WriteTried(Terminal terminal, PlanResult result, string metric)
    {
        IReadOnlyList<Alternative> measured =
        [
            result.Chosen,
            .. result
                .Rejected()
                .Where(r => r.Origin == Origin.Measured)
                .OrderBy(r => r.Excess)
                .ThenByDescending(r => r.Alternative.Quality.Value)
                .Select(r => r.Alternative),
        ];
        terminal.Write(
            ["tried", "effort", $"{metric} %", "ms/example", "mJ", "memory MB", "breaks"],
            measured
                .DistinctBy(a => a.Pipeline)
                .Select(a =>
                    (IReadOnlyList<string>)
                        [
                            a.Pipeline,
                            $"{a.Effort}",
                            Percent(a.Quality),
                            a.Milliseconds is { } ms ? Shown.Milliseconds(ms) : "",
                            a.Joules is { } j ? $"{1e3 * j.Value:0.0}" : "",
                            a.Bytes is { } b ? $"{b.Value / Mega:0.0}" : "",
                            a == result.Chosen && result.MeetsBudget
                                ? "the answer"
                                : string.Join(
                                    ", ",
                                    result.Budget.Violations(a).Select(v => v.Limit)
                                ),
                        ]
                )
        );
    }

    /// <summary>Pipelines by the limits that they break, those of each group that come nearest first.</summary>
    static void WriteRejected(Terminal terminal, PlanResult result)
    {
        terminal.Say("Rejected:");
        var groups = result
            .Rejected()
            .Where(r => r.Alternative.Pipeline != result.Chosen.Pipeline)
            .GroupBy(r => r.Alternative.Pipeline)
            .Select(g =>
                g.OrderBy(r => r.Excess).ThenByDescending(r => r.Alternative.Quality.Value).First()
            )
            .GroupBy(r => (r.Origin, r.Breaks))
            .OrderBy(g => g.Key.Origin)
            .ThenBy(g => g.Key.Breaks, StringComparer.Ordinal);
        foreach (var group in groups)
        {
            RejectedContender[] all =
            [
                .. group
                    .OrderBy(r => r.Excess)
                    .ThenByDescending(r => r.Alternative.Quality.Value)
                    .ThenBy(r => r.Alternative.Pipeline, StringComparer.Ordinal),
            ];
            string known = group.Key.Origin == Origin.Measured
                    ? "measured"
                    : "predicted, not trained",
                why = group.Key.Breaks.Length > 0 ? $"misses the limit of {group.Key.Breaks}"
                : result.MeetsBudget ? "would fit, and the answer is better or as good"
                : "would fit, but hardly any chance is left",
                others = all.Length == 1
                    ? ""
                    : $" Also {string.Join(", ", all.Skip(1).Take(NamesShown - 1).Select(r => r.Alternative.Name))}"
                        + (all.Length > NamesShown ? $" and {all.Length - NamesShown} more." : ".");
            terminal.Say($"  {all.Length} {known}: {why}. {all[0].Rejection.Sentence}{others}");
        }
    }

    static void WriteSaved(Terminal terminal, PlanResult result, PlanFacts facts)
    {
        var (needed, all) = result.ModelsTrained;
        int tried = result.Tried.Count,
            pipelines = result.Space.Pipelines.Count;
        terminal.Say(
            $"Tried {tried} of {pipelines} pipelines ({Share(tried, pipelines)}). They need {needed} of the {all} models "
                + $"({Share(needed, all)}) that have to be trained for all pipelines, for each seed: L and Q train nothing, and pipelines that begin alike share models."
                + (
                    facts.TrainedNow is { } now
                        ? $" {now} were trained in this call, of all seeds, and the store had the others."
                        : ""
                )
                + (
                    facts.SecondsSaved is { } seconds
                        ? $" The other {all - needed} would train for about {Shown.Duration(TimeSpan.FromSeconds(Math.Ceiling(seconds)))}."
                        : ""
                )
        );
        if (facts.BestOfAll is { } best)
        {
            string apart = result.Short(best) switch
            {
                null => "one of the two misses the budget",
                <= 0 => "the answer is as good",
                { } share =>
                    $"the answer is {100 * share:0.##} % short of it; trainings differ by {100 * result.Decision.Margin:0.##} %",
            };
            terminal.Say(
                $"Of all that was measured {best.Name} is {(result.Budget.Violations(best).Count == 0 ? "the best" : "the nearest")}: {apart}."
            );
        }
    }

    static string Share(int part, int whole) => $"{100.0 * part / whole:0} %";

    static string Limits(Budget budget, string metric) =>
        string.Join(
            ", ",
            new[]
            {
                budget.MaxMilliseconds is { } ms ? $"at most {ms} ms" : null,
                budget.MinQuality is { } quality
                    ? $"{metric} at least {100 * quality:0.##} %"
                    : null,
                budget.MaxJoules is { } joules ? $"at most {joules} J" : null,
                budget.MaxBytes is { } bytes ? $"at most {bytes / Mega} MB" : null,
            }.OfType<string>()
        )
        + $"; of what fits the {(budget.Preferred == Preference.Quality ? $"highest {metric}" : "least time")}";

    static string Figures(Alternative a, string metric) =>
        string.Join(
            ", ",
            new[]
            {
                $"{metric} {Percent(a.Quality)} %",
                a.Milliseconds is { } ms ? $"{Shown.Milliseconds(ms)} ms" : null,
                a.Joules is { } joules
                    ? $"{1e3 * joules.Value:0.0} mJ ({joules.Origin.ToString().ToLowerInvariant()})"
                    : null,
                a.Bytes is { } bytes ? $"{bytes.Value / Mega:0.0} MB" : null,
            }.OfType<string>()
        );

    static string Percent(Estimate quality) =>
        Shown.Interval(
            quality with
            {
                Value = 100 * quality.Value,
                Low = 100 * quality.Low,
                High = 100 * quality.High,
            },
            "0.0"
        );
}
