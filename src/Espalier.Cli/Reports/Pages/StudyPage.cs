using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Espalier.Analysis;

namespace Espalier.Cli.Reports.Pages;

/// <summary>
/// The report of a study as one HTML file that needs nothing else: charts and tables are in it as they are; the script only
/// adds sorting, filters and the budget.
/// </summary>
static class StudyPage
{
    public static readonly string Style = Resource("page.css");
    static readonly string Script = Resource("page.js");

    public static string Write(ReportInput results, IReadOnlyList<StudySection> sections)
    {
        StudySection first = sections[0];
        string title = $"{results.Name}: Espalier study";
        // The page may load nothing, and run nothing but its own script.
        string policy =
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; script-src '"
            + $"sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Script)))}'";
        Markup page = $"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="{policy}">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>{title}</title>
            <link rel="icon" href="data:,">
            <style>{Markup.Trusted(Style)}</style>
            </head>
            <body>
            <a class="skip" href="#main">Skip to the results</a>
            <header>
            <p class="kicker">Espalier study<span>{results.Name}</span></p>
            <h1>{Headline.Of(first.Findings)}</h1>
            <p class="evidence">{Headline.Evidence(first.Findings)}</p>
            <nav aria-label="Sections"><ul>{Contents(sections, results)}</ul></nav>
            </header>
            <main id="main">
            {sections.Select((s, i) => SettingSection.Write(s, i, sections.Count > 1))}
            {PointTable.Write([.. sections.Select(s => s.Findings)])}
            {StageTree.Write(results)}
            {Provenance.Write(results)}
            </main>
            <script type="application/json" id="measurements">{Markup.Trusted(
                Json(results.Records)
            )}</script>
            <script type="application/json" id="points">{Markup.Trusted(
                BudgetPoints.Json(sections)
            )}</script>
            <script>{Markup.Trusted(Script)}</script>
            </body>
            </html>

            """;
        return page.ToString();
    }

    /// <summary>
    /// As measurements.json holds them. The default encoder writes every &lt;, &gt; and &amp; as \u003C and so on, so
    /// nothing in it can end the script element.
    /// </summary>
    static string Json(IReadOnlyList<JsonElement> records)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream))
        {
            json.WriteStartArray();
            foreach (JsonElement record in records)
            {
                record.WriteTo(json);
            }

            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    static IEnumerable<Markup> Contents(IReadOnlyList<StudySection> sections, ReportInput results)
    {
        List<(string Id, string Title)> entries = [];
        for (int i = 0; i < sections.Count; i++)
        {
            string of = sections.Count > 1 ? $"{sections[i].Findings.Setting.Task}: " : "";
            entries.Add(($"curves-{i}", of + "tradeoff"));
            entries.Add(($"objective-{i}", of + "objective"));
            entries.Add(($"orders-{i}", of + "order of operators"));
            entries.Add(($"predicted-{i}", of + "prediction"));
        }

        entries.Add(("table", "all results"));
        if (results.Stages.Count > 0)
        {
            entries.Add(("stages", "stages"));
        }

        entries.Add(("machine", "machine and method"));
        return entries.Each(e => $"<li><a href=\"#{e.Id}\">{e.Title}</a></li>");
    }

    public static string Resource(string name)
    {
        using Stream stream = typeof(StudyPage).Assembly.GetManifestResourceStream(
            $"Espalier.Cli.Reports.Pages.{name}"
        )!;
        using StreamReader reader = new(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
