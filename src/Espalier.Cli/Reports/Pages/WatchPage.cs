using Espalier.Analysis.Choosing;
using Espalier.Data.Metrics;
using Espalier.Runs.Watching;

namespace Espalier.Cli.Reports.Pages;

/// <summary>
/// A study of a store as it stands, in the report's look. The whole page is made each time; its script asks for it again and
/// changes what changed, and without a script it is right when it was opened.
/// </summary>
sealed class WatchPage
{
    const int MostPanels = 12;
    static readonly string Style = StudyPage.Style + StudyPage.Resource("watch.css");
    static readonly string Script = StudyPage.Resource("watch.js");

    // What was measured is drawn once, not with every look.
    (string Of, Markup Drawn) _measured = ("", Markup.Empty);

    /// <summary>What the page may load and run: itself.</summary>
    public static string Policy { get; } =
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; script-src 'sha256-"
        + Convert.ToBase64String(
            System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(Script))
        )
        + "'";

    /// <param name="study">That is shown whole; null: the store holds none.</param>
    public string Write(WatchedStore store, WatchedStudy? study)
    {
        string name = study?.Name ?? "no study",
            state = study is { IsRunning: true } ? "running" : "still";
        Markup page = $"""
            <!doctype html>
            <html lang="en" data-state="{state}">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>{Title(study)}</title>
            <link rel="icon" href="data:,">
            <style>{Markup.Trusted(Style)}</style>
            </head>
            <body>
            <a class="skip" href="#main">Skip to the stages</a>
            <header>
            <div data-part="head"><p class="kicker">Espalier study<span>{name}</span><span>live from its store</span></p>
            {Head(store, study)}</div>
            <p class="silent" role="status" hidden>Whoever serves this page does not answer: the program may have been stopped, or the tunnel is down. What stands here is what was heard last; it is asked for again.</p>
            </header>
            <main id="main">
            {Markup.Section("now", "Being made now", Part("now", Now(study)))}
            {Markup.Section("stages", "Stages", Part("stages", Stages(study)))}
            {Markup.Section("measured", "Measured so far", Part("measured", Measured(study)))}
            {Markup.Section("store", "In this store", Part("store", Others(store, study)))}
            </main>
            <script>{Markup.Trusted(Script)}</script>
            </body>
            </html>

            """;
        return page.ToString();
    }

    static Markup Part(string name, Markup inner) => $"<div data-part=\"{name}\">{inner}</div>";

    static string Title(WatchedStudy? study) =>
        study is null
            ? "Espalier"
            : $"{study.Count(StageStanding.Done)}/{study.Stages.Count} {study.Name}: Espalier study";

    static Markup Head(WatchedStore store, WatchedStudy? study)
    {
        if (study is null)
        {
            return $"<h1>No study was begun in this store.</h1>{Problems(store)}";
        }

        int all = study.Stages.Count,
            done = study.Count(StageStanding.Done);
        double share = all == 0 ? 0 : study.Stages.Sum(ShareOf) / all;
        return $"""
            <h1>{WatchWords.Headline(study)}</h1>
            <div class="progress" role="progressbar" aria-label="Stages" aria-valuemin="0" aria-valuemax="{all}" aria-valuenow="{done}"><span style="width:{100
                * share}%"></span></div>
            <p class="evidence">{WatchWords.Evidence(study)}</p>
            {Problems(store)}
            """;
    }

    static Markup Problems(WatchedStore store) =>
        Markup.All(store.Problems.Each(p => $"<p class=\"note\">{p}</p>"));

    static double ShareOf(WatchedStage stage) =>
        stage switch
        {
            { Standing: StageStanding.Done } => 1,
            { Standing: StageStanding.Running, Note: { Steps: > 0 } note } => (double)note.Step
                / note.Steps,
            _ => 0,
        };

    static Markup Now(WatchedStudy? study)
    {
        WatchedStage[] now =
        [
            .. study?.Stages.Where(s => s.Standing == StageStanding.Running).Take(MostPanels) ?? [],
        ];
        Markup measured = Markup.All(
            (study?.Measuring ?? []).Each(n =>
                $"<p>Measured now: {n.Measures}, {(int)(100 * n.Share)} % of it.</p>"
            )
        );
        if (now.Length > 0)
        {
            return $"<div class=\"panels\">{now.Select(Panel)}</div>{measured}";
        }

        Markup nothing = study switch
        {
            { IsMeasuring: true } => $"<p>No model is being made.</p>{measured}",
            { IsRunning: true } => $"<p>Nothing at this moment.</p>",
            _ => $"<p>Nothing; nobody works on this study.</p>",
        };

        // The last words of those that were made last.
        WatchedStage[] last =
        [
            .. study
                ?.Stages.Where(s => s.Note is { Losses.Count: > 1 })
                .OrderByDescending(s => s.Note!.Heard)
                .Take(3)
                ?? [],
        ];
        return last.Length == 0
            ? nothing
            : $"{nothing}<p class=\"note\">Trained last:</p><div class=\"panels\">{last.Select(Panel)}</div>";
    }

    static Markup Panel(WatchedStage stage)
    {
        StageNote note = stage.Note!;
        Markup chart = note.Losses.Count > 1 ? LossChart.Draw(note) : Markup.Empty;
        return $"""
            <div><h3>{note.Pipeline}</h3>
            <p class="note">{note.Task}, seed {note.Seed.ToString()}; on {note.Host}</p>
            <div class="progress"><span style="width:{100 * ShareOf(stage)}%"></span></div>
            <p class="note">{WatchWords.Progress(stage)}</p>
            {chart}</div>

            """;
    }

    static Markup Stages(WatchedStudy? study)
    {
        if (study is null)
        {
            return $"<p>None.</p>";
        }

        StageStanding[] there = [.. study.Stages.Select(s => s.Standing).Distinct().Order()];
        WatchedStage[] failed =
        [
            .. study.Stages.Where(s => s.Standing == StageStanding.Failed && s.Why is not null),
        ];
        return $"""
            <p class="note">A stage is one operator on one known input; it is made once, whoever needs it.</p>
            <p class="note legend">{there.Each(s =>
                $"<span class=\"standing {WatchWords.Of(s)}\">{WatchWords.Of(s)}: {study.Count(s)}</span>"
            )}</p>
            {failed.Take(MostPanels).Each(s =>
                $"<p class=\"note\"><b>{s.Stage.Pipeline}</b> of {s.Stage.Task}, seed {s.Stage.Seed.ToString()}, failed: {s.Why}</p>"
            )}
            {study.Stages.GroupBy(s => s.Stage.Task).Select(g =>
                (Markup)
                    $"{Task(study, g.Key)}{StageTree.Tree(g.Key, g, s => s.Stage.Pipeline, Standing)}"
            )}
            """;
    }

    static Markup Task(WatchedStudy study, string task) =>
        study.Stages.Any(s => s.Stage.Task != task) ? $"<h3>{task}</h3>" : Markup.Empty;

    static Markup Standing(WatchedStage stage) =>
        $"<span class=\"standing {WatchWords.Of(stage.Standing)}\" title=\"{WatchWords.Of(stage.Standing)}\">seed {stage.Stage.Seed.ToString()}{WatchWords.Beside(stage)}</span>";

    Markup Measured(WatchedStudy? study)
    {
        if (study is null || study.Measurements.Count == 0)
        {
            return $"<p>Nothing yet: times are taken when all models of a task and seed are made.</p>";
        }

        string of = $"{study.Id} {string.Join(' ', study.Measured)}";
        if (_measured.Of != of)
        {
            _measured = (of, Markup.All(Findings.In(study.Measurements).Select(Setting)));
        }

        return $"<p class=\"note\">{WatchWords.Groups(study)}</p>{_measured.Drawn}";
    }

    static Markup Setting(Findings findings)
    {
        if (findings.Curves.Count == 0)
        {
            return $"<h3>{findings.Setting.Task}</h3><p>No pipeline has both a quality and a time.</p>";
        }

        return $"""
            <h3>{findings.Setting.Task}, batch {findings.Setting.Batch}</h3>
            <figure><div class="plot">{CurveChart.Draw(findings, isNarrow: false)}{CurveChart.Draw(
                findings,
                isNarrow: true
            )}</div>
            <figcaption>Each line is a pipeline, each mark an effort; {Figures.Counted(
                findings.Seeds,
                "seed"
            )} so far, on {findings.Setting.Processor}, {Figures.Counted(
                findings.Setting.Threads,
                "thread"
            )}. The dashed steps are the Pareto front. 'espalier report' says what it means.</figcaption></figure>
            <div class="scroll" tabindex="0" role="region" aria-label="Measured of {findings
                .Setting
                .Task}"><table><thead><tr><th scope="col">pipeline</th><th scope="col">effort</th><th scope="col" class="number">{CurveChart.YTitle(
                findings.Metric
            )}</th><th scope="col" class="number">ms per {findings.Metric.Per}</th></tr></thead><tbody>
            {findings.Representatives.OrderBy(p => p.Milliseconds?.Value ?? double.MaxValue).Select(p => Row(findings, p))}
            </tbody></table></div>
            """;
    }

    static Markup Row(Findings findings, MeanPoint point) =>
        $"<tr><th scope=\"row\">{point.Pipeline}</th><td>{point.Effort.ToString()}</td><td class=\"number\">{(point.Quality is { } q ? findings.Metric.Text(q.Value) : "–")}</td><td class=\"number\">{(point.Milliseconds is { } ms ? Printed.Short(ms.Value) : "–")}</td></tr>\n";

    static Markup Others(WatchedStore store, WatchedStudy? study)
    {
        WatchedStudy[] others = [.. store.Studies.Where(s => s.Id != study?.Id)];
        Markup list =
            others.Length == 0
                ? Markup.Empty
                : $"<ul class=\"plain\">{others.Each(s => $"<li><a href=\"?of={Uri.EscapeDataString(s.Id)}\">{s.Name}</a> <small>{s.Kernels}: {WatchWords.Headline(s)}</small></li>")}</ul>";
        return $"""
            <p>{Figures.Counted(
                store.Finished,
                "finished stage"
            )} of {Figures.Counted(store.Studies.Count, "study", "studies")}. The same as data: <a href="./state.json">state.json</a>.</p>
            {list}
            """;
    }
}
