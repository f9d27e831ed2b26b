using Espalier.Analysis;
using Espalier.Analysis.Cumulation;
using Espalier.Data.Metrics;

namespace Espalier.Cli.Reports.Pages;

/// <summary>Can a combination be known from its parts: predicted curves beside measured ones, and what must be measured together.</summary>
static class PredictionSection
{
    const string Name = "Predicted against measured";
    const int MostPanels = 9;
    const int MostFindings = 6; // of time, and of quality

    public static Markup Write(StudySection section, int index)
    {
        Metric metric = section.Findings.Metric;
        IReadOnlyList<PredictionCheck> checks = section.Checks;
        if (checks.Count == 0)
        {
            return Markup.Section(
                $"predicted-{index}",
                Name,
                $"<p class=\"note\">Nothing to check: this needs O, single operators and a combination of them, measured on the same original.</p>"
            );
        }

        CompoundFinding[] told =
        [
            .. section
                .Compounds.GroupBy(c => c.Figure)
                .SelectMany(same =>
                    same.OrderByDescending(c => c.Verdict == CompoundVerdict.Compound)
                        .ThenBy(c => c.P ?? 1)
                        .ThenBy(c => c.Units.Count)
                        .Take(MostFindings)
                ),
        ];
        Markup inner = $"""
            <p class="verdict">{Sentence(checks, metric)}</p>
            <div class="panels">
            {checks.Take(MostPanels).Each(c => $"<figure><h3>{c.Pipeline}</h3>{PredictionChart.Draw(c, metric)}</figure>"
            )}
            </div>
            <p class="note">Filled marks and solid lines are measured, hollow marks and dashed lines predicted from the parts by the product rule{(
                checks.Count > MostPanels
                    ? $"; the {MostPanels} of {checks.Count} combinations with most operators are drawn"
                    : ""
            )}. n = {Figures.Counted(
                checks.Max(c => c.Seeds),
                "seed"
            )}; each predicted from the same original.</p>
            <p class="note">{Equation(checks)}</p>
            {Table(checks, metric)}
            <h3>What must be measured together</h3>
            <p class="note">{Figures.Counted(told.Length, "combination")} of {section.Compounds.Count.ToString()}, those with the clearest residuals; of all, {Counted(section, CompoundVerdict.Compound)} are compound, {Counted(section, CompoundVerdict.Cumulative)} cumulative, and of {Counted(section, CompoundVerdict.CannotTell)} these data cannot tell.</p>
            <ul class="plain">{told.Each(c => $"<li><span class=\"tag\">{Title(c.Verdict)}</span> {c.Sentence}</li>"
            )}</ul>
            {Reductions(section.Reductions, metric)}
            """;
        return Markup.Section($"predicted-{index}", Name, inner);
    }

    static string Sentence(IReadOnlyList<PredictionCheck> checks, Metric metric)
    {
        double[] costs = [.. checks.Select(c => c.CostError).OfType<double>()],
            qualities = [.. checks.Select(c => c.QualityError).OfType<double>()];
        return costs.Length == 0 || qualities.Length == 0
            ? $"{Figures.Counted(checks.Count, "combination")} predicted; none was measured at the same efforts."
            : $"From single operators alone, {Figures.Counted(checks.Count, "combination is", "combinations are")} predicted "
                + $"within {100 * costs.Average():0.0} % of the time and {metric.Gap(qualities.Average(), "0.0")} {metric.GapsOf()} on average.";
    }

    /// <summary>What equation 4 makes of time where there are exits and a student, in both forms, and what stands for t_E.</summary>
    public static string Equation(IReadOnlyList<PredictionCheck> checks)
    {
        PredictionCheck[] shallower = [.. checks.Where(c => c.FirstExits.Count > 0)];
        if (shallower.Length == 0)
        {
            return "Equation 4 has no part here: nothing has both exits and a student.";
        }

        EffortPoint[] exits = [.. shallower.SelectMany(c => c.FirstExits)];
        string efforts = string.Join(", ", exits.Select(e => $"{e.Effort}").Distinct()),
            measured = exits.All(e => e.IsFirstExit)
                ? $"t_E was measured where all leave at the first exit ({efforts})"
                : $"t_E is the cheapest effort that was measured ({efforts}), at which not all leave at the first exit";
        return $"Of {Figures.Counted(shallower.Length, "combination")} with exits and a student, time is predicted by t_E + (T_E − t_E)(T_D − t_E)/(T_O − t_E), "
            + $"with a mean error of {Error(shallower, c => c.CostError)} %; equation 4 as printed by Xin et al., t_E + (T_E − t_E) T_D/T_O, which at full effort gives more than T_D, is {Error(shallower, c => c.CostErrorAsPrinted)} % off. {measured}.";
    }

