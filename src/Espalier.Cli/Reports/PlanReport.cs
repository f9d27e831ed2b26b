using System.Globalization;
using Espalier.Analysis.Choosing;
using Espalier.Data.Metrics;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Operators;
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
        Metric metric = one.Primary.Kind;
        terminal.Say(
            $"{Shown.Whole(one.Task)}: {Limits(result.Budget, metric)}; {one.Examples} {metric.Over} of the {one.Split} split, "
                + $"{(metric.IsOfText ? "time of a written token" : $"time at batch {one.BatchSize}")}, {(result.Seeds.Count == 1 ? "seed" : "seeds")} {string.Join(", ", result.Seeds)}"
        );
        WriteAnswer(terminal, result, facts, metric);
        if (PlanSureness.Caution(result) is { } caution)
        {
            terminal.Say(caution);
        }

        WriteTried(terminal, result, metric);
        WriteRejected(terminal, result);
        WriteSaved(terminal, result, facts);
        terminal.Say(result.ChosenOn(facts.Tested is not null));
        if (output is not null)
        {
            terminal.Say(
                $"{Shown.Whole(Path.Combine(output, PlanJson.FileName))}: all of this, and why each of {result.Rejected().Count} was rejected."
            );
        }
    }

    static void WriteAnswer(Terminal terminal, PlanResult result, PlanFacts facts, Metric metric)
    {
        Alternative chosen = result.Chosen;
        terminal.Say(
            result.MeetsBudget
                ? $"Answer: {chosen.Name} ({Figures(chosen, metric)})"
                : $"Nothing meets the budget. Nearest: {chosen.Name} ({Figures(chosen, metric)}): "
                    + $"{string.Join("; ", result.Budget.Violations(chosen).Select(v => v.Sentence))}. {Relaxed(result.Budget, chosen)} would be met by it."
        );
        terminal.Say(
            $"  {string.Join("; ", Pipeline.Parse(chosen.Pipeline).Operators.Select(o => $"{o.Name}: {o.Title}"))}"
        );
        if (facts.Tested is { } tested)
        {
            terminal.Say(
                $"On the test split, which nothing was chosen by: {Figures(tested, metric)}"
                    + (
                        result.Budget.Violations(tested).Count > 0
                            ? "; there it misses the budget"
                            : ""
                    )
            );
        }

        if (facts.Model is { } model)
        {
            string effort = chosen.Effort == Effort.Full ? "" : $" --effort {chosen.Effort}";
            terminal.Say(
                $"  espalier {(metric.IsOfText ? "generate" : "predict")} --model {Shown.Whole(model)}{effort}"
                    + (result.Seeds.Count > 1 ? "  (the model of the first seed)" : "")
            );
        }

        if (facts.Sureness is { } sureness)
        {
            WriteSureness(terminal, result, sureness, metric);
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

    static void WriteSureness(
        Terminal terminal,
        PlanResult result,
        PlanSureness sureness,
        Metric metric
    )
    {
        Alternative expected = sureness.Outlook.Expected;
        string time = expected.Milliseconds is { } ms
                ? $", {Shown.Milliseconds(ms)} ms{Of(metric)}"
                : "",
            kept = result.MeetsBudget
                ? $"; it keeps the budget with a chance of {100 * sureness.Outlook.ChanceKept:0} %"
                : $"; it would keep the budget with a chance of {100 * sureness.Outlook.ChanceKept:0} %";
        terminal.Say($"Expect of another training: {Text(metric, expected.Quality)}{time}{kept}.");
        terminal.Say(
            $"Among the {result.Tried.Count} tried {result.Chosen.Pipeline} is the best with a chance of {100 * sureness.ChanceBest(result.Chosen.Pipeline):0} %. "
                + (
                    sureness.RunnerUp is { } second
                        ? $"Runner-up: {second.Name} ({Figures(second, metric)}), with {100 * sureness.ChanceBest(second.Pipeline):0} %{(sureness.IsClose(result) ? "; the two cannot be told apart" : "")}."
                        : "No other one that was tried meets the budget."
                )
        );
    }

    /// <summary>The budget that an alternative which misses it would meet, as options.</summary>
    static string Relaxed(Budget budget, Alternative nearest) =>
        string.Join(
            " ",
            budget
                .Violations(nearest)
                .Select(v =>
                    v.Limit switch
                    {
                        "ms" when nearest.Milliseconds is { } ms => $"--max-ms {Up(ms.Value)}",
                        "J" when nearest.Joules is { } joules => $"--max-joules {Up(joules.Value)}",
                        "MB" when nearest.Bytes is { } bytes =>
                            $"--max-mb {Up(bytes.Value / Mega)}",
                        "quality" when nearest.Metric == Metric.Perplexity =>
                            $"--max-perplexity {Up(nearest.Quality.Value)}",
                        "quality" =>
                            $"--min-accuracy {(nearest.Metric.MoreIsBetter ? Math.Floor(1e3 * nearest.Quality.Value) : Math.Ceiling(1e3 * nearest.Quality.Value)) / 1e3:0.###}",
                        _ => $"a budget without {v.Limit}",
                    }
                )
        );

    /// <summary>Three digits, never below the value.</summary>
    static string Up(double value)
    {
        double step = Math.Pow(10, Math.Floor(Math.Log10(value)) - 2);
        return (Math.Ceiling(value / step) * step).ToString("G3", CultureInfo.InvariantCulture);
    }

    /// <summary>Each pipeline that was tried, at the effort that serves the budget best.</summary>
    static void WriteTried(Terminal terminal, PlanResult result, Metric metric)
    {
        IReadOnlyList<Alternative> measured =
        [
            result.Chosen,
            .. result
                .Rejected()
                .Where(r => r.Origin == Origin.Measured)
                .OrderBy(r => r.Excess)
                .ThenByDescending(r => r.Alternative.Worth(Preference.Quality))
                .Select(r => r.Alternative),
        ];
        terminal.Write(
            [
                "tried",
                "seeds",
                "effort",
                metric.Header(),
                $"ms/{metric.Per}",
                metric.IsOfText ? $"mJ/{metric.Per}" : "mJ",
                "memory MB",
                "breaks",
            ],
            measured
                .DistinctBy(a => a.Pipeline)
                .Select(a =>
                    new[]
                    {
                        a.Pipeline,
                        $"{result.Measurements.Where(m => m.Pipeline == a.Pipeline).Select(m => m.Seeds[0]).Distinct().Count()}",
                        $"{a.Effort}",
                        Shown.Interval(metric, a.Quality),
                        a.Milliseconds is { } ms ? Shown.Milliseconds(ms) : "",
                        a.Joules is { } j
                            ? metric.IsOfText
                                ? Printed.Short(1e3 * j.Value)
                                : $"{1e3 * j.Value:0.0}"
                            : "",
                        a.Bytes is { } b ? $"{b.Value / Mega:0.0}" : "",
                        a == result.Chosen && result.MeetsBudget
                            ? "the answer"
                            : string.Join(", ", result.Budget.Violations(a).Select(v => v.Limit)),
                    }
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
                g.OrderBy(r => r.Excess)
                    .ThenByDescending(r => r.Alternative.Worth(Preference.Quality))
                    .First()
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
                    .ThenByDescending(r => r.Alternative.Worth(Preference.Quality))
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
        var (needed, further, all) = result.ModelsTrained;
        int tried = result.Tried.Count,
            pipelines = result.Space.Pipelines.Count;
        terminal.Say(
            $"Tried {tried} of {pipelines} pipelines ({Share(tried, pipelines)}) with seed {result.FirstSeed}. They need {needed} of the {all} models "
                + $"({Share(needed, all)}) that have to be trained for all pipelines, for each seed: {OrderRule.Letters(Group.II)} train nothing, and pipelines that begin alike share models."
                + (
                    result.Seeds.Count > 1
                        ? $" The {result.Confirmed.Count} that were measured with {result.Seeds.Count} seeds need {further} models for each further one."
                        : ""
                )
                + (
                    facts.TrainedNow is { } now
                        ? $" {now} were trained in this call, of all seeds, and the store had the others."
                        : ""
                )
                + (
                    facts.SecondsSaved is { } seconds
                        ? $" The others would train for about {Shown.Duration(TimeSpan.FromSeconds(Math.Ceiling(seconds)))}."
                        : ""
                )
        );
        if (facts.BestOfAll is { } best)
        {
            string apart = result.Short(best) switch
            {
                null => result.MeetsBudget || result.Budget.Violations(best).Count == 0
                    ? "one of the two misses the budget"
                    : "both miss the budget",
                <= 0 => "the answer is as good",
                { } share =>
                    $"the answer is {100 * share:0.##} % short of it; trainings differ by {100 * result.Decision.Margin:0.##} %",
            };
            terminal.Say(
                $"Of all that was measured {best.Name} is {(result.Budget.Violations(best).Count == 0 ? "the best" : "the nearest")}: {apart}."
            );
        }
    }

    /// <summary>What times and energies of a language model are of; of others it needs no saying.</summary>
    static string Of(Metric metric) => metric.IsOfText ? $" per {metric.Per}" : "";

    static string Share(int part, int whole) => $"{100.0 * part / whole:0} %";

    static string Limits(Budget budget, Metric metric) =>
        string.Join(
            ", ",
            new[]
            {
                budget.MaxMilliseconds is { } ms ? $"at most {ms} ms{Of(metric)}" : null,
                budget.MinQuality is { } quality
                    ? $"{metric} {(metric.MoreIsBetter ? "at least" : "at most")} {metric.Factor() * quality:0.##}{metric.Unit()}"
                    : null,
                budget.MaxJoules is { } joules ? $"at most {joules} J{Of(metric)}" : null,
                budget.MaxBytes is { } bytes ? $"at most {bytes / Mega} MB" : null,
            }.OfType<string>()
        )
        + $"; of what fits the {(budget.Preferred == Preference.Quality ? $"{(metric.MoreIsBetter ? "highest" : "lowest")} {metric}" : "least time")}";

    static string Figures(Alternative a, Metric metric) =>
        string.Join(
            ", ",
            new[]
            {
                Text(metric, a.Quality),
                a.Milliseconds is { } ms ? $"{Shown.Milliseconds(ms)} ms{Of(metric)}" : null,
                a.Joules is { } joules
                    ? $"{(metric.IsOfText ? Printed.Short(1e3 * joules.Value) : $"{1e3 * joules.Value:0.0}")} mJ{Of(metric)} ({joules.Origin.ToString().ToLowerInvariant()})"
                    : null,
                a.Bytes is { } bytes ? $"{bytes.Value / Mega:0.0} MB" : null,
            }.OfType<string>()
        );

    static string Text(Metric metric, Estimate quality) =>
        $"{metric} {Shown.Interval(metric, quality)}{metric.Unit()}";
}
