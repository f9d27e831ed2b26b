using Espalier.Data.Metrics;
using Espalier.Planning.Judging;

namespace Espalier.Cli.Reports;

/// <summary>How the planner did on held-out seeds, as Markdown: studies/planning/README.md holds these tables.</summary>
static class JudgementReport
{
    public static void Write(Terminal terminal, Judgement judgement, string task, Metric metric)
    {
        void Line(string text) => terminal.Out.WriteLine(Shown.Whole(text));
        Line(
            $"{task}: {judgement.Budgets.Count} budgets ({string.Join(", ", judgement.Budgets.Select(b => Shown.Whole(Of(b, metric))))}); planned with {judgement.Seeds} {(judgement.Seeds == 1 ? "seed" : "seeds")} in turn, "
                + $"judged by the other {judgement.Held}."
        );
        Line("");
        Line(
            "| way | trials | models | short, mean % | 19 of 20 within % | worst % | budget broken, % | by, mean % |"
        );
        Line("|---|---:|---:|---:|---:|---:|---:|---:|");
        foreach (WayOfPlanning way in judgement.Ways)
        {
            Line(
                $"| {way.Name} | {way.Trials:0.0} | {way.Trainings:0.0} | {100 * way.MeanShort:0.00} | {100 * way.LateShort:0.0} | "
                    + $"{100 * way.WorstShort:0.0} | {100 * way.Broken:0} | {100 * way.MeanExcess:0.0} |"
            );
        }

        Line("");
        Line("| what was said | cases | said, mean % | held, % |");
        Line("|---|---:|---:|---:|");
        foreach (Calibration said in judgement.Calibrations)
        {
            Line($"| {said.What} | {said.Cases} | {100 * said.Said:0.0} | {100 * said.Held:0.0} |");
        }
    }

    static string Of(Analysis.Choosing.Budget budget, Metric metric) =>
        string.Join(
            " and ",
            new[]
            {
                budget.MaxMilliseconds is { } ms ? $"{ms:G3} ms" : null,
                budget.MinQuality is { } quality
                    ? $"{metric.Factor() * quality:0.##}{metric.Unit()}"
                    : null,
                budget.MaxJoules is { } joules ? $"{joules:G3} J" : null,
                budget.MaxBytes is { } bytes ? $"{bytes / 1e6:G3} MB" : null,
            }.OfType<string>()
        );
}
