using Espalier.Analysis;
using Espalier.Analysis.Choosing;
using Espalier.Data.Metrics;
using Espalier.Measuring;

namespace Espalier.Cli.Reports.Pages;

/// <summary>The objective of Wallace et al. and the map of its weights: who wins where.</summary>
static class ObjectiveSection
{
    public const string Title = "Which pipeline wins by an objective?";

    public static Markup Write(StudySection section, int index)
    {
        Findings findings = section.Findings;
        Markup inner = section.Objective is { } map
            ? Map(findings, map)
            : (Markup)
                $"<p class=\"note\">Nothing to weigh: the objective takes ratios to the original O, and this needs O and one pipeline beside it, measured.</p>";
        return Markup.Section($"objective-{index}", Title, inner);
    }

    /// <summary>Who wins at the exponent that the paper prints, with all weight on time, and where energy is weighed with half of it.</summary>
    public static string Verdict(Findings findings, ObjectiveMap map) =>
        $"By P^{Objective.UsualExponent} · T, {map.Usual.Name} wins with {Printed.Short(map.Value)}, where O has 1: "
        + (
            findings.Metric.IsOfText
                ? $"{findings.Metric} {findings.Metric.Shown(map.Usual.Quality!.Value)} at {Printed.Short(map.Usual.Milliseconds!.Value)} ms per {findings.Metric.Per}."
                : $"{findings.Metric.Shown(map.Usual.Quality!.Value)} {findings.Metric} in {Printed.Short(map.Usual.Milliseconds!.Value)} ms."
        )
        + (
            map.Even is { } even
                ? $" With half of the weight on energy, {even.Point.Name} wins with {Printed.Short(even.Value)}."
                : ""
        );

    /// <summary>What is weighed, and how quality becomes P.</summary>
    public static string Method(Findings findings, ObjectiveMap map)
    {
        string metric = findings.Metric.Name,
            energy = map.ByEnergy.Count > 0
                ? "The first map puts all weight on time and runs over the exponent; the second divides the weight between time and "
                    + (
                        findings.Points.Any(p => p.Joules?.Origin == Origin.Modelled)
                            ? "modelled energy, which is the time of all cores times a constant: it differs from the first where cores wait, and a meter may say otherwise."
                            : "measured energy."
                    )
            : findings.Points.Any(p => p.Joules?.Origin == Origin.Modelled)
                ? "Energy is modelled here, not measured, and is not weighed: all weight is on time, and the map runs over the exponent."
            : "Energy was not measured for all: all weight is on time, and the map runs over the exponent.";
        return $"Wallace et al. (arXiv 2502.00046) ask for the least P^{Objective.UsualExponent} · (a · T + b · E), with T and E the time and energy as shares of O’s: that is our reading, not checked against their text. "
            + (
                findings.Metric.IsOfText
                    ? $"P is {metric}, the pipeline’s divided by O’s. "
                    : $"Their P is perplexity; of {metric}, {(findings.Metric.MoreIsBetter ? "where more is better, P is O’s divided by the pipeline’s" : "where less is better too, P is the pipeline’s divided by O’s")}. "
            )
            + $"{energy} "
            + $"The exponent says what quality is worth: at 10, a hundredth of O’s {metric} is worth about 10 % of the time.";
    }

    public static TextTable Table(Findings findings, IReadOnlyList<Won> spans, string weight) =>
        new(
            [
                .. TextTable.Words(weight, "pipeline", "effort"),
                .. TextTable.Numbers(
                    findings.Metric.Header(),
                    $"ms/{findings.Metric.Per}",
                    "× O",
                    "sure %"
                ),
            ],
            spans.Select(s =>
                new[]
                {
                    Span(s),
                    s.Point.Pipeline,
                    $"{s.Point.Effort}",
                    s.Point.Metric.Text(s.Point.Quality!.Value),
                    Printed.Short(s.Point.Milliseconds!.Value),
                    Printed.Short(s.Point.SpeedUp!.Value),
                    s.Share is { } share ? $"{100 * share:0}" : "–",
                }
            )
        );

    static Markup Map(Findings findings, ObjectiveMap map) =>
        $"""
            <p class="verdict">{Verdict(findings, map)}</p>
            <p class="note">{Method(findings, map)}</p>
            {One(findings, map.ByExponent, map.Doubtful, WeightAxis.Exponent)}
            {(
                map.ByEnergy.Count > 0
                    ? One(findings, map.ByEnergy, map.DoubtfulByEnergy, WeightAxis.Energy)
                    : Markup.Empty
            )}
            <p class="note">Of all {findings
                .Points.Count(p => p.Standing is not null)
                .ToString()} measured operating points, by their means over {Figures.Counted(
                findings.Seeds,
                "seed"
            )}. {(
                map.ByExponent[0].Share is null
                    ? "How sure the borders are, one seed does not tell."
                    : $"Hatched is where another draw of the {(map.IsOverWindows ? "windows, and of times by what rounds differ," : "seeds")} often has another winner (the one that is named wins less than {100 * ObjectiveMap.SureShare:0} % of resampled studies); sure % is the share in the middle of a span.{(map.IsOverWindows ? " What another training would give, one seed does not tell." : "")}"
            )} A winner is chosen by the figures it is told with, so they flatter it a little.</p>
            """;

    static Markup One(
        Findings findings,
        IReadOnlyList<Won> spans,
        IReadOnlyList<(double From, double To)> doubtful,
        WeightAxis axis
    ) =>
        $"""
            <figure>
            <div class="plot">{ObjectiveChart.Draw(
                findings,
                spans,
                doubtful,
                axis,
                isNarrow: false
            )}{ObjectiveChart.Draw(findings, spans, doubtful, axis, isNarrow: true)}</div>
            <figcaption>{axis.Caption}</figcaption>
            </figure>
            {Placed(Table(findings, spans, axis.Name)).Html($"Winners by {axis.Name}", head: 2)}

            """;

    static TextTable Placed(TextTable table) =>
        new(
            [.. TextTable.Numbers("place"), .. table.Columns],
            table.Rows.Select((row, i) => (IReadOnlyList<string>)[$"{i + 1}", .. row])
        );

    static string Span(Won span) =>
        double.IsPositiveInfinity(span.To)
            ? $"from {Printed.Short(span.From)}"
            : $"{Printed.Short(span.From)} to {Printed.Short(span.To)}";
}
