using System.Text;
using Espalier.Analysis;
using Espalier.Analysis.Choosing;
using Espalier.Analysis.Orders;
using Espalier.Data.Metrics;
using Espalier.Measuring;

namespace Espalier.Cli.Reports.Pages;

/// <summary>The results as CSV for programs and as Markdown for papers.</summary>
static class ResultTables
{
    /// <summary>One row for each pipeline and effort; an empty field is a figure that there is not.</summary>
    public static string Csv(IReadOnlyList<StudySection> sections)
    {
        IReadOnlyList<Findings> all = [.. sections.Select(s => s.Findings)];
        string per = PointTable.Named(all, m => m.Per).Replace(' ', '_'),
            over = PointTable.Named(all, m => m.Over).Replace(' ', '_');
        return new TextTable(
            [
                new("task", ColumnKind.Name),
                new("pipeline", ColumnKind.Name),
                .. TextTable.Words("effort", "origin"),
                new("metric", ColumnKind.Name),
                .. TextTable.Numbers("quality", "quality_low", "quality_high"),
                .. TextTable.Numbers($"ms_per_{per}", "ms_low", "ms_high", "speed_up"),
                .. TextTable.Numbers($"mj_per_{per}"),
                .. TextTable.Words("energy"),
                .. TextTable.Numbers("packed_mb", "disk_mb", "layers", "seeds", over),
                .. TextTable.Numbers("rounds", "on_front"),
            ],
            from section in sections
            from p in section.Findings.Points.Concat(section.Predicted)
            select (IReadOnlyList<string>)
                [
                    section.Findings.Setting.Task,
                    p.Pipeline,
                    $"{p.Effort}",
                    $"{p.Origin}".ToLowerInvariant(),
                    p.Metric.Name,
                    .. Three(p.Quality),
                    .. Three(p.Milliseconds),
                    Figures.Exact(p.SpeedUp?.Value),
                    Figures.Exact(1000 * p.Joules?.Value),
                    $"{p.Joules?.Origin}".ToLowerInvariant(),
                    Figures.Exact(p.Bytes?.Value / 1e6),
                    Figures.Exact(p.DiskBytes?.Value / 1e6),
                    Figures.Exact(p.Layers),
                    $"{p.Seeds}",
                    $"{p.Examples}",
                    $"{p.Rounds}",
                    p.IsFront ? "1" : "0",
                ]
        ).Csv();
    }

    /// <summary>Tables as papers print them.</summary>
    public static string Markdown(ReportInput results, IReadOnlyList<StudySection> sections)
    {
        StringBuilder text = new($"# {TextTable.Cell(results.Name)}\n");
        foreach (StudySection section in sections)
        {
            Findings findings = section.Findings;
            string best = findings.Metric.IsPercent ? "one point" : findings.Metric.GapIn(0.01);
            text.Append($"\n## {TextTable.Cell(findings.Setting.Task)}\n\n")
                .Append($"{TextTable.Cell(Headline.Of(findings))}\n")
                .Append($"{TextTable.Cell(Headline.Evidence(findings))}\n\n")
                .Append(
                    $"Table: one effort for each pipeline, the fastest within {best} of its best {TextTable.Cell(findings.Metric.Name)}; 95 % intervals; "
                        + $"{Figures.Counted(findings.Seeds, "seed")}; {TextTable.Cell(SettingSection.Conditions(findings.Setting))}.\n\n"
                )
                .Append(Of(findings).Markdown())
                .AppendJoin("", findings.Remarks.Select(r => $"\n{TextTable.Cell(r)}\n"));
            if (section.Orders.Count > 0)
            {
                text.Append("\n### Does the order matter?\n\n");
                foreach (OrderComparison order in section.Orders)
                {
                    text.Append($"* {TextTable.Cell(order.Sentence)}\n");
                }
            }

            if (section.Objective is { } map)
            {
                text.Append($"\n### {ObjectiveSection.Title}\n\n")
                    .Append($"{TextTable.Cell(ObjectiveSection.Verdict(findings, map))}\n")
                    .Append($"{TextTable.Cell(ObjectiveSection.Method(findings, map))}\n");
                foreach (
                    var (spans, axis) in ((IReadOnlyList<Won>, WeightAxis)[])
                        [(map.ByExponent, WeightAxis.Exponent), (map.ByEnergy, WeightAxis.Energy)]
                )
                {
                    text.Append(
                        spans.Count > 0
                            ? "\n" + ObjectiveSection.Table(findings, spans, axis.Name).Markdown()
                            : ""
                    );
                }
            }
        }

        return text.ToString();
    }

    /// <summary>For readers: one effort for each pipeline, slowest first.</summary>
    public static TextTable Of(Findings findings) =>
        new(
            [
                .. TextTable.Words("pipeline", "effort"),
                .. TextTable.Numbers(
                    findings.Metric.Header(),
                    $"ms/{findings.Metric.Per}",
                    "× O",
                    "MB"
                ),
                .. TextTable.Numbers($"mJ/{findings.Metric.Per}", "n"),
            ],
            findings
                .Representatives.OrderByDescending(p => p.Milliseconds?.Value ?? double.MaxValue)
                .Select(p =>
                    new[]
                    {
                        p.Pipeline,
                        $"{p.Effort}",
                        Range(p.Quality, p.Metric.Text),
                        Range(p.Milliseconds, Printed.Short),
                        Plain(p.SpeedUp?.Value),
                        Plain(p.Bytes?.Value / 1e6),
                        Plain(1000 * p.Joules?.Value),
                        p.Examples > 0 ? $"{p.Seeds} × {p.Examples}" : $"{p.Seeds}",
                    }
                )
        );

    static string[] Three(Estimate? figure) =>
        [Figures.Exact(figure?.Value), Figures.Exact(figure?.Low), Figures.Exact(figure?.High)];

    static string Plain(double? value) => value is { } number ? Printed.Short(number) : "–";

    static string Range(Estimate? figure, Func<double, string> show) =>
        figure is null ? "–"
        : figure is { Low: { } low, High: { } high }
            ? $"{show(figure.Value)} [{show(low)}, {show(high)}]"
        : show(figure.Value);
}
