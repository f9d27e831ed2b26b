using Espalier.Data.Metrics;
using Espalier.Planning.Judging;

namespace Espalier.Cli.Reports;

/// <summary>How the planner did on held-out seeds, as Markdown: studies/planning/README.md holds these tables.</summary>
static class JudgementReport
{
    public static void Write(Terminal terminal, Judgement judgement, string task, Metric metric)
    {
        terminal.Out.WriteLine(
            $"{Shown.Whole(task)}: {judgement.Budgets.Count} budgets ({string.Join(", ", judgement.Budgets.Select(b => Shown.Whole(Of(b, metric))))}); planned with {judgement.Seeds} {(judgement.Seeds == 1 ? "seed" : "seeds")} in turn, "
                + $"judged by the other {judgement.Held}."
        );
        terminal.Out.Write("\n");
        terminal.Out.Write(
            new TextTable(
                [
                    .. TextTable.Words("way"),
                    .. TextTable.Numbers("trials", "models", "short, mean %"),
                    .. TextTable.Numbers("19 of 20 within %", "worst %", "budget broken, %"),
                    .. TextTable.Numbers("by, mean %"),
                ],
                judgement.Ways.Select(way =>
                    new[]
                    {
                        way.Name,
                        $"{way.Trials:0.0}",
                        $"{way.Trainings:0.0}",
                        $"{100 * way.MeanShort:0.00}",
                        $"{100 * way.LateShort:0.0}",
                        $"{100 * way.WorstShort:0.0}",
                        $"{100 * way.Broken:0}",
                        $"{100 * way.MeanExcess:0.0}",
                    }
                )
            ).Markdown()
        );
        terminal.Out.Write("\n");
        terminal.Out.Write(
            new TextTable(
                [
                    .. TextTable.Words("what was said"),
                    .. TextTable.Numbers("cases", "said, mean %", "held, %"),
                ],
                judgement.Calibrations.Select(said =>
                    new[]
                    {
                        said.What,
                        $"{said.Cases}",
                        $"{100 * said.Said:0.0}",
                        $"{100 * said.Held:0.0}",
                    }
                )
            ).Markdown()
        );
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
