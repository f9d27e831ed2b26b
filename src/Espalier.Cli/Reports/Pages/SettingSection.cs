using Espalier.Analysis;
using Espalier.Analysis.Choosing;
using Espalier.Data.Metrics;
using Espalier.Measuring;

namespace Espalier.Cli.Reports.Pages;

/// <summary>One task on one machine: curves, budget, front.</summary>
static class SettingSection
{
    public static Markup Write(StudySection section, int index, bool isOneOfMany)
    {
        Findings findings = section.Findings;
        Setting setting = findings.Setting;
        Markup head = isOneOfMany
            ? $"<h2 id=\"task-{index}\" class=\"task\">{setting.Task}</h2><p class=\"answer\">{Headline.Of(findings)}</p>"
            : Markup.Empty;
        return $"""
            <section class="setting" data-setting="{index}">
            {head}
            <section id="curves-{index}" aria-labelledby="curves-{index}-title">
            <h2 id="curves-{index}-title">{Capital(setting.Metric.Name)} against time</h2>
            {Curves(findings)}
            {Energy(findings)}
            {Budget(section, index)}
            {Front(findings)}
            </section>
            {ObjectiveSection.Write(section, index)}
            {OrderSection.Write(section, index)}
            {PredictionSection.Write(section, index)}
            </section>

            """;
    }

    static Markup Curves(Findings findings)
    {
        if (findings.Curves.Count == 0)
        {
            return $"<p>No pipeline has both a quality and a time; the table says why.</p>";
        }

        IReadOnlyDictionary<string, int> colours = CurveChart.Colours(findings);
        Markup chips = Markup.All(
            findings
                .Curves.Select(c => c.Pipeline)
                .Distinct()
                .OrderBy(p => p.Length)
                .ThenBy(p => p, StringComparer.Ordinal)
                .Each(p =>
                    $"<button type=\"button\" class=\"chip {(colours.TryGetValue(p, out int n) ? $"c{n}" : "other")}\" aria-pressed=\"false\" data-pipeline=\"{p}\">{p}</button>"
                )
        );
        string over = findings.Metric.Over,
            band = findings.Seeds > 1
                ? $"bands are 95 % intervals of the mean over {findings.Seeds} seeds{(findings.CoversExamples ? $" and the {over} of the split" : $"; another draw of the {over} would move all of them")}"
                : $"bands are 95 % intervals over the {over} of the one seed";
        if (findings.Curves.Any(c => c.Seed is not null))
        {
            band += "; where seeds have efforts of their own, each has its line";
        }

        return $"""
            <figure>
            <div class="plot tradeoff" data-cost="ms" tabindex="0" role="group" aria-label="Chart of tradeoff curves; with arrow keys from point to point">
            {CurveChart.Draw(findings, isNarrow: false)}{CurveChart.Draw(findings, isNarrow: true)}
            <div class="tip" role="status" hidden></div>
            </div>
            <figcaption>Each line is a pipeline, each mark an effort; {band}. The dashed steps are the Pareto front. n = {Figures.Sample(
                findings.Seeds,
                findings.Points.Max(p => p.Examples),
                findings.Metric
            )}; quality and time measured on {Conditions(findings.Setting)}.</figcaption>
            <div class="chips needs-script" role="group" aria-label="Show only these pipelines">{chips}</div>
            </figure>

            """;
    }

    /// <summary>The same points against energy, of language models.</summary>
    static Markup Energy(Findings findings)
    {
        if (CostAxis.Energy(findings) is not { } energy)
        {
            return Markup.Empty;
        }

        string modelled = findings.Points.Any(p => p.Joules?.Origin == Origin.Modelled)
            ? " Energy is modelled from the time of all cores; with which constant, is said below."
            : "";
        return $"""
            <h3>{Capital(findings.Metric.Name)} against energy</h3>
            <figure>
            <div class="plot tradeoff" data-cost="{energy.Name}" tabindex="0" role="group" aria-label="Chart of {findings.Metric.Name} over energy; with arrow keys from point to point">
            {CurveChart.Draw(findings, isNarrow: false, energy)}{CurveChart.Draw(
                findings,
                isNarrow: true,
                energy
            )}
            <div class="tip" role="status" hidden></div>
            </div>
            <figcaption>The same points against the energy of a {findings.Metric.Per}; less is better on both axes, and better is up and left. The dashed steps are their own Pareto front.{modelled}</figcaption>
            </figure>

            """;
    }