    static string Error(IReadOnlyList<PredictionCheck> checks, Func<PredictionCheck, double?> of) =>
        checks.Average(of) is { } error ? $"{100 * error:0.0}" : "–";

    static int Counted(StudySection section, CompoundVerdict verdict) =>
        section.Compounds.Count(c => c.Verdict == verdict);

    static string Title(CompoundVerdict verdict) =>
        verdict switch
        {
            CompoundVerdict.Compound => "compound",
            CompoundVerdict.Cumulative => "cumulative",
            _ => "cannot tell",
        };

    static Markup Table(IReadOnlyList<PredictionCheck> checks, Metric metric) =>
        new TextTable(
            [
                .. TextTable.Words("pipeline", "from"),
                .. TextTable.Numbers("error of time, %", "as printed"),
                .. TextTable.Numbers($"error of {metric}, {metric.GapUnit()}", "n seeds"),
            ],
            checks.Select(c =>
                new[]
                {
                    c.Pipeline,
                    string.Join(" × ", c.Units),
                    c.CostError is { } t ? $"{100 * t:0.0}" : "–",
                    c.FirstExits.Count > 0 && c.CostErrorAsPrinted is { } printed
                        ? $"{100 * printed:0.0}"
                        : "",
                    c.QualityError is { } q ? metric.Gap(q, "0.0") : "–",
                    $"{c.Seeds}",
                }
            )
        ).Html("Errors of prediction");

    static Markup Reductions(IReadOnlyList<ReductionRow> rows, Metric metric) =>
        rows.Count == 0
            ? Markup.Empty
            : (Markup)
                $"""
                    <h3>What {(
                        rows.Any(r => r.CostL is not null) ? "Q and L take" : "Q takes"
                    )} away</h3>
                    {ReductionTable(rows, metric)}
                    """;

    static Markup ReductionTable(IReadOnlyList<ReductionRow> rows, Metric metric)
    {
        bool hasL = rows.Any(r => r.CostL is not null),
            hasWays = rows.Select(r => r.Quantized).OfType<string>().Distinct().Count() > 1;
        return new TextTable(
            [
                .. TextTable.Words("pipeline"),
                .. hasWays ? TextTable.Words("Q is") : [],
                .. TextTable.Numbers($"quality{(metric.IsPercent ? ", %" : "")}"),
                .. TextTable.Numbers("with Q, change", $"ms/{metric.Per}", "with Q"),
                .. hasL ? TextTable.Numbers("with L", "with both", "both, predicted") : [],
                .. TextTable.Numbers("n seeds"),
            ],
            rows.Select(r =>
                (string[])
                    [
                        r.Pipeline,
                        .. hasWays ? (string[])[r.Quantized ?? "–"] : [],
                        r.Quality is { } q ? metric.Text(q) : "–",
                        metric.HasRatios || r.QualityChange is not { } change
                            ? Change(r.QualityChange)
                            : metric.Gap(change, "0.0"),
                        r.Cost is { } c ? Printed.Short(c) : "–",
                        Change(r.CostQ),
                        .. hasL
                            ? (string[])
                                [Change(r.CostL), Change(r.CostQL), Change(r.CostQLEstimated)]
                            : [],
                        $"{r.Runs}",
                    ]
            )
        ).Html(hasL ? "Reductions by Q and L" : "Reductions by Q");
    }

    static string Change(double? percent) =>
        percent is { } p ? $"{p:+0.0;-0.0;0.0} %".Replace('-', '−') : "–";
}
