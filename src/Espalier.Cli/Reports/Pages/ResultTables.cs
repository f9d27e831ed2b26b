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
    const string Header =
        "task,pipeline,effort,origin,metric,quality,quality_low,quality_high,ms_per_example,ms_low,ms_high,"
        + "speed_up,mj_per_example,energy,packed_mb,disk_mb,layers,seeds,examples,rounds,on_front\n";

    /// <summary>One row for each pipeline and effort; an empty field is a figure that there is not.</summary>
    public static string Csv(IReadOnlyList<StudySection> sections)
    {
        StringBuilder csv = new(Header);
        foreach (StudySection section in sections)
        {
            Setting setting = section.Findings.Setting;
            foreach (MeanPoint p in section.Findings.Points.Concat(section.Predicted))
            {
                string[] fields =
                [
                    Field(setting.Task),
                    Field(p.Pipeline),
                    $"{p.Effort}",
                    $"{p.Origin}".ToLowerInvariant(),
                    Field(setting.Metric.Name),
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
                ];
                csv.AppendJoin(',', fields).Append('\n');
            }
        }

        return csv.ToString();
    }

    /// <summary>Tables as papers print them.</summary>
    public static string Markdown(ReportInput results, IReadOnlyList<StudySection> sections)
    {
        StringBuilder text = new($"# {Cell(results.Name)}\n");
        foreach (StudySection section in sections)
        {
            Findings findings = section.Findings;
            text.Append($"\n## {Cell(findings.Setting.Task)}\n\n{Cell(Headline.Of(findings))}\n")
                .Append($"{Cell(Headline.Evidence(findings))}\n\n")
                .Append(
                    $"Table: one effort for each pipeline, the fastest within {(findings.Metric.IsPercent ? "one point" : findings.Metric.GapIn(0.01))} of its best {Cell(findings.Metric.Name)}; 95 % intervals; "
                        + $"{Figures.Counted(findings.Seeds, "seed")}; {Cell(SettingSection.Conditions(findings.Setting))}.\n\n"
                )
                .Append($"| {string.Join(" | ", Headers(findings).Select(Cell))} |\n")
                .Append("|---|---|---:|---:|---:|---:|---:|---:|\n");
            foreach (IReadOnlyList<string> row in Rows(findings))
            {
                text.Append($"| {string.Join(" | ", row.Select(Cell))} |\n");
            }

            if (section.Orders.Count > 0)
            {
                text.Append("\n### Does the order matter?\n\n");
                foreach (OrderComparison order in section.Orders)
                {
                    text.Append($"* {Cell(order.Sentence)}\n");
                }
            }

            if (section.Objective is { } map)
            {
                text.Append($"\n### {ObjectiveSection.Title}\n\n")
                    .Append($"{Cell(ObjectiveSection.Verdict(findings, map))}\n")
                    .Append($"{Cell(ObjectiveSection.Method(findings, map))}\n");
                Winners(text, findings, map.ByExponent, WeightAxis.Exponent);
                Winners(text, findings, map.ByEnergy, WeightAxis.Energy);
            }
        }

        return text.ToString();
    }

    static void Winners(
        StringBuilder text,
        Findings findings,
        IReadOnlyList<Won> spans,
        WeightAxis axis
    )
    {
        if (spans.Count == 0)
        {
            return;
        }

        text.Append(
                $"\n| {string.Join(" | ", ObjectiveSection.Headers(findings, axis.Name).Select(Cell))} |\n"
            )
            .Append("|---|---|---|---:|---:|---:|---:|\n");
        foreach (IReadOnlyList<string> row in ObjectiveSection.Rows(spans))
        {
            text.Append($"| {string.Join(" | ", row.Select(Cell))} |\n");
        }
    }

    /// <summary>Of the table for readers: one effort for each pipeline, slowest first.</summary>
    public static IReadOnlyList<string> Headers(Findings findings) =>
        [
            "pipeline",
            "effort",
            findings.Metric.Header(),
            "ms/example",
            "× O",
            "MB",
            "mJ/example",
            "n",
        ];

    public static IEnumerable<IReadOnlyList<string>> Rows(Findings findings)
    {
        return findings
            .Representatives.OrderByDescending(p => p.Milliseconds?.Value ?? double.MaxValue)
            .Select(p =>
                (IReadOnlyList<string>)
                    [
                        p.Pipeline,
                        $"{p.Effort}",
                        Range(p.Quality, p.Metric.Text),
                        Range(p.Milliseconds, Printed.Short),
                        Plain(p.SpeedUp?.Value),
                        Plain(p.Bytes?.Value / 1e6),
                        Plain(1000 * p.Joules?.Value),
                        $"{p.Seeds} × {p.Examples}",
                    ]
            );
    }

    static string[] Three(Estimate? spread) =>
        [Figures.Exact(spread?.Value), Figures.Exact(spread?.Low), Figures.Exact(spread?.High)];

    static string Field(string text) =>
        $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>A word of a file that cannot end its cell or begin markup.</summary>
    public static string Cell(string text) =>
        string.Concat(Shown.Whole(text).Select(c => "|<>*_`[]\\".Contains(c) ? $"\\{c}" : $"{c}"));

    static string Plain(double? value) => value is { } number ? Printed.Short(number) : "–";

    static string Range(Estimate? spread, Func<double, string> show) =>
        spread is null ? "–"
        : spread is { Low: { } low, High: { } high }
            ? $"{show(spread.Value)} [{show(low)}, {show(high)}]"
        : show(spread.Value);
}