    static Markup Budget(StudySection section, int index)
    {
        Findings findings = section.Findings;
        MeanPoint[] all = [.. findings.Points.Concat(section.Predicted).Where(p => p.IsWhole)];
        if (all.Length == 0)
        {
            return Markup.Empty;
        }

        double slowest = all.Max(p => p.Milliseconds!.Value),
            fastest = all.Min(p => p.Milliseconds!.Value),
            best = all.Max(p => p.Worth!.Value),
            asked = Math.Clamp(
                (findings.Original?.Worth ?? best) - Findings.Tolerance,
                all.Min(p => p.Worth!.Value),
                best
            );
        double[] megabytes = [.. all.Select(p => p.Bytes?.Value / 1e6).OfType<double>()],
            millijoules = [.. all.Select(p => 1000 * p.Joules?.Value).OfType<double>()];
        return $"""
            <form class="budget needs-script" data-setting="{index}" aria-label="Budget">
            <h3>What fits your budget?</h3>
            <div class="sliders">
            {Logarithmic("ms", "At most", findings.Metric.IsOfText ? $"ms per {findings.Metric.Per}" : "ms", fastest, slowest, index)}
            {Quality(findings.Metric, [.. all.Select(p => p.Quality!.Value)], findings.Metric.Value(asked), index)}
            {(
                megabytes.Length > 0
                    ? Logarithmic(
                        "mb",
                        "At most",
                        "MB in memory",
                        megabytes.Min(),
                        megabytes.Max(),
                        index
                    )
                    : Markup.Empty
            )}
            {(
                millijoules.Length > 0
                    ? Logarithmic(
                        "mj",
                        "At most",
                        $"mJ per {findings.Metric.Per}",
                        millijoules.Min(),
                        millijoules.Max(),
                        index
                    )
                    : Markup.Empty
            )}
            </div>
            <fieldset><legend>Of those that fit, the</legend>
            <label><input type="radio" name="prefer-{index}" value="fast" checked> fastest</label>
            <label><input type="radio" name="prefer-{index}" value="good"> best</label>
            <label><input type="radio" name="prefer-{index}" value="small"> smallest</label></fieldset>
            <p class="fit" role="status" aria-live="polite"></p>
            </form>

            """;
    }

    /// <summary>All that is there, rounded outwards to thousandths, of a logarithmic metric to those of its logarithm.</summary>
    static Markup Quality(Metric metric, double[] all, double asked, int index)
    {
        string At(Func<double, double> round, double value) =>
            Figures.Exact(round(1000 * (metric.IsLogarithmic ? Math.Log10(value) : value)) / 1000);
        return $"<label class=\"slider\" for=\"quality-{index}\"><span>{(metric.MoreIsBetter ? "At least" : "At most")}</span><input type=\"range\" id=\"quality-{index}\" name=\"quality\" min=\"{At(Math.Floor, all.Min())}\" max=\"{At(Math.Ceiling, all.Max())}\" step=\"0.001\" value=\"{At(metric.MoreIsBetter ? Math.Floor : Math.Ceiling, asked)}\" data-unit=\"{(metric.IsPercent ? "% " : "")}{metric.Name}\"><output for=\"quality-{index}\"></output></label>";
    }

    /// <summary>A slider over decades: its value is the logarithm, rounded outwards so that both ends are allowed.</summary>
    static Markup Logarithmic(
        string name,
        string words,
        string unit,
        double low,
        double high,
        int index
    )
    {
        double least = Math.Floor(100 * Math.Log10(low)) / 100,
            most = Math.Ceiling(100 * Math.Log10(high)) / 100;
        return $"<label class=\"slider\" for=\"{name}-{index}\"><span>{words}</span><input type=\"range\" id=\"{name}-{index}\" name=\"{name}\" min=\"{Figures.Exact(least)}\" max=\"{Figures.Exact(most)}\" step=\"0.01\" value=\"{Figures.Exact(most)}\" data-unit=\"{unit}\"><output for=\"{name}-{index}\"></output></label>";
    }

    static Markup Front(Findings findings)
    {
        if (findings.Front.Count == 0)
        {
            return Markup.Empty;
        }

        return $"""
            <details class="frontier" open>
            <summary>Pareto front: nothing measured is both faster and better</summary>
            {FrontTable(findings)}
            <p class="note">Of means; neighbours within their intervals may change places. {Behind(
                findings
            )}</p>
            </details>

            """;
    }

    static Markup FrontTable(Findings findings) =>
        new TextTable(
            [
                .. TextTable.Words("pipeline", "effort"),
                .. TextTable.Numbers(
                    findings.Metric.IsLogarithmic
                        ? findings.Metric.Name
                        : CurveChart.YTitle(findings.Metric),
                    $"ms/{findings.Metric.Per}",
                    "× O"
                ),
            ],
            findings.Front.Select(p =>
                new[]
                {
                    p.Pipeline,
                    $"{p.Effort}",
                    p.Metric.Text(p.Quality!.Value),
                    Printed.Short(p.Milliseconds!.Value),
                    p.SpeedUp is { } times ? Printed.Short(times.Value) : "–",
                }
            )
        ).Html("Pareto front");

    static string Behind(Findings findings)
    {
        int tied = findings.Points.Count(p => p.Standing == ParetoStatus.Tied),
            dominated = findings.Points.Count(p => p.Standing == ParetoStatus.Dominated);
        return $"{Figures.Counted(tied + dominated, "other point is", "other points are")} behind the front, "
            + $"{dominated} of them beyond the intervals of quality or time.";
    }

    public static string Conditions(Setting setting) =>
        setting.Processor == PublishedTable.Unknown
            ? "a machine that the table does not name"
            : $"{setting.Processor}, {setting.Kernels} kernels, {Figures.Counted(setting.Threads, "thread")}, batch {setting.Batch}";

    static string Capital(string word) => char.ToUpperInvariant(word[0]) + word[1..];
}
