using Espalier.Analysis.Choosing;

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
            <h2 id="curves-{index}-title">{Capital(setting.Metric)} against time</h2>
            {Curves(findings)}
            {Budget(section, index)}
            {Front(findings)}
            </section>
            {ObjectiveSection.Write(findings, index)}
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
                .Select(p =>
                    (Markup)
                        $"<button type=\"button\" class=\"chip {(colours.TryGetValue(p, out int n) ? $"c{n}" : "other")}\" aria-pressed=\"false\" data-pipeline=\"{p}\">{p}</button>"
                )
        );
        string band =
            findings.Seeds > 1
                ? $"bands are 95 % intervals of the mean over {findings.Seeds} seeds{(findings.CoversExamples ? " and the examples of the split" : "; another draw of the examples would move all of them")}"
                : "bands are 95 % intervals over the examples of the one seed";
        if (findings.Curves.Any(c => c.Seed is not null))
        {
            band += "; where seeds have efforts of their own, each has its line";
        }

        return $"""
            <figure>
            <div class="plot tradeoff" tabindex="0" role="group" aria-label="Chart of tradeoff curves; with arrow keys from point to point">
            {CurveChart.Draw(findings, isNarrow: false)}{CurveChart.Draw(findings, isNarrow: true)}
            <div class="tip" role="status" hidden></div>
            </div>
            <figcaption>Each line is a pipeline, each mark an effort; {band}. The dashed steps are the Pareto front. n = {Figures.Counted(
                findings.Seeds,
                "seed"
            )} × {findings.Points.Max(p =>
                p.Examples
            )} examples; quality and time measured on {findings.Setting.Conditions}.</figcaption>
            <div class="chips needs-script" role="group" aria-label="Show only these pipelines">{chips}</div>
            </figure>

            """;
    }

    static Markup Budget(StudySection section, int index)
    {
        Findings findings = section.Findings;
        MeanPoint[] all =
        [
            .. findings.Points.Concat(section.Predicted).Where(BudgetPoints.IsWhole),
        ];
        if (all.Length == 0)
        {
            return Markup.Empty;
        }

        double slowest = all.Max(p => p.Milliseconds!.Mean),
            fastest = all.Min(p => p.Milliseconds!.Mean),
            worst = all.Min(p => p.Quality!.Mean),
            best = all.Max(p => p.Quality!.Mean),
            asked = Math.Clamp(
                (findings.Original?.Quality!.Mean ?? best) - Findings.Tolerance,
                worst,
                best
            );
        double[] megabytes = [.. all.Select(p => p.Megabytes).OfType<double>()],
            millijoules = [.. all.Select(p => p.Millijoules?.Mean).OfType<double>()];
        return $"""
            <form class="budget needs-script" data-setting="{index}" aria-label="Budget">
            <h3>What fits your budget?</h3>
            <div class="sliders">
            {Logarithmic("ms", "At most", "ms", fastest, slowest, index)}
            <label class="slider" for="quality-{index}"><span>At least</span><input type="range" id="quality-{index}" name="quality" min="{Figures.Exact(
                Math.Floor(1000 * worst) / 1000
            )}" max="{Figures.Exact(
                Math.Ceiling(1000 * best) / 1000
            )}" step="0.001" value="{Figures.Exact(
                Math.Floor(1000 * asked) / 1000
            )}" data-unit="% {findings.Setting.Metric}"><output for="quality-{index}"></output></label>
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
                        "mJ per example",
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
            <div class="scroll" tabindex="0" role="region" aria-label="Pareto front">
            <table><thead><tr><th scope="col">pipeline</th><th scope="col">effort</th><th scope="col" class="number">{findings.Setting.Metric}, %</th><th scope="col" class="number">ms/example</th><th scope="col" class="number">× O</th></tr></thead>
            <tbody>{findings.Front.Select(p =>
                (Markup)
                    $"<tr><th scope=\"row\">{p.Pipeline}</th><td>{p.Effort.ToString()}</td><td class=\"number\">{Figures.Percent(p.Quality!.Mean)}</td><td class=\"number\">{Figures.Short(p.Milliseconds!.Mean)}</td><td class=\"number\">{(p.SpeedUp is { } times ? Figures.Short(times.Mean) : "–")}</td></tr>"
            )}</tbody></table>
            </div>
            <p class="note">Of means; neighbours within their intervals may change places. {Behind(findings)}</p>
            </details>

            """;
    }

    static string Behind(Findings findings)
    {
        int tied = findings.Points.Count(p => p.Standing == ParetoStatus.Tied),
            dominated = findings.Points.Count(p => p.Standing == ParetoStatus.Dominated);
        return $"{Figures.Counted(tied + dominated, "other point is", "other points are")} behind the front, "
            + $"{dominated} of them beyond the intervals of quality or time.";
    }

    static string Capital(string word) => char.ToUpperInvariant(word[0]) + word[1..];
}
